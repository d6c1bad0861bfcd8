-- Direct messages and mentions are told of before other messages.
ALTER TABLE pushes ADD COLUMN urgent INTEGER NOT NULL DEFAULT 0;

DROP INDEX pushes_due;

CREATE INDEX pushes_due ON pushes (urgent DESC, due);
