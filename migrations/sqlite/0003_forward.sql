-- +goose Up
-- Who listens: developers' machines that take deliveries through a stream that
-- they opened. One row per endpoint of kind "forward"; it ends with it.
CREATE TABLE listeners (
  endpoint_id BLOB PRIMARY KEY NOT NULL REFERENCES endpoints (id) ON DELETE CASCADE,
  project_id  BLOB NOT NULL,
  key_id      BLOB NOT NULL,
  name        TEXT NOT NULL,
  -- The present or latest stream.
  stream_id   BLOB,
  -- When the node that holds the stream last said so.
  seen_at     INTEGER NOT NULL DEFAULT 0,
  -- When the listener last gave a sign of life, on any node.
  heard_at    INTEGER NOT NULL DEFAULT 0,
  -- When the stream ended, 0 while it is open.
  left_at     INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX listeners_by_name ON listeners (key_id, name);
CREATE INDEX listeners_by_project ON listeners (project_id);

-- What nodes pass to each other: requests to the node that holds the stream,
-- replies to the node that waits. A row is taken by deleting it.
CREATE TABLE forward_parcels (
  attempt_id  BLOB PRIMARY KEY NOT NULL,
  endpoint_id BLOB NOT NULL,
  parcel      BLOB NOT NULL,
  put_at      INTEGER NOT NULL
);
CREATE INDEX forward_parcels_by_endpoint ON forward_parcels (endpoint_id);
CREATE INDEX forward_parcels_by_age ON forward_parcels (put_at);

CREATE TABLE forward_replies (
  attempt_id BLOB PRIMARY KEY NOT NULL,
  reply      BLOB NOT NULL,
  -- Only says that the stream broke: what the listener itself says counts more.
  lost       INTEGER NOT NULL,
  put_at     INTEGER NOT NULL
);
CREATE INDEX forward_replies_by_age ON forward_replies (put_at);
