package server

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"parley/chat"
	"parley/middleware"
	"parley/server/service"
)

// health says that the process lives, whatever the store does.
func (s *Server) health(w http.ResponseWriter, r *http.Request) error {
	return s.well(w, r, "")
}

// Waiting answers while the store cannot be reached yet: the process lives, and
// everything else may be asked again in a second.
func Waiting(log *slog.Logger) http.Handler {
	s := &Server{Config: Config{Log: log}, errors: service.ErrorLog{Log: log, Repeats: middleware.NewRepeats(log)}}
	r := http.NewServeMux()
	r.HandleFunc("GET /healthz", s.handle(s.health))
	r.HandleFunc("/", s.handle(func(http.ResponseWriter, *http.Request) error {
		return chat.FailAfter(chat.Unavailable, time.Second, "the server waits for its store")
	}))
	return r
}

// readiness says whether to send people here: the store answers, the feed
// stands, and no stop has begun. On a full disk it does so too, since reading,
// signing out and deleting go on; the answer says that the disk is full.
func (s *Server) getReady(w http.ResponseWriter, r *http.Request) error {
	if err := s.ready(); err != nil {
		return err
	}
	if err := s.readiness.check(r.Context(), s.service.Ping); err != nil {
		return err
	}
	disk := ""
	if s.service.Full() {
		disk = "full"
	}
	return s.well(w, r, disk)
}

func (s *Server) well(w http.ResponseWriter, r *http.Request, disk string) error {
	w.Header().Set("Cache-Control", "no-store")
	s.answer(w, r, http.StatusOK, struct {
		OK   bool   `json:"ok" msgpack:"ok"`
		Disk string `json:"disk,omitempty" msgpack:"disk,omitempty"` // "full"
	}{true, disk})
	return nil
}

// readyFor is how long a yes of the store stands. To ask costs it a write, and
// anybody may make us ask.
const readyFor = time.Second

// readinessCache knows when the store last answered.
type readinessCache struct {
	turn chan struct{} // held by the caller that asks, which owns at
	at   time.Time
}

// check asks, one caller at a time, unless there was a yes just now. A no is not
// kept, so that the next one hears at once that the store is back.
func (p *readinessCache) check(ctx context.Context, ask func(context.Context) error) error {
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if time.Since(p.at) < readyFor {
		return nil
	}
	err := ask(ctx)
	if err == nil {
		p.at = time.Now()
	}
	return err
}
