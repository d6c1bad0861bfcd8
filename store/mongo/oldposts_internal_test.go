package mongo

import (
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"parley/chat"
)

// SetOldPosts makes the posts of all chats those of an older Parley, and the next start
// fill them.
func SetOldPosts(t testing.TB, db *DB) {
	t.Helper()
	cur, err := db.events.Find(t.Context(), bson.D{}, options.Find().SetSort(key("_id")).SetProjection(key("_id")))
	docs, err := all[eventDoc](t.Context(), cur, err)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range docs {
		if _, err := db.events.UpdateByID(t.Context(), d.ID, bson.D{{Key: "$unset", Value: key("root", "inbox")}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.meta.UpdateOne(t.Context(), serverID, bson.D{{Key: "$unset", Value: key("filled")}}); err != nil {
		t.Fatal(err)
	}
}

// Fill runs fillOldPosts to its end.
func Fill(t testing.TB, db *DB) {
	t.Helper()
	if to, err := db.fillOldPosts(t.Context(), ""); err != nil || to != chat.ChatID(beyond) {
		t.Fatalf("filled up to %q, %v", to, err)
	}
}
