-- Which fields of the chat a renamed event changed, with spaces between; NULL: it is of an
-- earlier version. It keeps their values until a later event changes them, so that any of
-- the three may be the last one that is left.
ALTER TABLE events ADD COLUMN changed TEXT;
DROP INDEX events_title;
CREATE INDEX events_title ON events (chat, seq) WHERE title IS NOT NULL OR topic IS NOT NULL OR picture IS NOT NULL;
