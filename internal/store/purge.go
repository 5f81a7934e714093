package store

// purgeChores remove, step by step, what projects that were deleted held; the
// project's row goes last. A delivery that is out is left until its result or
// the end of its lease. Audit entries stay.
func purgeChores() []chore {
	// gone names what is of deleted projects, by the column that says whose it is.
	gone := func(columns, whose string) string {
		return "(SELECT " + columns + " FROM projects p CROSS JOIN " + whose + " = p.id AND p.deleted_at <> 0"
	}
	const statistic = "m.scope_id, m.width, m.start, m.cause"
	deliveries := gone("d.id", "deliveries d WHERE d.project_id") + " AND d.state <> 'sending' ORDER BY d.id LIMIT ?)"
	return []chore{
		simple("fan-outs of deleted projects", "DELETE FROM fanouts WHERE event_id IN "+
			gone("f.event_id", "events e CROSS JOIN fanouts f WHERE f.event_id = e.id AND e.project_id")+" LIMIT ?)", houseStep),
		{"deliveries of deleted projects", []statement{
			{"DELETE FROM attempts WHERE delivery_id IN " + deliveries, []any{houseStep}},
			{"DELETE FROM deliveries WHERE id IN " + deliveries +
				" AND state <> 'sending' AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.delivery_id = deliveries.id)", []any{houseStep}},
		}},
		simple("search values of deleted projects", "DELETE FROM event_search WHERE (project_id, value, event_id) IN "+
			gone("v.project_id, v.value, v.event_id", "event_search v WHERE v.project_id")+" LIMIT ?)", houseStep),
		simple("events of deleted projects", "DELETE FROM events WHERE id IN "+
			gone("e.id", "events e WHERE e.project_id")+" AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.event_id = e.id) LIMIT ?)", houseStep),
		simple("idempotency keys of deleted projects", "DELETE FROM idempotency WHERE (project_id, key) IN "+
			gone("i.project_id, i.key", "idempotency i WHERE i.project_id")+" LIMIT ?)", houseStep),
		simple("products of deleted projects", "DELETE FROM products WHERE (project_id, product_id) IN "+
			gone("i.project_id, i.product_id", "products i WHERE i.project_id")+" LIMIT ?)", houseStep),
		simple("statistics of deleted projects", "DELETE FROM endpoint_minute WHERE (endpoint_id, minute, node_id, cause) IN "+
			gone("m.endpoint_id, m.minute, m.node_id, m.cause", "endpoint_minute m WHERE m.project_id")+" LIMIT ?)", houseStep),
		simple("hours of deleted projects' endpoints", "DELETE FROM stats_sum WHERE (scope_id, width, start, cause) IN "+
			gone(statistic, "endpoints e CROSS JOIN stats_sum m WHERE m.scope_id = e.id AND e.project_id")+" LIMIT ?)", houseStep),
		simple("sums of deleted projects", "DELETE FROM stats_sum WHERE (scope_id, width, start, cause) IN "+
			gone(statistic, "stats_sum m WHERE m.scope_id")+" LIMIT ?)", houseStep),
		simple("versions of deleted projects' prompts", "DELETE FROM prompt_versions WHERE id IN "+
			gone("v.id", "prompts r CROSS JOIN prompt_versions v WHERE v.prompt_id = r.id AND r.project_id")+" LIMIT ?)", houseStep),
		simple("prompts of deleted projects", "DELETE FROM prompts WHERE id IN "+
			gone("r.id", "prompts r WHERE r.project_id")+" AND NOT EXISTS (SELECT 1 FROM prompt_versions v WHERE v.prompt_id = r.id) LIMIT ?)", houseStep),
		// Versions and secrets go with the endpoint.
		simple("endpoints of deleted projects", "DELETE FROM endpoints WHERE id IN "+
			gone("e.id", "endpoints e WHERE e.project_id")+" AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.endpoint_id = e.id) LIMIT ?)", houseStep),
		simple("queue rows of deleted projects", `DELETE FROM endpoint_queue WHERE project_id IN (SELECT p.id FROM projects p WHERE p.deleted_at <> 0)
 AND NOT EXISTS (SELECT 1 FROM endpoints e WHERE e.id = endpoint_queue.endpoint_id)`),
		simple("deleted projects", `DELETE FROM projects WHERE deleted_at <> 0 AND NOT EXISTS (SELECT 1 FROM endpoints e WHERE e.project_id = projects.id)
 AND NOT EXISTS (SELECT 1 FROM events e WHERE e.project_id = projects.id)
 AND NOT EXISTS (SELECT 1 FROM prompts r WHERE r.project_id = projects.id)
 AND NOT EXISTS (SELECT 1 FROM products i WHERE i.project_id = projects.id)`),
	}
}
