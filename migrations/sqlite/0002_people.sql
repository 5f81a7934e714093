-- +goose Up
-- The second factor, failed sign-ins, invitations, and what a key's row tells.
-- A node of the version before ignores all of it: it asks for no code and knows
-- no expiry of keys, until it is gone.

-- 0 while the person has not confirmed totp_sealed with a code.
ALTER TABLE users ADD COLUMN totp_confirmed_at INTEGER NOT NULL DEFAULT 0;
-- Failed sign-ins since the last one that went well.
ALTER TABLE users ADD COLUMN failed_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN failed_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN failed_addr TEXT NOT NULL DEFAULT '';
-- When the audit log last told of one.
ALTER TABLE users ADD COLUMN failed_audit_at INTEGER NOT NULL DEFAULT 0;

CREATE TABLE recovery_codes (
  user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  hash    BLOB NOT NULL,
  used_at INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (user_id, hash)
);

-- The first characters of the secret, to tell keys apart by.
ALTER TABLE keys ADD COLUMN prefix TEXT NOT NULL DEFAULT '';
ALTER TABLE keys ADD COLUMN expires_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE keys ADD COLUMN last_used_addr TEXT NOT NULL DEFAULT '';

ALTER TABLE links ADD COLUMN created_by_type TEXT NOT NULL DEFAULT '';
ALTER TABLE links ADD COLUMN created_by_id BLOB;
ALTER TABLE links ADD COLUMN created_by_name TEXT NOT NULL DEFAULT '';
CREATE INDEX links_by_project ON links (project_id, id) WHERE kind = 'invitation';
