package mongo_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"parley/chat"
	"parley/internal/mongotest"
	"parley/store/mongo"
)

// Nothing of a deleted file is left in any collection: no byte, and not its name.
func TestDeletedFilesLeaveNothing(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	db := open(t, dir).(*mongo.DB)
	blobs, err := db.OpenBlobs(ctx)
	if err != nil {
		t.Fatal(err)
	}
	ann, _, err := db.CreateAccount(ctx, chat.NewAccount{Handle: "ann", Name: "Ann", Session: chat.NewSession{TokenHash: chat.SecretHash("ann")}})
	if err != nil {
		t.Fatal(err)
	}
	c, _, err := db.CreateChat(ctx, chat.NewChat{Kind: chat.Group, Title: "Tea", By: ann.ID, ClientID: "tea"})
	if err != nil {
		t.Fatal(err)
	}
	do := func(draft chat.Event, rule chat.Rule) chat.Event {
		t.Helper()
		var made chat.Event
		over := make(chan error, 1)
		draft.ChatID, draft.By = c.ID, ann.ID
		if err := db.Append(ctx, draft, rule, func(ev chat.Event, _ bool, err error) { made = ev; over <- err }); err != nil {
			t.Fatal(err)
		}
		if err := <-over; err != nil {
			t.Fatal(err)
		}
		return made
	}
	const marker = "SECRETMARKER"
	for i := range 3 {
		u, err := chat.NewUpload(ann.ID, c.ID, marker+".bin", 3<<20, false)
		if err != nil {
			t.Fatal(err)
		}
		if err := db.CreateUpload(ctx, u, 0); err != nil {
			t.Fatal(err)
		}
		body := strings.Repeat(marker, 3<<20/len(marker))
		if _, err := blobs.Append(ctx, u.ID.UploadBlob(), 0, strings.NewReader(body)); err != nil {
			t.Fatal(err)
		}
		if err := blobs.Create(ctx, u.ID.ThumbBlob(), func(w io.Writer) error { _, err := io.WriteString(w, marker); return err }); err != nil {
			t.Fatal(err)
		}
		u.Type, u.Size, u.Thumb = "image/png", int64(len(body)), true
		if _, err := db.CompleteUpload(ctx, u); err != nil {
			t.Fatal(err)
		}
		if i == 2 { // it is never posted
			if err := db.RemoveUpload(ctx, ann.ID, u.ID); err != nil {
				t.Fatal(err)
			}
			continue
		}
		post := do(chat.Event{Kind: chat.Posted, ClientID: fmt.Sprint(i), Files: []chat.File{{ID: u.ID, Alt: marker}}}, chat.Post)
		if found := holding(t, dir, marker); i == 0 && len(found) < 3 {
			t.Fatalf("the marker is in %v alone", found)
		}
		do(chat.Event{Kind: chat.Deleted, Target: post.Seq}, chat.Delete)
	}
	ids, err := db.Removals(ctx, 10)
	if err != nil || len(ids) != 3 {
		t.Fatal(ids, err)
	}
	for _, id := range ids {
		for _, name := range id.Blobs() {
			if err := blobs.Remove(ctx, name); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := db.EndRemovals(ctx, ids); err != nil {
		t.Fatal(err)
	}
	if found := holding(t, dir, marker); len(found) > 0 {
		t.Errorf("the marker is in %v", found)
	}
}

// holding returns the collections that hold a text.
func holding(t *testing.T, dir, text string) (found []string) {
	t.Helper()
	client, err := driver.Connect(options.Client().ApplyURI(mongotest.URL(os.Getenv(where), databaseOf(dir))))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Disconnect(t.Context())
	db := client.Database(databaseOf(dir))
	names, err := db.ListCollectionNames(t.Context(), bson.D{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		cur, err := db.Collection(name).Find(t.Context(), bson.D{})
		if err != nil {
			t.Fatal(err)
		}
		for cur.Next(t.Context()) {
			if bytes.Contains(cur.Current, []byte(text)) {
				found = append(found, name)
				break
			}
		}
		_ = cur.Close(t.Context())
	}
	return found
}
