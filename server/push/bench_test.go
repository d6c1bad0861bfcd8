package push

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"parley/chat"
	"parley/middleware"
	"parley/server/audit"
	"parley/server/service"
	"parley/store/sqlite"
)

type accept struct{}

func (accept) RoundTrip(r *http.Request) (*http.Response, error) {
	_, _ = io.Copy(io.Discard, r.Body)
	return status(201), nil
}

// BenchmarkPush prepares and sends the push of one message to a member of ten chats.
func BenchmarkPush(b *testing.B) {
	log := slog.New(slog.DiscardHandler)
	store, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "parley.db"), log)
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	sampler := middleware.NewLogSampler(log)
	events := audit.New(log, sampler)
	x := &testPushes{t: b, host: "push.example", store: store, Pushes: New(Config{Service: service.New(service.Config{Store: store, Errors: service.ErrorLog{Log: log, Sampler: sampler}, Audit: events}),
		Log: log, Audit: events, On: true, Transport: accept{}, Presence: nobody{}})}
	ann, _ := x.user("ann")
	bob, session := x.user("bob")
	var due []chat.QueuedPush
	for i := range 10 {
		id := x.group(ann, bob)
		x.post(ann, id, fmt.Sprint("message ", i))
		due = []chat.QueuedPush{{Session: session, User: bob.ID, ChatID: id, Seq: 3, Count: 1, At: time.Now().UnixMilli(), Due: 1}}
	}
	client, _, err := x.open(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	s := newSender(x.Pushes, client)
	d := &device{session: session, user: bob.ID}
	b.ReportAllocs()
	for b.Loop() {
		s.history = newHistory()
		if o := s.send(b.Context(), d, due); len(o.ended) != 1 || o.last.Result != "accepted" {
			b.Fatalf("%+v", o)
		}
	}
}
