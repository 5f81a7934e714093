-- +goose Up
-- Times are Unix milliseconds UTC, 0 for "never" or "none". Ids are UUIDv7,
-- NULL for "none". Payloads, bodies and header dumps are bytes: receivers send
-- NUL and broken UTF-8. The columns are the same in both dialects.

CREATE TABLE instance (
  key   TEXT PRIMARY KEY NOT NULL,
  value BLOB NOT NULL
);

CREATE TABLE users (
  id            BLOB PRIMARY KEY NOT NULL,
  email         TEXT NOT NULL,
  name          TEXT NOT NULL DEFAULT '',
  role          TEXT NOT NULL,
  password_hash TEXT NOT NULL DEFAULT '',
  created_at    INTEGER NOT NULL,
  last_seen_at  INTEGER NOT NULL DEFAULT 0,
  disabled_at   INTEGER NOT NULL DEFAULT 0,
  totp_sealed   BLOB,
  totp_step     INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX users_by_email ON users (lower(email));

CREATE TABLE sessions (
  token_hash   BLOB PRIMARY KEY NOT NULL,
  user_id      BLOB,
  data         BLOB NOT NULL,
  created_at   INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL,
  expires_at   INTEGER NOT NULL,
  addr         TEXT NOT NULL DEFAULT '',
  agent        TEXT NOT NULL DEFAULT ''
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE projects (
  id           BLOB PRIMARY KEY NOT NULL,
  name         TEXT NOT NULL,
  external_id  TEXT NOT NULL DEFAULT '',
  created_at   INTEGER NOT NULL,
  suspended_at INTEGER NOT NULL DEFAULT 0,
  -- Counts every change of the project's endpoints and of its suspension.
  catalogue    INTEGER NOT NULL DEFAULT 1,
  -- Set while its rows are being deleted in small batches; it is gone for all.
  deleted_at   INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX projects_by_external_id ON projects (external_id) WHERE external_id <> '' AND deleted_at = 0;

CREATE TABLE members (
  project_id BLOB NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  user_id    BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  role       TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (project_id, user_id)
);
CREATE INDEX members_by_user ON members (user_id);

CREATE TABLE links (
  id         BLOB PRIMARY KEY NOT NULL,
  kind       TEXT NOT NULL,
  hash       BLOB NOT NULL UNIQUE,
  project_id BLOB,
  email      TEXT NOT NULL DEFAULT '',
  role       TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL DEFAULT 0,
  expires_at INTEGER NOT NULL,
  used_at    INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX links_by_expiry ON links (expires_at);

CREATE TABLE keys (
  id              BLOB PRIMARY KEY NOT NULL,
  project_id      BLOB,
  name            TEXT NOT NULL DEFAULT '',
  -- Words joined by commas.
  scopes          TEXT NOT NULL,
  hash            BLOB NOT NULL UNIQUE,
  created_by_type TEXT NOT NULL DEFAULT '',
  created_by_id   BLOB,
  created_by_name TEXT NOT NULL DEFAULT '',
  created_at      INTEGER NOT NULL,
  last_used_at    INTEGER NOT NULL DEFAULT 0,
  revoked_at      INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX keys_by_project ON keys (project_id, id);

CREATE TABLE topics (
  name        TEXT PRIMARY KEY NOT NULL,
  grp         TEXT NOT NULL,
  description TEXT NOT NULL DEFAULT '',
  schema      BLOB,
  warn_only   INTEGER NOT NULL DEFAULT 0,
  example     BLOB,
  -- Member names joined by line feeds.
  search_keys TEXT NOT NULL DEFAULT '',
  shipped     INTEGER NOT NULL DEFAULT 0,
  deprecated  INTEGER NOT NULL DEFAULT 0,
  created_at  INTEGER NOT NULL
);

CREATE TABLE endpoints (
  id                   BLOB PRIMARY KEY NOT NULL,
  project_id           BLOB NOT NULL REFERENCES projects (id),
  version              INTEGER NOT NULL,
  -- The settings of that version, JSON; the columns after it are copies for
  -- lists and for the queue.
  settings             BLOB NOT NULL,
  name                 TEXT NOT NULL DEFAULT '',
  kind                 TEXT NOT NULL,
  url                  TEXT NOT NULL DEFAULT '',
  timeout_ms           INTEGER NOT NULL,
  max_in_flight        INTEGER NOT NULL DEFAULT 0,
  rate_per_second      REAL NOT NULL DEFAULT 0,
  ordered              INTEGER NOT NULL DEFAULT 0,
  state                TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused')),
  paused_because       TEXT NOT NULL DEFAULT '',
  paused_at            INTEGER NOT NULL DEFAULT 0,
  not_before           INTEGER NOT NULL DEFAULT 0,
  consecutive_failures INTEGER NOT NULL DEFAULT 0,
  last_success_at      INTEGER NOT NULL DEFAULT 0,
  last_failure_at      INTEGER NOT NULL DEFAULT 0,
  failing_since        INTEGER NOT NULL DEFAULT 0,
  created_at           INTEGER NOT NULL,
  updated_at           INTEGER NOT NULL,
  deleted_at           INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX endpoints_by_project ON endpoints (project_id, id);

CREATE TABLE endpoint_versions (
  endpoint_id BLOB NOT NULL REFERENCES endpoints (id) ON DELETE CASCADE,
  version     INTEGER NOT NULL,
  settings    BLOB NOT NULL,
  created_at  INTEGER NOT NULL,
  PRIMARY KEY (endpoint_id, version)
);

CREATE TABLE secrets (
  id          BLOB PRIMARY KEY NOT NULL,
  endpoint_id BLOB NOT NULL REFERENCES endpoints (id) ON DELETE CASCADE,
  -- NULL once wiped.
  sealed      BLOB,
  created_at  INTEGER NOT NULL,
  active_from INTEGER NOT NULL DEFAULT 0,
  expires_at  INTEGER NOT NULL DEFAULT 0,
  grace_ms    INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX secrets_by_endpoint ON secrets (endpoint_id, id);

CREATE TABLE events (
  id                BLOB NOT NULL UNIQUE,
  seq               INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  -- NULL for audience "all".
  project_id        BLOB,
  audience          TEXT NOT NULL,
  topic             TEXT NOT NULL,
  -- NULL once expunged.
  data              BLOB,
  occurred_at       INTEGER NOT NULL,
  accepted_at       INTEGER NOT NULL,
  published_by_type TEXT NOT NULL DEFAULT '',
  published_by_id   BLOB,
  published_by_name TEXT NOT NULL DEFAULT '',
  hop               INTEGER NOT NULL DEFAULT 0,
  idempotency_key   TEXT NOT NULL DEFAULT '',
  deliveries        INTEGER NOT NULL DEFAULT 0,
  fan_out           INTEGER NOT NULL DEFAULT 0,
  -- The values of the topic's search keys, a JSON array; empty for none.
  search            TEXT NOT NULL DEFAULT '',
  expunged_at       INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX events_by_project ON events (project_id, id);

CREATE TABLE event_search (
  -- All zero for events of audience "all".
  project_id BLOB NOT NULL,
  value      TEXT NOT NULL,
  event_id   BLOB NOT NULL,
  PRIMARY KEY (project_id, value, event_id)
);
CREATE INDEX event_search_by_event ON event_search (event_id);

CREATE TABLE idempotency (
  -- All zero for keys of the instance.
  project_id  BLOB NOT NULL,
  key         TEXT NOT NULL,
  fingerprint BLOB NOT NULL,
  event_id    BLOB NOT NULL,
  deliveries  INTEGER NOT NULL,
  fan_out     INTEGER NOT NULL,
  created_at  INTEGER NOT NULL,
  PRIMARY KEY (project_id, key)
);
CREATE INDEX idempotency_by_age ON idempotency (created_at);

-- The deliveries are the queue. Of the live ones, "ordered" rows stand in
-- their endpoint's line (oldest seq first, one at a time); the others are free
-- and go by due time. Resends and tests are never ordered.
CREATE TABLE deliveries (
  id                BLOB PRIMARY KEY NOT NULL,
  project_id        BLOB NOT NULL,
  event_id          BLOB NOT NULL,
  endpoint_id       BLOB NOT NULL,
  endpoint_version  INTEGER NOT NULL,
  topic             TEXT NOT NULL,
  seq               INTEGER NOT NULL,
  state             TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'delivered', 'exhausted', 'cancelled')),
  ordered           INTEGER NOT NULL DEFAULT 0,
  test              INTEGER NOT NULL DEFAULT 0,
  due_at            INTEGER NOT NULL,
  attempts          INTEGER NOT NULL DEFAULT 0,
  failures          INTEGER NOT NULL DEFAULT 0,
  unknowns          INTEGER NOT NULL DEFAULT 0,
  -- The present or latest claim; results are fenced by attempt_id.
  attempt_id        BLOB,
  node_id           BLOB,
  lease_until       INTEGER NOT NULL DEFAULT 0,
  created_at        INTEGER NOT NULL,
  ended_at          INTEGER NOT NULL DEFAULT 0,
  resend_of         BLOB,
  requested_by_type TEXT NOT NULL DEFAULT '',
  requested_by_id   BLOB,
  requested_by_name TEXT NOT NULL DEFAULT '',
  reason            TEXT NOT NULL DEFAULT '',
  last_status       INTEGER NOT NULL DEFAULT 0,
  last_cause        TEXT NOT NULL DEFAULT '',
  last_duration_ms  INTEGER NOT NULL DEFAULT 0,
  last_attempt_at   INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX deliveries_waiting ON deliveries (endpoint_id, due_at, seq) WHERE state = 'waiting' AND NOT ordered AND NOT test;
CREATE INDEX deliveries_line ON deliveries (endpoint_id, seq) WHERE ordered AND state IN ('waiting', 'sending');
CREATE INDEX deliveries_sending ON deliveries (endpoint_id, lease_until) WHERE state = 'sending';
CREATE INDEX deliveries_by_project ON deliveries (project_id, id);
CREATE INDEX deliveries_by_endpoint ON deliveries (endpoint_id, id);
CREATE INDEX deliveries_by_event ON deliveries (event_id, project_id);

-- One small row per endpoint: what a claim needs to know to pick endpoints
-- without looking at rows that may not go. 9223372036854775807 is "never".
CREATE TABLE endpoint_queue (
  -- No foreign key: its check would lock endpoints under a claim.
  endpoint_id  BLOB PRIMARY KEY NOT NULL,
  project_id   BLOB NOT NULL,
  -- Paused or deleted, or the project suspended.
  paused       INTEGER NOT NULL DEFAULT 0,
  -- No later than the earliest due time of its free waiting rows.
  next_due_at  INTEGER NOT NULL DEFAULT 9223372036854775807,
  -- No later than when the head of its line may go; never while one is out.
  line_due_at  INTEGER NOT NULL DEFAULT 9223372036854775807,
  -- The receiver's Retry-After.
  not_before   INTEGER NOT NULL DEFAULT 0,
  -- Its place in the turn: when it was last served, or when to look again at
  -- one that has all its requests out.
  turn_at      INTEGER NOT NULL DEFAULT 0,
  -- The rate clock (GCRA's theoretical arrival time), microseconds.
  rate_tat     INTEGER NOT NULL DEFAULT 0,
  -- A resumed endpoint's backlog, due before drain_before, goes at this rate.
  drain_rate   REAL NOT NULL DEFAULT 0,
  drain_before INTEGER NOT NULL DEFAULT 0,
  -- More retries are to be made due after a recovery.
  catching_up  INTEGER NOT NULL DEFAULT 0,
  ready_at     INTEGER NOT NULL GENERATED ALWAYS AS (
    CASE WHEN paused OR min(next_due_at, line_due_at) = 9223372036854775807 THEN 9223372036854775807
    ELSE max(min(next_due_at, line_due_at), not_before, turn_at, rate_tat / 1000 - 100) END) STORED
);
CREATE INDEX endpoint_queue_ready ON endpoint_queue (ready_at) WHERE ready_at < 9223372036854775807;

CREATE TABLE attempts (
  id               BLOB NOT NULL PRIMARY KEY,
  delivery_id      BLOB NOT NULL,
  number           INTEGER NOT NULL,
  started_at       INTEGER NOT NULL,
  duration_us      INTEGER NOT NULL,
  dns_us           INTEGER NOT NULL,
  connect_us       INTEGER NOT NULL,
  tls_us           INTEGER NOT NULL,
  first_byte_us    INTEGER NOT NULL,
  outcome          TEXT NOT NULL,
  cause            TEXT NOT NULL,
  error            TEXT NOT NULL,
  endpoint_version INTEGER NOT NULL,
  secret_id        BLOB,
  method           TEXT NOT NULL,
  url              TEXT NOT NULL,
  -- Header dumps: "Name: value" lines.
  request_headers  BLOB,
  status           INTEGER NOT NULL,
  response_headers BLOB,
  response_body    BLOB,
  truncated        INTEGER NOT NULL,
  retry_after_ms   INTEGER NOT NULL,
  node_id          BLOB
);
CREATE INDEX attempts_by_delivery ON attempts (delivery_id);

-- Statistics: one row per endpoint, minute, node and cause (empty for success);
-- bucket i counts attempts that took at most 2^i ms. Folded to hours later.
CREATE TABLE endpoint_minute (
  endpoint_id BLOB NOT NULL,
  minute      INTEGER NOT NULL,
  node_id     BLOB NOT NULL,
  cause       TEXT NOT NULL,
  project_id  BLOB NOT NULL,
  n           INTEGER NOT NULL,
  b0 INTEGER NOT NULL, b1 INTEGER NOT NULL, b2 INTEGER NOT NULL, b3 INTEGER NOT NULL, b4 INTEGER NOT NULL, b5 INTEGER NOT NULL,
  b6 INTEGER NOT NULL, b7 INTEGER NOT NULL, b8 INTEGER NOT NULL, b9 INTEGER NOT NULL, b10 INTEGER NOT NULL, b11 INTEGER NOT NULL,
  b12 INTEGER NOT NULL, b13 INTEGER NOT NULL, b14 INTEGER NOT NULL, b15 INTEGER NOT NULL, b16 INTEGER NOT NULL,
  PRIMARY KEY (endpoint_id, minute, node_id, cause)
);
CREATE INDEX endpoint_minute_by_project ON endpoint_minute (project_id, minute);
CREATE INDEX endpoint_minute_by_time ON endpoint_minute (minute);

CREATE TABLE fanouts (
  event_id     BLOB PRIMARY KEY NOT NULL,
  -- The last endpoint that was dealt with; NULL at the start.
  cursor       BLOB,
  made         INTEGER NOT NULL DEFAULT 0,
  leased_until INTEGER NOT NULL DEFAULT 0,
  created_at   INTEGER NOT NULL
);

CREATE TABLE audit (
  id          BLOB PRIMARY KEY NOT NULL,
  at          INTEGER NOT NULL,
  project_id  BLOB,
  actor_type  TEXT NOT NULL,
  actor_id    BLOB,
  actor_name  TEXT NOT NULL,
  action      TEXT NOT NULL,
  object      TEXT NOT NULL DEFAULT '',
  object_name TEXT NOT NULL DEFAULT '',
  detail      TEXT NOT NULL DEFAULT '',
  addr        TEXT NOT NULL DEFAULT ''
);
CREATE INDEX audit_by_project ON audit (project_id, id);

-- +goose StatementBegin
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN
  SELECT RAISE(ABORT, 'the audit log is kept for good');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN
  SELECT RAISE(ABORT, 'the audit log is kept for good');
END;
-- +goose StatementEnd

CREATE TABLE nodes (
  id           BLOB PRIMARY KEY NOT NULL,
  name         TEXT NOT NULL,
  version      TEXT NOT NULL,
  started_at   INTEGER NOT NULL,
  heartbeat_at INTEGER NOT NULL
);

-- For people at a database prompt: the logs with readable times.
CREATE VIEW events_log AS
  SELECT hex(id) AS id, seq, hex(project_id) AS project_id, topic, datetime(occurred_at / 1000.0, 'unixepoch') AS occurred, datetime(accepted_at / 1000.0, 'unixepoch') AS accepted, deliveries FROM events;
CREATE VIEW deliveries_log AS
  SELECT hex(id) AS id, hex(event_id) AS event_id, hex(endpoint_id) AS endpoint_id, topic, state, datetime(due_at / 1000.0, 'unixepoch') AS due, attempts, last_status, last_cause, reason FROM deliveries;
CREATE VIEW attempts_log AS
  SELECT hex(id) AS id, hex(delivery_id) AS delivery_id, number, datetime(started_at / 1000.0, 'unixepoch') AS started, duration_us / 1000.0 AS duration_ms, outcome, cause, error, status FROM attempts;
CREATE VIEW audit_log AS
  SELECT hex(id) AS id, datetime(at / 1000.0, 'unixepoch') AS at, hex(project_id) AS project_id, actor_name, action, object, object_name, detail FROM audit;
