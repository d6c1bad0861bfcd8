-- The pictures of users and chats: ids of files; empty: none.
ALTER TABLE users ADD COLUMN picture TEXT NOT NULL DEFAULT '';
ALTER TABLE chats ADD COLUMN picture TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN picture TEXT;

-- 1: a user or chat has the file as its picture. The chat of such a file is empty.
ALTER TABLE files ADD COLUMN picture INTEGER NOT NULL DEFAULT 0;

DROP INDEX files_free;
DROP INDEX files_expire;
CREATE INDEX files_free ON files (by) WHERE message IS NULL AND picture = 0;
CREATE INDEX files_expire ON files (expires_at) WHERE message IS NULL AND picture = 0;
