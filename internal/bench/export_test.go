package bench

// Asked are the routes that the pages' table asks for.
func Asked() map[string]bool {
	s := sample{deliveries: map[string]string{}}
	for _, state := range states {
		s.deliveries[state] = "id"
	}
	routes := map[string]bool{}
	for _, v := range (world{}).visits(s) {
		routes[v.route] = true
	}
	return routes
}

// Quantile is what percentiles are made with.
var Quantile = quantile

// ServerTiming reads the header.
var ServerTiming = serverTiming
