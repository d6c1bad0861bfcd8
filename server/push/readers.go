package push

import (
	"sync"

	"parley/chat"
)

// readers are users who have read something. They are collected while this server sends
// pushes.
type readers struct {
	mu    sync.Mutex
	on    bool                     // guarded by mu
	users map[chat.UserID]struct{} // guarded by mu
	wake  chan struct{}            // has a token when there are users
}

func newReaders() *readers { return &readers{wake: make(chan struct{}, 1)} }

// set switches the collection on or off.
func (r *readers) set(on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.on, r.users = on, map[chat.UserID]struct{}{}
}

// add adds a user.
func (r *readers) add(u chat.UserID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.on || len(r.users) >= maxMarks { // then the next push closes what they read
		return
	}
	r.users[u] = struct{}{}
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// take returns the users and removes them.
func (r *readers) take() map[chat.UserID]struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	users := r.users
	r.users = map[chat.UserID]struct{}{}
	return users
}
