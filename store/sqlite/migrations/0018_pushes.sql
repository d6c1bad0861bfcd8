-- Where sessions receive pushes.
CREATE TABLE subscriptions (
  session  TEXT PRIMARY KEY,
  user     TEXT NOT NULL,
  endpoint TEXT NOT NULL UNIQUE,
  p256dh   TEXT NOT NULL,
  auth     TEXT NOT NULL,
  at       INTEGER NOT NULL DEFAULT 0, -- ms; of the last push, 0: none
  result   TEXT NOT NULL DEFAULT '',
  reason   TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;

CREATE INDEX subscriptions_user ON subscriptions (user);

-- Pushes that are to be sent.
CREATE TABLE pushes (
  session TEXT NOT NULL,
  chat    TEXT NOT NULL,
  user    TEXT NOT NULL,
  seq     INTEGER NOT NULL,
  count   INTEGER NOT NULL,
  at      INTEGER NOT NULL,
  due     INTEGER NOT NULL,
  tries   INTEGER NOT NULL,
  PRIMARY KEY (session, chat)
) WITHOUT ROWID;

CREATE INDEX pushes_due ON pushes (due);

-- The last message of a chat of which pushes were made.
CREATE TABLE pushed (
  chat TEXT PRIMARY KEY,
  seq  INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TRIGGER sessions_subscriptions AFTER DELETE ON sessions BEGIN
  DELETE FROM subscriptions WHERE session = old.id;
END;

CREATE TRIGGER subscriptions_pushes AFTER DELETE ON subscriptions BEGIN
  DELETE FROM pushes WHERE session = old.session;
END;
