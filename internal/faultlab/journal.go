package faultlab

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// journal is what publishers and receivers saw.
type journal struct {
	mu       sync.Mutex // guards all, and what it points to until the run is over
	intents  []*intent
	requests []*request
}

// intent is one event that was to be published; it is written down before it
// is sent.
type intent struct {
	N       int
	Project string
	Topic   string
	Key     string `json:",omitempty"`
	Data    string
	Answers []answer
	project *project
	// repeats: it is published again though it was accepted.
	repeats bool
}

// answer is what one try came to.
type answer struct {
	Node     int
	Sent, At time.Time
	// Status is 0 where none came: the event may be stored or not.
	Status     int
	ID         string `json:",omitempty"`
	Deliveries int    `json:",omitempty"`
	Duplicate  bool   `json:",omitempty"`
	// RetryAfter: the header was there.
	RetryAfter bool   `json:",omitempty"`
	Error      string `json:",omitempty"`
}

// accepted is the id that the first 202 gave; empty for none.
func (i *intent) accepted() string {
	for _, a := range i.Answers {
		if a.Status == 202 {
			return a.ID
		}
	}
	return ""
}

// request is one request that a receiver saw.
type request struct {
	At       time.Time
	Path     string
	Event    string
	Delivery string
	Attempt  string
	Number   int
	Topic    string
	Data     string
	// Wrong says what is wrong with its signature or its time.
	Wrong string `json:",omitempty"`
	// Status is what was decided before answering, closed for a connection that
	// is ended without an answer; Answered is when it was written.
	Status   int
	Answered time.Time
	endpoint *endpoint
}

// closed stands for an answer that never comes.
const closed = -1

func newJournal() *journal { return &journal{} }

func (j *journal) intend(i *intent) {
	j.mu.Lock()
	defer j.mu.Unlock()
	i.N = len(j.intents) + 1
	j.intents = append(j.intents, i)
}

func (j *journal) answer(i *intent, a answer) {
	j.mu.Lock()
	defer j.mu.Unlock()
	i.Answers = append(i.Answers, a)
}

func (j *journal) saw(r *request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.requests = append(j.requests, r)
}

func (j *journal) answered(r *request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	r.Answered = time.Now()
}

// resumed is when a receiver first saw an event that was sent and accepted
// after a moment, by a node unless it is negative; zero for never.
func (j *journal) resumed(after time.Time, node int) time.Time {
	j.mu.Lock()
	defer j.mu.Unlock()
	fresh := map[string]bool{}
	for _, i := range j.intents {
		for _, a := range i.Answers {
			if a.Status == 202 && !a.Sent.Before(after) && (node < 0 || a.Node == node) {
				fresh[a.ID] = true
			}
		}
	}
	for _, r := range j.requests {
		if r.At.After(after) && fresh[r.Event] {
			return r.At
		}
	}
	return time.Time{}
}

// write leaves everything as lines of JSON.
func (j *journal) write(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("leave the journal: %w", err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	lines := json.NewEncoder(file)
	for _, i := range j.intents {
		err = errors.Join(err, lines.Encode(map[string]any{"intent": i}))
	}
	for _, r := range j.requests {
		err = errors.Join(err, lines.Encode(map[string]any{"request": r}))
	}
	return errors.Join(err, file.Close())
}

// refusedSince counts the requests that were sent since then and refused.
func (j *journal) refusedSince(since time.Time) (n int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, i := range j.intents {
		for _, a := range i.Answers {
			if a.Sent.After(since) && a.Status == 503 {
				n++
			}
		}
	}
	return n
}
