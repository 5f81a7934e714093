-- +goose Up
-- Products are what platforms last said of theirs; events follow from what
-- differs.
CREATE TABLE products (
  -- All zero for the catalogue of the instance, whose events are for all.
  project_id BLOB NOT NULL,
  product_id TEXT NOT NULL,
  -- A JSON object without the id; empty while its first event is being stored.
  state      BLOB NOT NULL,
  -- Id and name in lower case, as people search for them.
  words      TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  -- The ids of the latest events that followed, newest first, 16 bytes each.
  events     BLOB NOT NULL,
  PRIMARY KEY (project_id, product_id)
);
-- A search reads nothing else until it has found something.
CREATE INDEX products_by_words ON products (project_id, product_id, words);

-- The daily summaries that were published, one row each, and in daily_done the
-- last day that all projects are through with. Days are their first moment.
CREATE TABLE daily (
  day        INTEGER NOT NULL,
  project_id BLOB NOT NULL,
  PRIMARY KEY (day, project_id)
);
CREATE TABLE daily_done (
  day INTEGER NOT NULL
);
