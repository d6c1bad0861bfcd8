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

// A backup that is written while clients post contains everything that was
// acknowledged before. After it is restored, a client that resumes gets a reset,
// with times or without.
func TestBackupAndRestore(t *testing.T) {
	s := newTestServer(t)
	ann := s.createOwner("ann")
	general := s.listChats(ann)[0]
	first := s.post(ann, general.ID, "before the backup")
	ctx, cancel := context.WithCancel(context.Background())
	var posting sync.WaitGroup
	posting.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			s.call(ann.Token, "POST", "/api/chats/"+string(general.ID)+"/messages", map[string]any{"clientId": fmt.Sprint(i), "text": "more"}, nil)
		}
	})
	dir := t.TempDir()
	file := filepath.Join(dir, "copy.db")
	out, stderr, code := runParley(t, "backup", file, "--store", s.store)
	cancel()
	posting.Wait()
	if code != 0 || out != file+"\n" {
		t.Fatalf("exit %d, %q, %q", code, out, stderr)
	}
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
	last := s.post(ann, general.ID, "after the backup")
	var before struct{ Epoch string }
	events := "/api/chats/" + string(general.ID) + "/events?"
	s.mustCall(200, ann.Token, "GET", events+"after=0", nil, &before)

	for name, args := range map[string][]string{"running": {"--store", s.store}, "stopped": {"--store", s.store, "--listen", s.addr}} {
		if name == "stopped" {
			s.stop()
		}
		another := filepath.Join(dir, name)
		if out, stderr, code := runParley(t, append([]string{"backup", another}, args...)...); code != 0 || out != another+"\n" {
			t.Errorf("%s: exit %d, %q, %q", name, code, out, stderr)
		}
		if _, stderr, code := runParley(t, append([]string{"backup", file}, args...)...); code != 1 || !strings.Contains(stderr, file+" exists already") || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s, the file exists: exit %d, %q", name, code, stderr)
		}
		if name == "stopped" {
			s.start()
		}
	}
	s.stop()
	s.restore(file)
	s.start()
	var page struct {
		Epoch  string
		Events []chat.Event
		Head   chat.Seq
	}
	s.mustCall(200, ann.Token, "GET", events+"after=0&limit=1000", nil, &page)
	if page.Epoch == before.Epoch || page.Head < first.Seq || page.Head >= last.Seq || page.Events[first.Seq-1].Text != first.Text {
		t.Errorf("epoch %q after %q, head %d, first %d, last %d", page.Epoch, before.Epoch, page.Head, first.Seq, last.Seq)
	}
	s.mustCall(409, ann.Token, "GET", fmt.Sprintf("%safter=%d&epoch=%s", events, first.Seq, before.Epoch), nil, nil)
	for _, codec := range []*wire.Codec{wire.MsgPack, wire.JSON} {
		for _, at := range []map[chat.ChatID]int64{nil, {general.ID: first.At}} {
			got := s.resume(ann, codec, wire.Command{ID: 2, Do: "resume", Epoch: before.Epoch, Seen: map[chat.ChatID]chat.Seq{general.ID: first.Seq}, At: at})
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
	s.post(ann, general.ID, "goes on")
}

// backup refuses a store that is not an existing SQLite database.
func TestBackupOfOtherStoresIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "copy")
	for store, want := range map[string]string{
		"mongodb://ann:hunter2@127.0.0.1:1/parley?replicaSet=rs0": "mongodump --uri",
		"sqlite:" + filepath.Join(t.TempDir(), "none.db"):         "none.db",
	} {
		_, stderr, code := runParley(t, "backup", file, "--store", store)
		if code != 1 || !strings.Contains(stderr, want) || strings.Count(stderr, "\n") != 1 || strings.Contains(stderr, "hunter2") {
			t.Errorf("%s: exit %d, %q", store, code, stderr)
		}
	}
	if _, stderr, code := runParley(t, "backup"); code != 1 || !strings.Contains(stderr, "<file>") {
		t.Errorf("without a file: exit %d, %q", code, stderr)
	}
}

// A restored MongoDB backup whose epoch was emptied, as docs/operations.md
// describes, has another epoch: a client with the old one gets a reset.
func TestRestoredMongoBackupHasAnotherEpoch(t *testing.T) {
	db := mongotest.Start(t)
	s := newMongoServer(t, db.URL("parley"))
	s.start()
	t.Cleanup(s.kill)
	ann := s.createOwner("ann")
	general := s.listChats(ann)[0]
	var page struct{ Epoch string }
	s.mustCall(200, ann.Token, "GET", "/api/chats/"+string(general.ID)+"/events?after=0", nil, &page)
	s.stop()

	c, err := mongo.Connect(options.Client().ApplyURI(s.store))
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

	s.start()
	events := "/api/chats/" + string(general.ID) + "/events?after=1&epoch="
	s.mustCall(409, ann.Token, "GET", events+page.Epoch, nil, nil)
	before := page.Epoch
	s.mustCall(200, ann.Token, "GET", events, nil, &page)
	if page.Epoch == "" || page.Epoch == before {
		t.Errorf("the epoch is %q, it was %q", page.Epoch, before)
	}
}

// If the epoch of a restored MongoDB backup was not emptied, the time of the last
// seen event shows that the history is another one.
func TestRestoredMongoBackupWithOldEpoch(t *testing.T) {
	db := mongotest.Start(t)
	s := newMongoServer(t, db.URL("parley"))
	s.start()
	t.Cleanup(s.kill)
	ann := s.createOwner("ann")
	general := s.listChats(ann)[0]
	kept := s.post(ann, general.ID, "kept")
	lost := s.post(ann, general.ID, "lost")
	s.stop()

	c, err := mongo.Connect(options.Client().ApplyURI(s.store))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	gone, err := c.Database("parley").Collection("events").DeleteOne(ctx, bson.D{{Key: "chat", Value: general.ID}, {Key: "seq", Value: lost.Seq}})
	if err != nil || gone.DeletedCount != 1 || c.Disconnect(ctx) != nil {
		t.Fatal(gone, err)
	}

	s.start()
	again := s.post(ann, general.ID, "another one")
	if again.Seq != lost.Seq || again.At == lost.At {
		t.Fatalf("the lost event is %d at %d, the new one %d at %d", lost.Seq, lost.At, again.Seq, again.At)
	}
	at := func(m chat.Message) string {
		return fmt.Sprintf("/api/chats/%s/events?after=%d&at=%d", general.ID, m.Seq, m.At)
	}
	for _, next := range []string{"then", "at last"} { // first the event is the head, then it is below the head
		s.mustCall(409, ann.Token, "GET", at(lost), nil, nil)
		s.mustCall(200, ann.Token, "GET", at(again), nil, nil)
		s.mustCall(200, ann.Token, "GET", at(kept), nil, nil)
		for _, codec := range []*wire.Codec{wire.MsgPack, wire.JSON} {
			var page struct{ Epoch string }
			s.mustCall(200, ann.Token, "GET", at(kept), nil, &page)
			for _, seen := range []chat.Message{lost, again} {
				got := s.resume(ann, codec, wire.Command{ID: 2, Do: "resume", Epoch: page.Epoch,
					Seen: map[chat.ChatID]chat.Seq{general.ID: seen.Seq}, At: map[chat.ChatID]int64{general.ID: seen.At}})
				reset := slices.ContainsFunc(got, func(v wire.Signal) bool { return v.Signal == wire.SignalReset })
				if reset != (seen.At == lost.At) {
					t.Errorf("codec %s, seen at %d: %+v", codec.Protocol, seen.At, got)
				}
			}
		}
		s.post(ann, general.ID, next)
	}
}
