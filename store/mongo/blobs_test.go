package mongo_test

import (
	"bytes"
	"context"
	"os"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"parley/chat"
	"parley/internal/mongotest"
	"parley/store/mongo"
	"parley/store/storetest"
)

func openBlobs(t testing.TB, dir string) chat.Blobs {
	b, err := open(t, dir).(*mongo.DB).OpenBlobs(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBlobs(t *testing.T) { storetest.Blobs(t, openBlobs) }

// The driver's own bucket reads what was appended in pieces, and no two chunks of a blob
// have one number.
func TestBlobsAreGridFS(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	b := openBlobs(t, dir)
	want := bytes.Repeat([]byte("0123456789abcdef"), 50_000)
	for at := 0; at < len(want); {
		end := min(at+300_001, len(want))
		if _, err := b.Append(ctx, "a", int64(at), bytes.NewReader(want[at:end])); err != nil {
			t.Fatal(err)
		}
		at = end
	}
	client, err := driver.Connect(options.Client().ApplyURI(mongotest.URL(os.Getenv(where), databaseOf(dir))))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Disconnect(ctx)
	db := client.Database(databaseOf(dir))
	var got bytes.Buffer
	if _, err := db.GridFSBucket(options.GridFSBucket().SetName("blobs")).DownloadToStreamByName(ctx, "a", &got); err != nil || !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%d bytes, %v", got.Len(), err)
	}
	if err := b.Remove(ctx, "a"); err != nil {
		t.Fatal(err)
	}
	for _, of := range []string{"blobs.files", "blobs.chunks"} {
		if n, err := db.Collection(of).CountDocuments(ctx, bson.D{}); err != nil || n != 0 {
			t.Errorf("%s has %d documents of a removed blob, %v", of, n, err)
		}
	}
	chunk := bson.D{{Key: "files_id", Value: "x"}, {Key: "n", Value: int32(0)}}
	for i := range 2 {
		if _, err := db.Collection("blobs.chunks").InsertOne(ctx, chunk); (err == nil) != (i == 0) {
			t.Errorf("insert %d of one number: %v", i, err)
		}
		chunk = bson.D{chunk[0], chunk[1]}
	}
}
