-- The seq of the event that pinned the message; NULL: it is not pinned.
ALTER TABLE messages ADD COLUMN pinned INTEGER;

CREATE INDEX messages_pinned ON messages (chat, pinned) WHERE pinned IS NOT NULL;
