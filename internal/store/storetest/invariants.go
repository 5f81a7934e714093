package storetest

// invariants hold after every transaction; each query counts what breaks one.
var invariants = []struct{ what, sql string }{
	{"endpoints without a queue row", `SELECT count(*) FROM endpoints e WHERE NOT EXISTS (SELECT 1 FROM endpoint_queue q WHERE q.endpoint_id = e.id)`},
	{"queue rows that don't know whether they are paused", `SELECT count(*) FROM endpoint_queue q JOIN endpoints e ON e.id = q.endpoint_id JOIN projects p ON p.id = e.project_id
 WHERE q.paused <> (e.state = 'paused' OR e.deleted_at <> 0 OR p.suspended_at <> 0 OR p.deleted_at <> 0)`},
	{"free deliveries due before their endpoint's head", `SELECT count(*) FROM deliveries d JOIN endpoint_queue q ON q.endpoint_id = d.endpoint_id
 WHERE d.state = 'waiting' AND NOT d.ordered AND NOT d.test AND q.next_due_at > d.due_at`},
	{"lines that may go before their endpoint's head", `SELECT count(*) FROM deliveries d JOIN endpoint_queue q ON q.endpoint_id = d.endpoint_id
 WHERE d.ordered AND d.state = 'waiting' AND q.line_due_at > d.due_at
 AND NOT EXISTS (SELECT 1 FROM deliveries o WHERE o.endpoint_id = d.endpoint_id AND o.ordered AND o.state = 'sending')
 AND NOT EXISTS (SELECT 1 FROM deliveries o WHERE o.endpoint_id = d.endpoint_id AND o.ordered AND o.state = 'waiting' AND o.seq < d.seq)`},
	{"endpoints with two of their line out", `SELECT count(*) FROM (SELECT endpoint_id FROM deliveries WHERE ordered AND state = 'sending' GROUP BY endpoint_id HAVING count(*) > 1) x`},
	{"endpoints over their own limit", `SELECT count(*) FROM (SELECT d.endpoint_id FROM deliveries d JOIN endpoints e ON e.id = d.endpoint_id
 WHERE d.state = 'sending' AND NOT d.test AND NOT d.ordered AND e.max_in_flight > 0 GROUP BY d.endpoint_id, e.max_in_flight HAVING count(*) > e.max_in_flight) x`},
	{"sending deliveries without a claim", `SELECT count(*) FROM deliveries WHERE state = 'sending' AND (attempt_id IS NULL OR lease_until = 0 OR attempts = 0)`},
	{"deliveries with a lease that are not sending", `SELECT count(*) FROM deliveries WHERE state <> 'sending' AND lease_until <> 0`},
	{"ended deliveries without an end, or others with one", `SELECT count(*) FROM deliveries WHERE (state IN ('waiting', 'sending')) <> (ended_at = 0)`},
	{"deliveries whose log misses an attempt or has one too many", `SELECT count(*) FROM deliveries d
 WHERE (SELECT count(*) FROM attempts a WHERE a.delivery_id = d.id) <> d.attempts -
 CASE WHEN d.attempt_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.id = d.attempt_id) THEN 1 ELSE 0 END`},
	{"deliveries whose claim is in the log already, or not in it though it is over", `SELECT count(*) FROM deliveries d WHERE d.attempt_id IS NOT NULL
 AND CASE WHEN EXISTS (SELECT 1 FROM attempts a WHERE a.id = d.attempt_id) THEN d.state = 'sending' ELSE d.state NOT IN ('sending', 'delivered') END`},
	{"attempts under one number", `SELECT count(*) FROM (SELECT delivery_id FROM attempts GROUP BY delivery_id, number HAVING count(*) > 1) x`},
	{"delivered deliveries without a success in the log", `SELECT count(*) FROM deliveries d WHERE d.state = 'delivered'
 AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.delivery_id = d.id AND a.outcome = 'delivered')`},
	{"deliveries without their event", `SELECT count(*) FROM deliveries d WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.id = d.event_id)`},
}

// CheckInvariants fails the test if the queue contradicts the deliveries.
func (h *Harness) CheckInvariants(after string) {
	h.T.Helper()
	for _, i := range invariants {
		if n := h.Number("%s", i.sql); n != 0 {
			h.T.Fatalf("after %s: %d %s", after, n, i.what)
		}
	}
}
