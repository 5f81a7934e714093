package sender

// KeptBytes is how much the kept bodies weigh.
func (s *Sender) KeptBytes() int {
	s.bodies.mu.Lock()
	defer s.bodies.mu.Unlock()
	return s.bodies.size
}
