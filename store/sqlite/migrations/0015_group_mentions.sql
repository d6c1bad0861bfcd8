-- How the text names all members of the group: all or here; NULL: it does not.
ALTER TABLE messages ADD COLUMN mentions_all TEXT;
ALTER TABLE messages ADD COLUMN silent INTEGER; -- 1: no push tells of it

CREATE INDEX messages_all ON messages (chat, seq) WHERE mentions_all = 'all';

-- Who may name all members, and a seq behind which no message names all.
ALTER TABLE chats ADD COLUMN group_mentions TEXT NOT NULL DEFAULT 'everyone';
ALTER TABLE chats ADD COLUMN all_seq INTEGER NOT NULL DEFAULT 0;

ALTER TABLE events ADD COLUMN group_mentions TEXT; -- of a renamed event
