-- A member's own settings of a chat; NULL: not changed.
ALTER TABLE members ADD COLUMN level TEXT;
ALTER TABLE members ADD COLUMN muted_until INTEGER; -- ms; -1: for ever
ALTER TABLE members ADD COLUMN starred INTEGER;
ALTER TABLE members ADD COLUMN hidden_at INTEGER; -- n of the chat when it was hidden; it is while n is the same
ALTER TABLE members ADD COLUMN unread_from INTEGER; -- seq from which messages are unread again
ALTER TABLE members ADD COLUMN unread_at INTEGER; -- head when that was set: a later post of the member ends it

-- A user's own settings as JSON; NULL: not changed.
ALTER TABLE users ADD COLUMN settings TEXT;
