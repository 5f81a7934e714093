-- +goose Up
-- A project's connection to a Slack workspace. The bot's token is sealed, bound
-- to the project.
CREATE TABLE slack_installs (
  project_id   UUID PRIMARY KEY REFERENCES projects (id) ON DELETE CASCADE,
  team_id      TEXT NOT NULL,
  team_name    TEXT NOT NULL,
  scopes       TEXT NOT NULL,
  sealed       BYTEA NOT NULL,
  connected_by TEXT NOT NULL,
  connected_at BIGINT NOT NULL
);
