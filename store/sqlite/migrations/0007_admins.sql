-- Groups that were left without an admin get one when the database is next open.
INSERT INTO meta (key, value) VALUES ('admins', 'due');
