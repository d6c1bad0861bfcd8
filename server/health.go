package server

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"golang.org/x/sync/singleflight"

	"parley/chat"
	"parley/middleware"
	"parley/search/index"
	"parley/server/api"
	"parley/server/audit"
	"parley/server/response"
	"parley/server/service"
)

// health has the handlers of /healthz and /readyz.
type health struct {
	api   *api.API
	store chat.Store
	index *index.Index
	ready func() error   // returns why the server is not ready, or nil
	cache readinessCache // when the store last answered
}

// getHealth answers 200 as long as the process runs, whatever the store does.
func (h *health) getHealth(w http.ResponseWriter, r *http.Request) error {
	return h.answerOK(w, r, "", 0)
}

// Waiting returns the handler that is used until the store can be reached: /healthz
// answers 200, everything else 503 with a delay of a second.
func Waiting(log *slog.Logger) http.Handler {
	sampler := middleware.NewLogSampler(log)
	a := api.New(api.Config{Errors: service.ErrorLog{Log: log, Sampler: sampler}, Audit: audit.New(log, sampler)})
	h := &health{api: a}
	r := http.NewServeMux()
	r.HandleFunc("GET /healthz", a.Handle(h.getHealth))
	r.HandleFunc("/", a.Handle(func(http.ResponseWriter, *http.Request) error {
		return chat.FailAfter(chat.Unavailable, time.Second, "the server is waiting for its store")
	}))
	return r
}

// getReady answers 200 if clients should be sent here: the store answers, the feed is
// open, and no stop has begun. A full disk is 200 too, since reading, signing out and
// deleting work; the answer says that the disk is full. It says, too, how far back messages
// are indexed while not all of them are.
func (h *health) getReady(w http.ResponseWriter, r *http.Request) error {
	if err := h.ready(); err != nil {
		return err
	}
	if err := h.cache.check(r.Context(), h.store.Ping); err != nil {
		return err
	}
	disk := ""
	if h.store.Full() {
		disk = "full"
	}
	return h.answerOK(w, r, disk, h.index.IndexedFrom())
}

func (h *health) answerOK(w http.ResponseWriter, r *http.Request, disk string, indexedFrom int64) error {
	w.Header().Set("Cache-Control", "no-store")
	response.Write(w, r, http.StatusOK, struct {
		OK          bool   `json:"ok" msgpack:"ok"`
		Disk        string `json:"disk,omitempty" msgpack:"disk,omitempty"`               // "full"
		IndexedFrom int64  `json:"indexedFrom,omitempty" msgpack:"indexedFrom,omitempty"` // ms: older messages are not indexed yet
	}{true, disk, indexedFrom})
	return nil
}

const (
	readyFor    = time.Second     // how long a success of the store is cached: a check costs it a write and needs no identity
	pingTimeout = 5 * time.Second // for the store's answer
)

// readinessCache caches when the store last answered.
type readinessCache struct {
	calls singleflight.Group
	at    time.Time // owned by the call under way; when the store last answered
}

// check calls ping unless a success is cached. Callers that come meanwhile wait for the
// same answer, no longer than pingTimeout. A failure is not cached, so that a store that
// has recovered is noticed at once.
func (p *readinessCache) check(ctx context.Context, ping func(context.Context) error) error {
	_, err, _ := p.calls.Do("", func() (any, error) {
		if time.Since(p.at) < readyFor {
			return nil, nil
		}
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), pingTimeout)
		defer cancel()
		err := ping(bounded)
		if err == nil {
			p.at = time.Now()
		}
		return nil, err
	})
	return err
}
