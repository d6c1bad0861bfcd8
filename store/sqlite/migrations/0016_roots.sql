-- The first message of the conversation that a reply is in; NULL: it is no reply.
ALTER TABLE messages ADD COLUMN root INTEGER;

CREATE INDEX messages_reply ON messages (chat, reply_to) WHERE reply_to IS NOT NULL;

WITH RECURSIVE replies (chat, seq, root) AS (
  SELECT m.chat, m.seq, m.reply_to FROM messages m CROSS JOIN messages q ON q.chat = m.chat AND q.seq = m.reply_to
  WHERE m.reply_to IS NOT NULL AND q.reply_to IS NULL
  UNION ALL
  SELECT m.chat, m.seq, r.root FROM replies r CROSS JOIN messages m ON m.chat = r.chat AND m.reply_to = r.seq)
UPDATE messages SET root = r.root FROM replies r WHERE messages.chat = r.chat AND messages.seq = r.seq;

DROP INDEX messages_reply;
CREATE INDEX messages_root ON messages (chat, root, seq) WHERE root IS NOT NULL;
