-- +goose Up
-- What was given up or cancelled is few, and what people look for: it is found
-- and counted without reading what was delivered. Rows come in only when they
-- end so. Counts leave tests out, and need no more than the index.
CREATE INDEX deliveries_missed ON deliveries (state, id, test) WHERE state IN ('exhausted', 'cancelled');
CREATE INDEX deliveries_missed_by_project ON deliveries (project_id, state, id, test) WHERE state IN ('exhausted', 'cancelled');
CREATE INDEX deliveries_missed_by_endpoint ON deliveries (endpoint_id, state, id, test) WHERE state IN ('exhausted', 'cancelled');

-- What is live in a project is found from its endpoints.
CREATE INDEX endpoint_queue_by_project ON endpoint_queue (project_id);

-- Statistics added up from endpoint_minute: minutes of projects and hours of
-- endpoints and projects; scope_id is the endpoint's, the project's, or all
-- zero for the whole installation. They hold what began before
-- stats_rolled.rolled_to; endpoint_minute has what came after, and the minutes
-- of endpoints back to folded_to.
CREATE TABLE stats_sum (
  scope_id BLOB NOT NULL,
  -- 60000 or 3600000 ms.
  width    INTEGER NOT NULL,
  start    INTEGER NOT NULL,
  cause    TEXT NOT NULL,
  n        INTEGER NOT NULL,
  b0 INTEGER NOT NULL, b1 INTEGER NOT NULL, b2 INTEGER NOT NULL, b3 INTEGER NOT NULL, b4 INTEGER NOT NULL, b5 INTEGER NOT NULL,
  b6 INTEGER NOT NULL, b7 INTEGER NOT NULL, b8 INTEGER NOT NULL, b9 INTEGER NOT NULL, b10 INTEGER NOT NULL, b11 INTEGER NOT NULL,
  b12 INTEGER NOT NULL, b13 INTEGER NOT NULL, b14 INTEGER NOT NULL, b15 INTEGER NOT NULL, b16 INTEGER NOT NULL,
  PRIMARY KEY (scope_id, width, start, cause)
) WITHOUT ROWID;
CREATE INDEX stats_sum_by_age ON stats_sum (width, start);

-- One row.
CREATE TABLE stats_rolled (
  rolled_to INTEGER NOT NULL,
  folded_to INTEGER NOT NULL
);
INSERT INTO stats_rolled (rolled_to, folded_to)
  SELECT 0, coalesce(max(minute) + 3600000, 0) FROM endpoint_minute WHERE node_id = zeroblob(16);

-- Hours stood in endpoint_minute before, under no node.
INSERT INTO stats_sum (scope_id, width, start, cause, n, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15, b16)
  SELECT endpoint_id, 3600000, minute, cause, sum(n), sum(b0), sum(b1), sum(b2), sum(b3), sum(b4), sum(b5), sum(b6), sum(b7), sum(b8), sum(b9), sum(b10), sum(b11), sum(b12), sum(b13), sum(b14), sum(b15), sum(b16)
  FROM endpoint_minute WHERE node_id = zeroblob(16) GROUP BY endpoint_id, minute, cause;
INSERT INTO stats_sum (scope_id, width, start, cause, n, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15, b16)
  SELECT project_id, 3600000, minute, cause, sum(n), sum(b0), sum(b1), sum(b2), sum(b3), sum(b4), sum(b5), sum(b6), sum(b7), sum(b8), sum(b9), sum(b10), sum(b11), sum(b12), sum(b13), sum(b14), sum(b15), sum(b16)
  FROM endpoint_minute WHERE node_id = zeroblob(16) GROUP BY project_id, minute, cause;
INSERT INTO stats_sum (scope_id, width, start, cause, n, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15, b16)
  SELECT zeroblob(16), 3600000, minute, cause, sum(n), sum(b0), sum(b1), sum(b2), sum(b3), sum(b4), sum(b5), sum(b6), sum(b7), sum(b8), sum(b9), sum(b10), sum(b11), sum(b12), sum(b13), sum(b14), sum(b15), sum(b16)
  FROM endpoint_minute WHERE node_id = zeroblob(16) GROUP BY minute, cause;
DELETE FROM endpoint_minute WHERE node_id = zeroblob(16);
