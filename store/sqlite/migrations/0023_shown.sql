-- The chats of which a device may show notifications, as JSON: true if a push that closes them was sent.
ALTER TABLE subscriptions ADD COLUMN shown TEXT NOT NULL DEFAULT '{}';
