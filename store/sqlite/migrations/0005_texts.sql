-- Reactions that were taken back, or whose message was deleted, and replaced titles and
-- topics leave the log. The indexes find those that are still there.
CREATE INDEX events_emoji ON events (chat, target, by) WHERE emoji IS NOT NULL;
CREATE INDEX events_title ON events (chat, seq) WHERE title IS NOT NULL OR topic IS NOT NULL;

UPDATE events SET emoji = NULL WHERE emoji IS NOT NULL AND (is_on = 0 OR NOT EXISTS (
  SELECT 1 FROM messages m, json_each(m.reactions) r, json_each(r.value, '$.by') u
  WHERE m.chat = events.chat AND m.seq = events.target AND r.value ->> 'emoji' = events.emoji AND u.value = events.by));

UPDATE events SET title = NULL, topic = NULL WHERE (title IS NOT NULL OR topic IS NOT NULL) AND seq <> (
  SELECT max(n.seq) FROM events n WHERE n.chat = events.chat AND (n.title IS NOT NULL OR n.topic IS NOT NULL));
