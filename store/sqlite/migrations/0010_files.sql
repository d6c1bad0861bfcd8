-- The files of a message as its readers see them: JSON array, NULL without files and once
-- the message was deleted.
ALTER TABLE messages ADD COLUMN files TEXT;

-- The records of files, from the beginning of their uploads. The bytes are elsewhere.
CREATE TABLE files (
  id            TEXT PRIMARY KEY,
  chat          TEXT NOT NULL,
  by            TEXT NOT NULL,
  name          TEXT NOT NULL,
  type          TEXT NOT NULL, -- empty until it is complete, as the next ones are 0
  kind          TEXT NOT NULL, -- chat.FileKind
  size          INTEGER NOT NULL,
  width         INTEGER NOT NULL,
  height        INTEGER NOT NULL,
  duration_ms   INTEGER NOT NULL,
  thumb         INTEGER NOT NULL,
  length        INTEGER NOT NULL, -- bytes of the upload
  keep_metadata INTEGER NOT NULL,
  cleaned       INTEGER NOT NULL,
  complete      INTEGER NOT NULL,
  created_at    INTEGER NOT NULL,
  expires_at    INTEGER NOT NULL,
  message       INTEGER, -- seq; NULL: no message has it
  place         INTEGER  -- in the message
) WITHOUT ROWID;

CREATE INDEX files_by ON files (by, created_at);
CREATE INDEX files_free ON files (by) WHERE message IS NULL;
CREATE INDEX files_expire ON files (expires_at) WHERE message IS NULL;
CREATE INDEX files_of_chat ON files (chat, message DESC, place) WHERE message IS NOT NULL;
CREATE INDEX files_of_kind ON files (chat, kind, message DESC, place) WHERE message IS NOT NULL;

-- The files whose blobs must be removed.
CREATE TABLE removals (
  file TEXT PRIMARY KEY
) WITHOUT ROWID;

-- What the files take, in one row.
CREATE TABLE file_usage (
  id    INTEGER PRIMARY KEY CHECK (id = 1),
  files INTEGER NOT NULL,
  bytes INTEGER NOT NULL
);
INSERT INTO file_usage (id, files, bytes) VALUES (1, 0, 0);
