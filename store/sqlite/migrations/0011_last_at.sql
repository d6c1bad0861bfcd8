-- The time of a chat's newest post, deleted or not; 0: none.
ALTER TABLE chats ADD COLUMN last_at INTEGER NOT NULL DEFAULT 0;

UPDATE chats SET last_at = ifnull((SELECT m.at FROM messages m WHERE m.chat = chats.id ORDER BY m.seq DESC LIMIT 1), 0);
