-- The deleted messages, which are not counted as unread.
CREATE INDEX messages_deleted ON messages (chat, seq) WHERE deleted_at IS NOT NULL;
