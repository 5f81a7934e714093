-- +goose Up
-- Prompts and their versions. Tags and labels are lines. What a version holds
-- never changes.
CREATE TABLE prompts (
  id         UUID PRIMARY KEY NOT NULL,
  project_id UUID NOT NULL REFERENCES projects (id),
  name       TEXT NOT NULL,
  type       TEXT NOT NULL CHECK (type IN ('text', 'chat')),
  tags       TEXT NOT NULL,
  -- Of all versions, so that lists need not look at them.
  labels     TEXT NOT NULL,
  -- The number of the newest version, how many there are, and the last number
  -- that was ever given.
  latest     BIGINT NOT NULL,
  versions   BIGINT NOT NULL,
  made       BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX prompts_by_name ON prompts (project_id, name);

CREATE TABLE prompt_versions (
  id              UUID PRIMARY KEY NOT NULL,
  prompt_id       UUID NOT NULL REFERENCES prompts (id) ON DELETE CASCADE,
  project_id      UUID NOT NULL,
  version         BIGINT NOT NULL,
  labels          TEXT NOT NULL,
  -- What it holds, in bytes.
  bytes           BIGINT NOT NULL,
  commit_message  TEXT NOT NULL,
  created_by_type TEXT NOT NULL,
  created_by_id   UUID,
  created_by_name TEXT NOT NULL,
  created_at      BIGINT NOT NULL,
  updated_at      BIGINT NOT NULL,
  -- JSON as it was sent.
  config          BYTEA NOT NULL,
  content         BYTEA NOT NULL
);
CREATE UNIQUE INDEX prompt_versions_by_number ON prompt_versions (prompt_id, version);
