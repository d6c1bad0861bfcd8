package mongo

import (
	"slices"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"parley/chat"
)

// SetOldPosts makes posts those of an older Parley, without numbers all.
func SetOldPosts(t testing.TB, db *DB, seqs ...chat.Seq) {
	t.Helper()
	// All events, by an index: Plans looks at this query too.
	cur, err := db.events.Find(t.Context(), bson.D{}, options.Find().SetSort(key("_id")).SetProjection(key("seq")))
	docs, err := all[eventDoc](t.Context(), cur, err)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range docs {
		if seqs != nil && !slices.Contains(seqs, d.Seq) {
			continue
		}
		if _, err := db.events.UpdateByID(t.Context(), d.ID, bson.D{{Key: "$unset", Value: key("root", "inbox")}}); err != nil {
			t.Fatal(err)
		}
	}
}

// Fill runs fillPosts.
func Fill(t testing.TB, db *DB) {
	t.Helper()
	if err := db.fillPosts(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Unfilled returns how many posts fillPosts would read.
func Unfilled(t testing.TB, db *DB) (n int) {
	t.Helper()
	seen := map[string]bool{}
	for _, u := range unfilled {
		cur, err := db.events.Find(t.Context(), u.which, options.Find().SetHint(key(u.index...)))
		docs, err := all[eventDoc](t.Context(), cur, err)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range docs {
			seen[d.ID] = true
		}
	}
	return len(seen)
}
