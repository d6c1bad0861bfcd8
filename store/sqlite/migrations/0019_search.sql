-- The search index: package search, and chat.Index.
CREATE TABLE search_leaves (
  segment INTEGER NOT NULL,
  key     BLOB NOT NULL,
  data    BLOB NOT NULL,
  PRIMARY KEY (segment, key)
) WITHOUT ROWID;

CREATE TABLE search_manifest (
  id       INTEGER PRIMARY KEY CHECK (id = 1),
  revision INTEGER NOT NULL,
  data     BLOB NOT NULL
);

-- The events of a chat that the segments cover.
CREATE TABLE search_chats (
  chat     TEXT PRIMARY KEY,
  first    INTEGER NOT NULL,
  last     INTEGER NOT NULL,
  first_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Messages whose text was replaced or deleted, as they were before, until the segments
-- follow; seq 0: a deleted chat.
CREATE TABLE search_replaced (
  id       INTEGER PRIMARY KEY,
  chat     TEXT NOT NULL,
  seq      INTEGER NOT NULL,
  at       INTEGER NOT NULL,
  by       TEXT NOT NULL,
  text     TEXT NOT NULL,
  mentions TEXT,
  files    TEXT
);
