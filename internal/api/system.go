package api

import (
	"context"
	"net/http"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
)

// System is the installation at a moment.
type System struct {
	Nodes    []Node   `json:"nodes" doc:"Server processes that were heard of in the last day, the oldest first; one that ends in good order is left out at once"`
	Pool     Pool     `json:"pool" doc:"How busy the node is that answers"`
	Backlog  Backlog  `json:"backlog"`
	Database Database `json:"database"`
}

// Node is one server process.
type Node struct {
	ID          string `json:"id" format:"uuid"`
	Name        string `json:"name" doc:"Its host"`
	Version     string `json:"version"`
	State       string `json:"state" enum:"alive,silent,lost" doc:"silent: not heard of for 30 s. lost: for longer than any lease, and others have taken over what it had in hand"`
	Answering   bool   `json:"answering" doc:"Whether it is the node that answers"`
	StartedAt   string `json:"startedAt" format:"date-time"`
	HeartbeatAt string `json:"heartbeatAt" format:"date-time"`
	Sending     int64  `json:"sending" doc:"Deliveries that are leased to it"`
	LeasedUntil string `json:"leasedUntil,omitempty" format:"date-time" doc:"When the last of those leases ends, by the database's clock"`
}

// Pool is how busy a node's dispatcher is.
type Pool struct {
	Slots      int `json:"slots"`
	Free       int `json:"free"`
	Running    int `json:"running" doc:"Requests that are open"`
	Queued     int `json:"queued" doc:"Claimed deliveries that wait for a worker"`
	Unrecorded int `json:"unrecorded" doc:"Results that are not in the database yet"`
}

// Backlog is how much the queue has to do.
type Backlog struct {
	Endpoints int64   `json:"endpoints" doc:"How many have something that may go now"`
	OldestS   float64 `json:"oldestSeconds" doc:"For how long the first of them has been ready"`
	Wide      int64   `json:"wideEvents" doc:"Events whose deliveries are still being made, in steps"`
	Made      int64   `json:"wideDeliveries" doc:"Deliveries of those events that are made"`
}

// Database is what keeps everything.
type Database struct {
	Kind    string `json:"kind" enum:"sqlite,postgres"`
	Version string `json:"version"`
	Size    int64  `json:"sizeBytes"`
	Now     string `json:"now" format:"date-time" doc:"Its clock, by which leases live"`
	AheadMS int64  `json:"nodeAheadMs" doc:"How far the clock of the node that answers is ahead of it"`
}

func systemShape(s manage.System) System {
	return System{
		Nodes: each(s.Nodes, func(n webhook.Node) Node {
			return Node{
				ID: n.ID.String(), Name: n.Name, Version: n.Version, State: string(n.StateAt(s.Now)), Answering: n.ID == s.Self,
				StartedAt: stamp(n.StartedAt), HeartbeatAt: stamp(n.HeartbeatAt), Sending: n.Sending, LeasedUntil: stamp(n.LeasedUntil),
			}
		}),
		Pool:     Pool(s.Pool),
		Backlog:  Backlog{s.Backlog.Ready, s.Backlog.Oldest.Round(time.Millisecond).Seconds(), s.Backlog.Wide, s.Backlog.Made},
		Database: Database{s.Database.Kind, s.Database.Version, s.Database.Size, stamp(s.Now), s.Ahead.Milliseconds()},
	}
}

func (a *API) systemCalls() {
	add(a, Call{Method: http.MethodGet, Path: "/system", ID: "get-system", Group: reportGroup, May: account.ViewSystem,
		Summary: "Nodes, backlog and database", Text: "How the installation is at this moment."}, a.getSystem)
}

func (a *API) getSystem(ctx context.Context, caller account.Caller, _ *struct{}) (*answer[System], error) {
	found, err := a.manage.System(ctx, caller)
	return answering(systemShape(found), err)
}
