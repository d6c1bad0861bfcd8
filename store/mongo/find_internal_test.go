package mongo

import (
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"parley/chat"
)

// SetOldWords replaces the search words of users by those that an older Parley stored.
func SetOldWords(t *testing.T, db *DB, words map[string]chat.UserID) {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, u := range words {
		_, err := db.words.DeleteMany(t.Context(), bson.D{{Key: "user", Value: u}})
		check(err)
		_, err = db.users.UpdateByID(t.Context(), u, bson.D{{Key: "$unset", Value: key("words")}})
		check(err)
	}
	for w, u := range words {
		_, err := db.words.InsertOne(t.Context(), wordDoc{w, u})
		check(err)
	}
}
