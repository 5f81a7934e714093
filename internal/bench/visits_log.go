package bench

import "net/http"

// logOf are pages of single deliveries and events, and older pages of lists.
func (w world) logOf(s sample) []visit {
	at := "/p/" + w.Busy.ID
	list := []visit{
		{route: "/p/:project/events/:event", name: "a few deliveries", who: admin, path: "/p/" + w.Filled.NarrowIn.String() + "/events/" + w.Filled.Narrow.String()},
		{route: "/p/:project/events/:event", name: "the widest", who: developer, path: "/p/" + w.Filled.WidestIn.String() + "/events/" + w.Filled.Widest.String()},
		{route: "/p/:project/events/:event", name: "the widest, as support", who: support, path: "/p/" + w.Filled.WidestIn.String() + "/events/" + w.Filled.Widest.String()},
		{route: "/p/:project/events/:event/data", name: "the widest", who: developer, path: "/p/" + w.Filled.WidestIn.String() + "/events/" + w.Filled.Widest.String() + "/data"},
		{route: "/p/:project/events/new", name: "from the widest", who: developer, path: "/p/" + w.Filled.WidestIn.String() + "/events/new?from=" + w.Filled.Widest.String()},
		{route: "/p/:project/search", name: "an attempt", who: developer, path: at + "/search?q=" + s.attempt, want: http.StatusSeeOther},
		{route: "/p/:project/search", name: "an event", who: developer, path: "/p/" + w.Filled.WidestIn.String() + "/search?q=" + w.Filled.Widest.String(), want: http.StatusSeeOther},
		{route: "/p/:project/deliveries", name: "by an attempt", who: developer, path: at + "/deliveries?q=" + s.attempt},
		{route: "/p/:project/deliveries", name: "by an endpoint", who: developer, path: at + "/deliveries?q=" + w.Busy.Heavy},
		{route: "/p/:project/deliveries", name: "by an id that is not there", who: developer, path: at + "/deliveries?q=00000000-0000-7000-8000-000000000000"},
	}
	for state, id := range s.deliveries {
		for _, p := range []person{developer, admin, support} {
			list = append(list, visit{route: "/p/:project/deliveries/:delivery", name: state + ", as " + string(p), who: p, path: at + "/deliveries/" + id})
		}
		list = append(list, visit{route: "/p/:project/deliveries/:delivery", name: state + ", first attempt", who: developer, path: at + "/deliveries/" + id + "?attempt=1"})
		list = append(list, visit{route: "/p/:project/search", name: "a delivery, " + state, who: developer, path: at + "/search?q=" + id, want: http.StatusSeeOther})
	}
	for _, side := range []string{"request", "response"} {
		list = append(list, visit{route: "/p/:project/deliveries/:delivery/body", name: side, who: developer, path: at + "/deliveries/" + s.deliveries["delivered"] + "/body?attempt=1&side=" + side})
	}
	for which, cursors := range map[string]map[string]string{"second page": s.second, "tenth page": s.tenth} {
		for name, query := range map[string]string{"deliveries": "?", "exhausted": "?state=exhausted&", "heavy": "?endpoint=" + w.Busy.Heavy + "&"} {
			list = append(list, visit{route: "/p/:project/deliveries", name: name + ", " + which, who: developer, path: at + "/deliveries" + query + "cursor=" + cursors[name]})
		}
		list = append(list, visit{route: "/p/:project/events", name: which, who: developer, path: at + "/events?cursor=" + cursors["events"]},
			visit{route: "/p/:project/audit", name: which, who: developer, path: at + "/audit?cursor=" + cursors["audit"]})
	}
	return list
}

// auditOf are combinations of the audit log's filters, and its export.
func auditOf(t tenant, name string) []visit {
	at := "/p/" + t.ID
	var list []visit
	for what, query := range map[string]string{
		"all": "", "a common action": "?action=endpoint", "a rare action": "?action=project.created", "nobody's action": "?action=member.removed",
		"by the system": "?actor=system", "of a person who did nothing": "?actor=user:00000000-0000-7000-8000-000000000000",
		"of an endpoint": "?endpoint=" + t.Heavy, "last hour": "?range=1h", "last 7 days": "?range=7d", "everything at once": "?action=key.created&actor=system&range=7d",
	} {
		list = append(list, visit{route: "/p/:project/audit", name: name + ", " + what, who: developer, path: at + "/audit" + query})
	}
	return append(list,
		visit{route: "/p/:project/audit.csv", name: name, who: developer, path: at + "/audit.csv"},
		visit{route: "/p/:project/audit.csv", name: name + ", a rare action", who: developer, path: at + "/audit.csv?action=project.created"})
}
