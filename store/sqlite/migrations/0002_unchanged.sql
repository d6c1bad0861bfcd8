-- The clientIds of commands, other than posts, that changed nothing: a late
-- retry must not change something either.
CREATE TABLE unchanged (
  chat      TEXT NOT NULL,
  client_id TEXT NOT NULL,
  by        TEXT NOT NULL,
  PRIMARY KEY (chat, client_id, by)
) WITHOUT ROWID;
