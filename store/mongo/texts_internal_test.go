package mongo

import (
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"parley/chat"
)

// SetOldTexts gives events of a chat the fields that an older Parley left in them.
func SetOldTexts(t *testing.T, db *DB, id chat.ChatID, old map[chat.Seq]bson.D) {
	t.Helper()
	for seq, fields := range old {
		if _, err := db.events.UpdateOne(t.Context(), bson.D{{Key: "chat", Value: id}, {Key: "seq", Value: seq}}, set(fields...)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.events.UpdateMany(t.Context(), bson.D{{Key: "chat", Value: id}, {Key: "kind", Value: chat.Renamed}}, bson.D{{Key: "$unset", Value: key("changed")}}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.meta.UpdateOne(t.Context(), serverID, bson.D{{Key: "$unset", Value: key("cleared")}}); err != nil {
		t.Fatal(err)
	}
}

// WaitUntilCleared returns when the work that Open began has ended; it reports whether all
// chats were cleared.
func WaitUntilCleared(t *testing.T, db *DB) bool {
	t.Helper()
	db.clearing.Wait()
	var a serverDoc
	if err := db.meta.FindOne(t.Context(), serverID).Decode(&a); err != nil {
		t.Fatal(err)
	}
	return a.Cleared == beyond
}
