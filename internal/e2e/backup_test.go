package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"parley/chat"
	"parley/internal/mongotest"
	"parley/wire"
)

// A copy is made while posts run, and put back: it has all that was acknowledged
// before, and whoever saw anything gets a reset, with times or without.
func TestBackupAndRestore(t *testing.T) {
	h := openHouse(t)
	ann := h.owner("ann")
	general := h.chats(ann)[0]
	first := h.post(ann, general.ID, "before the backup")
	ctx, cancel := context.WithCancel(context.Background())
	var posting sync.WaitGroup
	posting.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			h.call(ann.Token, "POST", "/api/chats/"+string(general.ID)+"/messages", map[string]any{"clientId": fmt.Sprint(i), "text": "more"}, nil)
		}
	})
	dir := t.TempDir()
	file := filepath.Join(dir, "copy.db")
	out, stderr, code := parleySays(t, "backup", file, "--store", h.store)
	cancel()
	posting.Wait()
	if code != 0 || out != file+"\n" {
		t.Fatalf("exit %d, %q, %q", code, out, stderr)
	}
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
	last := h.post(ann, general.ID, "behind the backup")
	var before struct{ Epoch string }
	events := "/api/chats/" + string(general.ID) + "/events?"
	h.must(200, ann.Token, "GET", events+"after=0", nil, &before)

	for name, args := range map[string][]string{"running": {"--store", h.store}, "stopped": {"--store", h.store, "--listen", h.addr}} {
		if name == "stopped" {
			h.stop()
		}
		another := filepath.Join(dir, name)
		if out, stderr, code := parleySays(t, append([]string{"backup", another}, args...)...); code != 0 || out != another+"\n" {
			t.Errorf("%s: exit %d, %q, %q", name, code, out, stderr)
		}
		if _, stderr, code := parleySays(t, append([]string{"backup", file}, args...)...); code != 1 || !strings.Contains(stderr, file+" exists already") || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s, a file that is there: exit %d, %q", name, code, stderr)
		}
		if name == "stopped" {
			h.start()
		}
	}
	h.stop()
	h.restore(file)
	h.start()
	var page struct {
		Epoch  string
		Events []chat.Event
		Head   chat.Seq
	}
	h.must(200, ann.Token, "GET", events+"after=0&limit=1000", nil, &page)
	if page.Epoch == before.Epoch || page.Head < first.Seq || page.Head >= last.Seq || page.Events[first.Seq-1].Text != first.Text {
		t.Errorf("epoch %q after %q, head %d, first %d, last %d", page.Epoch, before.Epoch, page.Head, first.Seq, last.Seq)
	}
	h.must(409, ann.Token, "GET", fmt.Sprintf("%safter=%d&epoch=%s", events, first.Seq, before.Epoch), nil, nil)
	for _, codec := range wire.Codecs {
		for _, at := range []map[chat.ChatID]int64{nil, {general.ID: first.At}} {
			got := h.resumes(ann, codec, wire.Command{ID: 2, Do: "resume", Epoch: before.Epoch, Seen: map[chat.ChatID]chat.Seq{general.ID: first.Seq}, At: at})
			resets := 0
			for _, v := range got {
				if v.Signal == wire.SignalReset && v.ChatID == general.ID && v.Head == page.Head && v.Epoch == page.Epoch {
					resets++
				}
			}
			if resets != 1 {
				t.Errorf("codec %s, at %v: %+v", codec.Protocol, at, got)
			}
		}
	}
	h.post(ann, general.ID, "goes on")
}

func TestBackupOfWhatIsNoFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "copy")
	for store, says := range map[string]string{
		"mongodb://ann:hunter2@127.0.0.1:1/parley?replicaSet=rs0": "mongodump --uri",
		"sqlite:" + filepath.Join(t.TempDir(), "none.db"):         "none.db",
	} {
		_, stderr, code := parleySays(t, "backup", file, "--store", store)
		if code != 1 || !strings.Contains(stderr, says) || strings.Count(stderr, "\n") != 1 || strings.Contains(stderr, "hunter2") {
			t.Errorf("%s: exit %d, %q", store, code, stderr)
		}
	}
	if _, stderr, code := parleySays(t, "backup"); code != 1 || !strings.Contains(stderr, "<file>") {
		t.Errorf("without a file: exit %d, %q", code, stderr)
	}
}

// A restored backup whose epoch was emptied, as docs/operations.md says, is
// another history: a number from before gets a reset.
func TestARestoredBackupIsAnotherHistory(t *testing.T) {
	db := mongotest.Start(t)
	h := hotel(t, db.URL("parley"))
	h.start()
	t.Cleanup(h.kill)
	ann := h.owner("ann")
	general := h.chats(ann)[0]
	var page struct{ Epoch string }
	h.must(200, ann.Token, "GET", "/api/chats/"+string(general.ID)+"/events?after=0", nil, &page)
	h.stop()

	c, err := mongo.Connect(options.Client().ApplyURI(h.store))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	done, err := c.Database("parley").Collection("meta").UpdateOne(ctx, bson.D{{Key: "_id", Value: "server"}},
		bson.D{{Key: "$set", Value: bson.D{{Key: "epoch", Value: ""}}}})
	if err != nil || done.ModifiedCount != 1 || c.Disconnect(ctx) != nil {
		t.Fatal(done, err)
	}

	h.start()
	events := "/api/chats/" + string(general.ID) + "/events?after=1&epoch="
	h.must(409, ann.Token, "GET", events+page.Epoch, nil, nil)
	before := page.Epoch
	h.must(200, ann.Token, "GET", events, nil, &page)
	if page.Epoch == "" || page.Epoch == before {
		t.Errorf("the epoch is %q, it was %q", page.Epoch, before)
	}
}

// Where nobody emptied the epoch of a restored copy, the time of what was seen
// tells that the history is another one.
func TestARestoredBackupWithItsEpoch(t *testing.T) {
	db := mongotest.Start(t)
	h := hotel(t, db.URL("parley"))
	h.start()
	t.Cleanup(h.kill)
	ann := h.owner("ann")
	general := h.chats(ann)[0]
	kept := h.post(ann, general.ID, "kept")
	lost := h.post(ann, general.ID, "lost")
	h.stop()

	c, err := mongo.Connect(options.Client().ApplyURI(h.store))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	gone, err := c.Database("parley").Collection("events").DeleteOne(ctx, bson.D{{Key: "chat", Value: general.ID}, {Key: "seq", Value: lost.Seq}})
	if err != nil || gone.DeletedCount != 1 || c.Disconnect(ctx) != nil {
		t.Fatal(gone, err)
	}

	h.start()
	again := h.post(ann, general.ID, "another one")
	if again.Seq != lost.Seq || again.At == lost.At {
		t.Fatalf("the lost one is %d at %d, the other %d at %d", lost.Seq, lost.At, again.Seq, again.At)
	}
	at := func(m chat.Message) string {
		return fmt.Sprintf("/api/chats/%s/events?after=%d&at=%d", general.ID, m.Seq, m.At)
	}
	for _, next := range []string{"then", "at last"} { // at the head, and below it
		h.must(409, ann.Token, "GET", at(lost), nil, nil)
		h.must(200, ann.Token, "GET", at(again), nil, nil)
		h.must(200, ann.Token, "GET", at(kept), nil, nil)
		for _, codec := range wire.Codecs {
			var page struct{ Epoch string }
			h.must(200, ann.Token, "GET", at(kept), nil, &page)
			for _, seen := range []chat.Message{lost, again} {
				got := h.resumes(ann, codec, wire.Command{ID: 2, Do: "resume", Epoch: page.Epoch,
					Seen: map[chat.ChatID]chat.Seq{general.ID: seen.Seq}, At: map[chat.ChatID]int64{general.ID: seen.At}})
				reset := slices.ContainsFunc(got, func(v wire.Signal) bool { return v.Signal == wire.SignalReset })
				if reset != (seen.At == lost.At) {
					t.Errorf("codec %s, seen at %d: %+v", codec.Protocol, seen.At, got)
				}
			}
		}
		h.post(ann, general.ID, next)
	}
}
