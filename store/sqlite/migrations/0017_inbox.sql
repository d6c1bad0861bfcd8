-- The messages of others that name a user or reply to one of theirs, by time.
CREATE TABLE inbox (
  user TEXT NOT NULL,
  at   INTEGER NOT NULL,
  chat TEXT NOT NULL,
  seq  INTEGER NOT NULL,
  PRIMARY KEY (user, at, chat, seq)
) WITHOUT ROWID;

INSERT INTO inbox (user, at, chat, seq)
  SELECT k.user, m.at, k.chat, k.seq FROM mentions k CROSS JOIN messages m ON m.chat = k.chat AND m.seq = k.seq WHERE k.user <> m.by;
INSERT OR IGNORE INTO inbox (user, at, chat, seq)
  SELECT q.by, m.at, m.chat, m.seq FROM messages m CROSS JOIN messages q ON q.chat = m.chat AND q.seq = m.reply_to
  WHERE m.reply_to IS NOT NULL AND m.deleted_at IS NULL AND q.by <> m.by;
