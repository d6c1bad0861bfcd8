-- The description of a file, which the post that has it brings.
ALTER TABLE files ADD COLUMN alt TEXT NOT NULL DEFAULT '';
