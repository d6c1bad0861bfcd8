-- Chats, people and their doors. Ids are text that sorts by time, times are
-- milliseconds since 1970 UTC. Every table is clustered by the key that its
-- reads range over (WITHOUT ROWID).

CREATE TABLE meta (
  key   TEXT PRIMARY KEY, -- epoch, name, setup
  value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE users (
  id         TEXT PRIMARY KEY,
  handle     TEXT NOT NULL UNIQUE,
  name       TEXT NOT NULL,
  status     TEXT NOT NULL DEFAULT '',
  role       TEXT NOT NULL,
  active     INTEGER NOT NULL DEFAULT 1,
  password   TEXT NOT NULL,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX users_admins ON users (id) WHERE role = 'admin' AND active = 1;

-- The words by which a user is found: chat.SearchWords.
CREATE TABLE user_words (
  word TEXT NOT NULL,
  user TEXT NOT NULL,
  PRIMARY KEY (word, user)
) WITHOUT ROWID;

CREATE TABLE sessions (
  id         TEXT PRIMARY KEY,
  user       TEXT NOT NULL,
  token      BLOB NOT NULL UNIQUE, -- SHA-256
  label      TEXT NOT NULL,
  client     TEXT NOT NULL,
  address    TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  seen_at    INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX sessions_user ON sessions (user, id);

CREATE TABLE invites (
  id         TEXT PRIMARY KEY,
  code       BLOB NOT NULL UNIQUE, -- SHA-256
  by         TEXT NOT NULL,
  chat       TEXT, -- NULL: the server alone
  uses       INTEGER NOT NULL, -- left
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX invites_by ON invites (by, id);

CREATE TABLE recoveries (
  user       TEXT PRIMARY KEY,
  code       BLOB NOT NULL UNIQUE, -- SHA-256
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;

-- head, n, members and activity are the projection of the chat's log; the row
-- is written once per chat and batch.
CREATE TABLE chats (
  id        TEXT PRIMARY KEY,
  kind      TEXT NOT NULL,
  open      INTEGER NOT NULL,
  title     TEXT NOT NULL,
  topic     TEXT NOT NULL,
  by        TEXT NOT NULL,
  client_id TEXT NOT NULL,
  pair      TEXT, -- both users of a direct chat, sorted
  head      INTEGER NOT NULL,
  n         INTEGER NOT NULL, -- posted events
  members   INTEGER NOT NULL,
  activity  INTEGER NOT NULL
) WITHOUT ROWID;

CREATE UNIQUE INDEX chats_once ON chats (by, client_id);
CREATE UNIQUE INDEX chats_pair ON chats (pair) WHERE pair IS NOT NULL;
CREATE INDEX chats_open ON chats (id) WHERE open = 1;

-- read_up_to begins at the number of the joined event: what was posted before
-- is history, not unread. Posting moves it, in the same commit: once per author,
-- chat and batch, which is cheaper than an index of messages by author.
CREATE TABLE members (
  chat       TEXT NOT NULL,
  user       TEXT NOT NULL,
  role       TEXT NOT NULL,
  read_up_to INTEGER NOT NULL,
  PRIMARY KEY (chat, user)
) WITHOUT ROWID;

CREATE INDEX members_user ON members (user, chat);
CREATE INDEX members_admins ON members (chat) WHERE role = 'admin';

-- The posted event is the message row. The log of a chat is the union of
-- messages and events by seq; keeping them apart makes a history page one range.
CREATE TABLE messages (
  chat       TEXT NOT NULL,
  seq        INTEGER NOT NULL,
  n          INTEGER NOT NULL,
  at         INTEGER NOT NULL,
  by         TEXT NOT NULL,
  client_id  TEXT NOT NULL,
  text       TEXT NOT NULL, -- empty once deleted
  reply_to   INTEGER, -- seq; the quote is read from that row
  mentions   TEXT, -- JSON array of user ids
  edited_at  INTEGER,
  deleted_at INTEGER,
  reactions  TEXT, -- JSON array of {emoji, by: [user ids, oldest first]}
  PRIMARY KEY (chat, seq)
) WITHOUT ROWID;

-- In this order a chat's new messages stand side by side when clientIds sort by
-- time, and a batch touches one page of the index per chat, not one per author.
CREATE UNIQUE INDEX messages_once ON messages (chat, client_id, by);

-- All other events. An edit holds no text: that is read from the message.
CREATE TABLE events (
  chat      TEXT NOT NULL,
  seq       INTEGER NOT NULL,
  n         INTEGER NOT NULL,
  at        INTEGER NOT NULL,
  kind      TEXT NOT NULL,
  by        TEXT NOT NULL,
  client_id TEXT,
  target    INTEGER,
  emoji     TEXT,
  is_on     INTEGER,
  users     TEXT, -- JSON array
  role      TEXT,
  reason    TEXT,
  title     TEXT,
  topic     TEXT,
  PRIMARY KEY (chat, seq)
) WITHOUT ROWID;

CREATE UNIQUE INDEX events_once ON events (chat, client_id, by) WHERE client_id IS NOT NULL;

-- Who is named by which message, to count mentions after a read pointer.
CREATE TABLE mentions (
  user TEXT NOT NULL,
  chat TEXT NOT NULL,
  seq  INTEGER NOT NULL,
  PRIMARY KEY (user, chat, seq)
) WITHOUT ROWID;
