package main

import (
	"time"

	"github.com/a-h/templ"

	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/system"
)

func systemStories() map[string]teller {
	return map[string]teller{
		"system":      func(t string) templ.Component { return system.Show(oneNode(t)) },
		"system-many": func(t string) templ.Component { return system.Show(manyNodes(t)) },
	}
}

func oneNode(theme string) system.ShowModel {
	return system.ShowModel{
		Shell: shell(theme, "System"), State: component.Mark{Tone: component.Good, Text: "1 node alive"}, Host: "bell-1.nimbus.example",
		Nodes: []system.NodeRow{
			{ID: id(1), Name: "bell-1.nimbus.example", Version: "1.4.0", Here: true, Mark: component.Mark{Tone: component.Good, Text: "alive"}, Started: ago(26 * time.Hour), Heartbeat: ago(4 * time.Second), Sending: "0"},
		},
		Backlog: []component.Figure{
			{Label: "Endpoints with something due", Value: "0", Note: "as far as they may be sent to now"},
			{Label: "Oldest due", Value: "–", Note: "nothing waits to be sent"},
			{Label: "Wide events under way", Value: "0", Note: "their deliveries are made in steps"},
		},
		Pool: pool("1,024", "0", "0", "0"),
		Database: []component.Figure{
			{Label: "Kind", Value: "SQLite", Note: "3.51.2"}, {Label: "Size", Value: "118.4 MB", Note: "on 21 Nov 2026"},
			{Label: "Clock", Value: "09:56:48 UTC", Note: "this node's differs by < 1 ms"},
		},
	}
}

func pool(free, open, queued, unrecorded string) []component.Figure {
	return []component.Figure{
		{Label: "Slots free", Value: free, Note: "of 1,024"}, {Label: "Requests open", Value: open},
		{Label: "Queued", Value: queued, Note: "claimed, waiting for a worker"},
		{Label: "Unrecorded", Value: unrecorded, Note: "results on their way to the database"},
	}
}

func manyNodes(theme string) system.ShowModel {
	m := oneNode(theme)
	m.State = component.Mark{Tone: component.Bad, Text: "2 nodes are silent"}
	m.Nodes = append(m.Nodes,
		system.NodeRow{ID: id(2), Name: longName, Version: "1.4.0-rc.12+2026-11-21T09-56-48.f00dfeedf00dfeed", Mark: component.Mark{Tone: component.Bad, Text: "silent for 34 s"}, Started: ago(26 * time.Hour), Heartbeat: ago(34 * time.Second), Sending: "12,345", Note: "What it has in hand is taken over by the others as its leases end, the last in 11 s."},
		system.NodeRow{ID: id(3), Name: rtlName, Version: "1.4.0", Mark: component.Mark{Tone: component.Bad, Text: "silent for 1 min"}, Started: ago(90 * 24 * time.Hour), Heartbeat: ago(70 * time.Second), Sending: "3", Note: "Its leases are over: the others are taking its work over now."},
		system.NodeRow{ID: id(4), Name: "bell-4", Version: "1.3.9", Mark: component.Mark{Tone: component.Unknown, Text: "lost, silent for 5 h"}, Started: ago(90 * 24 * time.Hour), Heartbeat: ago(5 * time.Hour), Sending: "0", Note: "Its work was taken over: it has nothing in hand any more. If it comes back it goes on as before."},
	)
	m.Backlog = []component.Figure{
		{Label: "Endpoints with something due", Value: "98,760", Note: "as far as they may be sent to now"},
		{Label: "Oldest due", Value: "41 s", Note: "since the first of them could go"},
		{Label: "Wide events under way", Value: "2", Note: "61,000 deliveries made so far"},
	}
	m.Pool = pool("128", "512", "384", "1,980")
	m.Database = []component.Figure{
		{Label: "Kind", Value: "PostgreSQL", Note: "15.14"}, {Label: "Size", Value: "214.7 GB", Note: "on 21 Nov 2026"},
		{Label: "Clock", Value: "09:56:48 UTC", Note: "this node's differs by 2 min: receivers may refuse what it signs. Set the clocks.", Tone: component.Bad},
	}
	return m
}
