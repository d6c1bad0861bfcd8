-- Whom a user blocked.
CREATE TABLE blocks (
  user    TEXT NOT NULL,
  blocked TEXT NOT NULL,
  PRIMARY KEY (user, blocked)
) WITHOUT ROWID;
