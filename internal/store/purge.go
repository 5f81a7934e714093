package store

// purgeChores remove, step by step, what projects that were deleted held; the
// project's row goes last. A delivery that is out is left until its result or
// the end of its lease. Audit entries stay.
func purgeChores() []chore {
	const gone = " FROM projects p JOIN "
	return []chore{
		{"fan-outs of deleted projects", "DELETE FROM fanouts WHERE event_id IN (SELECT f.event_id" + gone +
			"events e ON e.project_id = p.id JOIN fanouts f ON f.event_id = e.id WHERE p.deleted_at <> 0 LIMIT ?)", []any{houseStep}},
		{"attempts of deleted projects", "DELETE FROM attempts WHERE id IN (SELECT a.id" + gone +
			`deliveries d ON d.project_id = p.id JOIN attempts a ON a.delivery_id = d.id WHERE p.deleted_at <> 0 AND d.state <> 'sending' LIMIT ?)`, []any{houseStep}},
		{"deliveries of deleted projects", "DELETE FROM deliveries WHERE id IN (SELECT d.id" + gone +
			`deliveries d ON d.project_id = p.id WHERE p.deleted_at <> 0 AND d.state <> 'sending'
 AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.delivery_id = d.id) LIMIT ?) AND state <> 'sending'`, []any{houseStep}},
		{"search values of deleted projects", "DELETE FROM event_search WHERE (project_id, value, event_id) IN (SELECT v.project_id, v.value, v.event_id" + gone +
			"event_search v ON v.project_id = p.id WHERE p.deleted_at <> 0 LIMIT ?)", []any{houseStep}},
		{"events of deleted projects", "DELETE FROM events WHERE id IN (SELECT e.id" + gone +
			`events e ON e.project_id = p.id WHERE p.deleted_at <> 0 AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.event_id = e.id) LIMIT ?)`, []any{houseStep}},
		{"idempotency keys of deleted projects", "DELETE FROM idempotency WHERE (project_id, key) IN (SELECT i.project_id, i.key" + gone +
			"idempotency i ON i.project_id = p.id WHERE p.deleted_at <> 0 LIMIT ?)", []any{houseStep}},
		{"statistics of deleted projects", "DELETE FROM endpoint_minute WHERE (endpoint_id, minute, node_id, cause) IN (SELECT m.endpoint_id, m.minute, m.node_id, m.cause" + gone +
			"endpoint_minute m ON m.project_id = p.id WHERE p.deleted_at <> 0 LIMIT ?)", []any{houseStep}},
		{"hours of deleted projects' endpoints", "DELETE FROM stats_sum WHERE (scope_id, width, start, cause) IN (SELECT m.scope_id, m.width, m.start, m.cause" + gone +
			"endpoints e ON e.project_id = p.id JOIN stats_sum m ON m.scope_id = e.id WHERE p.deleted_at <> 0 LIMIT ?)", []any{houseStep}},
		{"sums of deleted projects", "DELETE FROM stats_sum WHERE (scope_id, width, start, cause) IN (SELECT m.scope_id, m.width, m.start, m.cause" + gone +
			"stats_sum m ON m.scope_id = p.id WHERE p.deleted_at <> 0 LIMIT ?)", []any{houseStep}},
		// Versions and secrets go with the endpoint.
		{"endpoints of deleted projects", "DELETE FROM endpoints WHERE id IN (SELECT e.id" + gone +
			`endpoints e ON e.project_id = p.id WHERE p.deleted_at <> 0 AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.endpoint_id = e.id) LIMIT ?)`, []any{houseStep}},
		{"queue rows of deleted projects", `DELETE FROM endpoint_queue WHERE project_id IN (SELECT p.id FROM projects p WHERE p.deleted_at <> 0)
 AND NOT EXISTS (SELECT 1 FROM endpoints e WHERE e.id = endpoint_queue.endpoint_id)`, nil},
		{"deleted projects", `DELETE FROM projects WHERE deleted_at <> 0 AND NOT EXISTS (SELECT 1 FROM endpoints e WHERE e.project_id = projects.id)
 AND NOT EXISTS (SELECT 1 FROM events e WHERE e.project_id = projects.id)`, nil},
	}
}
