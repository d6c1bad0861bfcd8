-- The words of one user, to replace them all. chat.SearchWords folds names from
-- here on: renewWords makes the words of all users anew, in the same transaction.
CREATE INDEX user_words_user ON user_words (user);
