package webhook

import "time"

// Standing is how one endpoint is doing, in as much as thousands of them are
// sorted by. Of the endpoint's settings it has name, URL and kind only.
type Standing struct {
	Endpoint
	// Delivered and Failed count attempts since the time that was asked for.
	Delivered int64
	Failed    int64
	// GivenUp counts the deliveries that were given up since, among the latest
	// of the project that were.
	GivenUp int64
}

// Tally sums up how a project's endpoints stand.
type Tally struct {
	Endpoints int64
	// Failing failed as often in a row as was asked for, Stopped were paused by
	// a rule.
	Failing int64
	Stopped int64
}

// Subscription is what an endpoint takes.
type Subscription struct {
	ID     EndpointID
	Name   string
	State  EndpointState
	Topics []string
}

// Backlog is what waits for one endpoint, held deliveries included, tests left
// out.
type Backlog struct {
	// Waiting counts up to the bound that was asked for.
	Waiting int64
	// Oldest is when the oldest of those was made; zero if nothing waits.
	Oldest time.Time
}
