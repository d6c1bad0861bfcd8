-- Sessions end 90 days after they began, unless their server says otherwise.
ALTER TABLE sessions ADD COLUMN expires_at INTEGER NOT NULL DEFAULT 0;
UPDATE sessions SET expires_at = created_at + 7776000000;

-- Who made a recovery code; empty: the administrator of the machine.
ALTER TABLE recoveries ADD COLUMN by TEXT NOT NULL DEFAULT '';

-- The last uses of each user's recovery codes.
CREATE TABLE recovery_uses (
  user    TEXT NOT NULL,
  at      INTEGER NOT NULL,
  by      TEXT NOT NULL,
  client  TEXT NOT NULL,
  address TEXT NOT NULL,
  PRIMARY KEY (user, at)
) WITHOUT ROWID;
