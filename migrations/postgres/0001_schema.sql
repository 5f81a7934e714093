-- +goose Up
-- Times are Unix milliseconds UTC, 0 for "never" or "none". Ids are UUIDv7,
-- NULL for "none". Payloads, bodies and header dumps are bytes: receivers send
-- NUL and broken UTF-8. The columns are the same in both dialects.

CREATE TABLE instance (
  key   TEXT PRIMARY KEY NOT NULL,
  value BYTEA NOT NULL
);

CREATE TABLE users (
  id            UUID PRIMARY KEY NOT NULL,
  email         TEXT NOT NULL,
  name          TEXT NOT NULL DEFAULT '',
  role          TEXT NOT NULL,
  password_hash TEXT NOT NULL DEFAULT '',
  created_at    BIGINT NOT NULL,
  last_seen_at  BIGINT NOT NULL DEFAULT 0,
  disabled_at   BIGINT NOT NULL DEFAULT 0,
  totp_sealed   BYTEA,
  totp_step     BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX users_by_email ON users (lower(email));

CREATE TABLE sessions (
  token_hash   BYTEA PRIMARY KEY NOT NULL,
  user_id      UUID,
  data         BYTEA NOT NULL,
  created_at   BIGINT NOT NULL,
  last_seen_at BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  addr         TEXT NOT NULL DEFAULT '',
  agent        TEXT NOT NULL DEFAULT ''
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE projects (
  id           UUID PRIMARY KEY NOT NULL,
  name         TEXT NOT NULL,
  external_id  TEXT NOT NULL DEFAULT '',
  created_at   BIGINT NOT NULL,
  suspended_at BIGINT NOT NULL DEFAULT 0,
  -- Counts every change of the project's endpoints and of its suspension.
  catalogue    BIGINT NOT NULL DEFAULT 1,
  -- Set while its rows are being deleted in small batches; it is gone for all.
  deleted_at   BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX projects_by_external_id ON projects (external_id) WHERE external_id <> '' AND deleted_at = 0;

CREATE TABLE members (
  project_id UUID NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  user_id    UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  role       TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (project_id, user_id)
);
CREATE INDEX members_by_user ON members (user_id);

CREATE TABLE links (
  id         UUID PRIMARY KEY NOT NULL,
  kind       TEXT NOT NULL,
  hash       BYTEA NOT NULL UNIQUE,
  project_id UUID,
  email      TEXT NOT NULL DEFAULT '',
  role       TEXT NOT NULL DEFAULT '',
  created_at BIGINT NOT NULL DEFAULT 0,
  expires_at BIGINT NOT NULL,
  used_at    BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX links_by_expiry ON links (expires_at);

CREATE TABLE keys (
  id              UUID PRIMARY KEY NOT NULL,
  project_id      UUID,
  name            TEXT NOT NULL DEFAULT '',
  -- Words joined by commas.
  scopes          TEXT NOT NULL,
  hash            BYTEA NOT NULL UNIQUE,
  created_by_type TEXT NOT NULL DEFAULT '',
  created_by_id   UUID,
  created_by_name TEXT NOT NULL DEFAULT '',
  created_at      BIGINT NOT NULL,
  last_used_at    BIGINT NOT NULL DEFAULT 0,
  revoked_at      BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX keys_by_project ON keys (project_id, id);

CREATE TABLE topics (
  name        TEXT PRIMARY KEY NOT NULL,
  grp         TEXT NOT NULL,
  description TEXT NOT NULL DEFAULT '',
  schema      BYTEA,
  warn_only   BOOLEAN NOT NULL DEFAULT FALSE,
  example     BYTEA,
  -- Member names joined by line feeds.
  search_keys TEXT NOT NULL DEFAULT '',
  shipped     BOOLEAN NOT NULL DEFAULT FALSE,
  deprecated  BOOLEAN NOT NULL DEFAULT FALSE,
  created_at  BIGINT NOT NULL
);

CREATE TABLE endpoints (
  id                   UUID PRIMARY KEY NOT NULL,
  project_id           UUID NOT NULL REFERENCES projects (id),
  version              BIGINT NOT NULL,
  -- The settings of that version, JSON; the columns after it are copies for
  -- lists and for the queue.
  settings             BYTEA NOT NULL,
  name                 TEXT NOT NULL DEFAULT '',
  kind                 TEXT NOT NULL,
  url                  TEXT NOT NULL DEFAULT '',
  timeout_ms           BIGINT NOT NULL,
  max_in_flight        INTEGER NOT NULL DEFAULT 0,
  rate_per_second      DOUBLE PRECISION NOT NULL DEFAULT 0,
  ordered              BOOLEAN NOT NULL DEFAULT FALSE,
  state                TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused')),
  paused_because       TEXT NOT NULL DEFAULT '',
  paused_at            BIGINT NOT NULL DEFAULT 0,
  not_before           BIGINT NOT NULL DEFAULT 0,
  consecutive_failures INTEGER NOT NULL DEFAULT 0,
  last_success_at      BIGINT NOT NULL DEFAULT 0,
  last_failure_at      BIGINT NOT NULL DEFAULT 0,
  failing_since        BIGINT NOT NULL DEFAULT 0,
  created_at           BIGINT NOT NULL,
  updated_at           BIGINT NOT NULL,
  deleted_at           BIGINT NOT NULL DEFAULT 0
) WITH (fillfactor = 80);
CREATE INDEX endpoints_by_project ON endpoints (project_id, id);

CREATE TABLE endpoint_versions (
  endpoint_id UUID NOT NULL REFERENCES endpoints (id) ON DELETE CASCADE,
  version     BIGINT NOT NULL,
  settings    BYTEA NOT NULL,
  created_at  BIGINT NOT NULL,
  PRIMARY KEY (endpoint_id, version)
);

CREATE TABLE secrets (
  id          UUID PRIMARY KEY NOT NULL,
  endpoint_id UUID NOT NULL REFERENCES endpoints (id) ON DELETE CASCADE,
  -- NULL once wiped.
  sealed      BYTEA,
  created_at  BIGINT NOT NULL,
  active_from BIGINT NOT NULL DEFAULT 0,
  expires_at  BIGINT NOT NULL DEFAULT 0,
  grace_ms    BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX secrets_by_endpoint ON secrets (endpoint_id, id);

CREATE SEQUENCE event_seq;
CREATE TABLE events (
  id                UUID NOT NULL PRIMARY KEY,
  seq               BIGINT NOT NULL DEFAULT nextval('event_seq'),
  -- NULL for audience "all".
  project_id        UUID,
  audience          TEXT NOT NULL,
  topic             TEXT NOT NULL,
  -- NULL once expunged.
  data              BYTEA,
  occurred_at       BIGINT NOT NULL,
  accepted_at       BIGINT NOT NULL,
  published_by_type TEXT NOT NULL DEFAULT '',
  published_by_id   UUID,
  published_by_name TEXT NOT NULL DEFAULT '',
  hop               INTEGER NOT NULL DEFAULT 0,
  idempotency_key   TEXT NOT NULL DEFAULT '',
  deliveries        INTEGER NOT NULL DEFAULT 0,
  fan_out           BOOLEAN NOT NULL DEFAULT FALSE,
  -- The values of the topic's search keys, a JSON array; empty for none.
  search            TEXT NOT NULL DEFAULT '',
  expunged_at       BIGINT NOT NULL DEFAULT 0
) PARTITION BY RANGE (id);
CREATE TABLE events_default PARTITION OF events DEFAULT;
CREATE INDEX events_by_project ON events (project_id, id);

CREATE TABLE event_search (
  -- All zero for events of audience "all".
  project_id UUID NOT NULL,
  value      TEXT NOT NULL,
  event_id   UUID NOT NULL,
  PRIMARY KEY (project_id, value, event_id)
);
CREATE INDEX event_search_by_event ON event_search (event_id);

CREATE TABLE idempotency (
  -- All zero for keys of the instance.
  project_id  UUID NOT NULL,
  key         TEXT NOT NULL,
  fingerprint BYTEA NOT NULL,
  event_id    UUID NOT NULL,
  deliveries  INTEGER NOT NULL,
  fan_out     BOOLEAN NOT NULL,
  created_at  BIGINT NOT NULL,
  PRIMARY KEY (project_id, key)
);
CREATE INDEX idempotency_by_age ON idempotency (created_at);

-- The deliveries are the queue. Of the live ones, "ordered" rows stand in
-- their endpoint's line (oldest seq first, one at a time); the others are free
-- and go by due time. Resends and tests are never ordered.
CREATE TABLE deliveries (
  id                UUID PRIMARY KEY NOT NULL,
  project_id        UUID NOT NULL,
  event_id          UUID NOT NULL,
  endpoint_id       UUID NOT NULL,
  endpoint_version  BIGINT NOT NULL,
  topic             TEXT NOT NULL,
  seq               BIGINT NOT NULL,
  state             TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'delivered', 'exhausted', 'cancelled')),
  ordered           BOOLEAN NOT NULL DEFAULT FALSE,
  test              BOOLEAN NOT NULL DEFAULT FALSE,
  due_at            BIGINT NOT NULL,
  attempts          INTEGER NOT NULL DEFAULT 0,
  failures          INTEGER NOT NULL DEFAULT 0,
  unknowns          INTEGER NOT NULL DEFAULT 0,
  -- The present or latest claim; results are fenced by attempt_id.
  attempt_id        UUID,
  node_id           UUID,
  lease_until       BIGINT NOT NULL DEFAULT 0,
  created_at        BIGINT NOT NULL,
  ended_at          BIGINT NOT NULL DEFAULT 0,
  resend_of         UUID,
  requested_by_type TEXT NOT NULL DEFAULT '',
  requested_by_id   UUID,
  requested_by_name TEXT NOT NULL DEFAULT '',
  reason            TEXT NOT NULL DEFAULT '',
  last_status       INTEGER NOT NULL DEFAULT 0,
  last_cause        TEXT NOT NULL DEFAULT '',
  last_duration_ms  BIGINT NOT NULL DEFAULT 0,
  last_attempt_at   BIGINT NOT NULL DEFAULT 0
) WITH (fillfactor = 80);
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
  endpoint_id  UUID PRIMARY KEY NOT NULL,
  project_id   UUID NOT NULL,
  -- Paused or deleted, or the project suspended.
  paused       BOOLEAN NOT NULL DEFAULT FALSE,
  -- No later than the earliest due time of its free waiting rows.
  next_due_at  BIGINT NOT NULL DEFAULT 9223372036854775807,
  -- No later than when the head of its line may go; never while one is out.
  line_due_at  BIGINT NOT NULL DEFAULT 9223372036854775807,
  -- The receiver's Retry-After.
  not_before   BIGINT NOT NULL DEFAULT 0,
  -- Its place in the turn: when it was last served, or when to look again at
  -- one that has all its requests out.
  turn_at      BIGINT NOT NULL DEFAULT 0,
  -- The rate clock (GCRA's theoretical arrival time), microseconds.
  rate_tat     BIGINT NOT NULL DEFAULT 0,
  -- A resumed endpoint's backlog, due before drain_before, goes at this rate.
  drain_rate   DOUBLE PRECISION NOT NULL DEFAULT 0,
  drain_before BIGINT NOT NULL DEFAULT 0,
  -- More retries are to be made due after a recovery.
  catching_up  BOOLEAN NOT NULL DEFAULT FALSE,
  ready_at     BIGINT NOT NULL GENERATED ALWAYS AS (
    CASE WHEN paused OR LEAST(next_due_at, line_due_at) = 9223372036854775807 THEN 9223372036854775807
    ELSE GREATEST(LEAST(next_due_at, line_due_at), not_before, turn_at, rate_tat / 1000 - 100) END) STORED
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
CREATE INDEX endpoint_queue_ready ON endpoint_queue (ready_at) WHERE ready_at < 9223372036854775807;

CREATE TABLE attempts (
  id               UUID NOT NULL PRIMARY KEY,
  delivery_id      UUID NOT NULL,
  number           INTEGER NOT NULL,
  started_at       BIGINT NOT NULL,
  duration_us      BIGINT NOT NULL,
  dns_us           BIGINT NOT NULL,
  connect_us       BIGINT NOT NULL,
  tls_us           BIGINT NOT NULL,
  first_byte_us    BIGINT NOT NULL,
  outcome          TEXT NOT NULL,
  cause            TEXT NOT NULL,
  error            TEXT NOT NULL,
  endpoint_version BIGINT NOT NULL,
  secret_id        UUID,
  method           TEXT NOT NULL,
  url              TEXT NOT NULL,
  -- Header dumps: "Name: value" lines.
  request_headers  BYTEA,
  status           INTEGER NOT NULL,
  response_headers BYTEA,
  response_body    BYTEA,
  truncated        BOOLEAN NOT NULL,
  retry_after_ms   BIGINT NOT NULL,
  node_id          UUID
) PARTITION BY RANGE (id);
CREATE TABLE attempts_default PARTITION OF attempts DEFAULT;
CREATE INDEX attempts_by_delivery ON attempts (delivery_id);

-- Statistics: one row per endpoint, minute, node and cause (empty for success);
-- bucket i counts attempts that took at most 2^i ms. Folded to hours later.
CREATE TABLE endpoint_minute (
  endpoint_id UUID NOT NULL,
  minute      BIGINT NOT NULL,
  node_id     UUID NOT NULL,
  cause       TEXT NOT NULL,
  project_id  UUID NOT NULL,
  n           BIGINT NOT NULL,
  b0 BIGINT NOT NULL, b1 BIGINT NOT NULL, b2 BIGINT NOT NULL, b3 BIGINT NOT NULL, b4 BIGINT NOT NULL, b5 BIGINT NOT NULL,
  b6 BIGINT NOT NULL, b7 BIGINT NOT NULL, b8 BIGINT NOT NULL, b9 BIGINT NOT NULL, b10 BIGINT NOT NULL, b11 BIGINT NOT NULL,
  b12 BIGINT NOT NULL, b13 BIGINT NOT NULL, b14 BIGINT NOT NULL, b15 BIGINT NOT NULL, b16 BIGINT NOT NULL,
  PRIMARY KEY (endpoint_id, minute, node_id, cause)
) WITH (fillfactor = 80);
CREATE INDEX endpoint_minute_by_project ON endpoint_minute (project_id, minute);
CREATE INDEX endpoint_minute_by_time ON endpoint_minute (minute);

CREATE TABLE fanouts (
  event_id     UUID PRIMARY KEY NOT NULL,
  -- The last endpoint that was dealt with; NULL at the start.
  cursor       UUID,
  made         INTEGER NOT NULL DEFAULT 0,
  leased_until BIGINT NOT NULL DEFAULT 0,
  created_at   BIGINT NOT NULL
);

CREATE TABLE audit (
  id          UUID PRIMARY KEY NOT NULL,
  at          BIGINT NOT NULL,
  project_id  UUID,
  actor_type  TEXT NOT NULL,
  actor_id    UUID,
  actor_name  TEXT NOT NULL,
  action      TEXT NOT NULL,
  object      TEXT NOT NULL DEFAULT '',
  object_name TEXT NOT NULL DEFAULT '',
  detail      TEXT NOT NULL DEFAULT '',
  addr        TEXT NOT NULL DEFAULT ''
);
CREATE INDEX audit_by_project ON audit (project_id, id);

-- +goose StatementBegin
CREATE FUNCTION audit_is_for_good() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit log is kept for good';
END $$;
-- +goose StatementEnd
CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_is_for_good();

CREATE TABLE nodes (
  id           UUID PRIMARY KEY NOT NULL,
  name         TEXT NOT NULL,
  version      TEXT NOT NULL,
  started_at   BIGINT NOT NULL,
  heartbeat_at BIGINT NOT NULL
);

-- For people at a database prompt: the logs with readable times.
CREATE VIEW events_log AS
  SELECT id, seq, project_id, topic, to_timestamp(occurred_at / 1000.0) AS occurred, to_timestamp(accepted_at / 1000.0) AS accepted, deliveries FROM events;
CREATE VIEW deliveries_log AS
  SELECT id, event_id, endpoint_id, topic, state, to_timestamp(due_at / 1000.0) AS due, attempts, last_status, last_cause, reason FROM deliveries;
CREATE VIEW attempts_log AS
  SELECT id, delivery_id, number, to_timestamp(started_at / 1000.0) AS started, duration_us / 1000.0 AS duration_ms, outcome, cause, error, status FROM attempts;
CREATE VIEW audit_log AS
  SELECT id, to_timestamp(at / 1000.0) AS at, project_id, actor_name, action, object, object_name, detail FROM audit;
