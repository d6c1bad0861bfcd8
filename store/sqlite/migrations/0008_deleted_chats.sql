-- 1: deleted, members and log are to be removed; 2: that was done.
ALTER TABLE chats ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;

CREATE INDEX chats_deleted ON chats (id) WHERE deleted = 1;
