package server

import (
	"context"
	"sync"
	"time"

	"parley/chat"
)

// recentFor is how long what the store said may be said again. It keeps the
// promise that a session which ended on another replica is refused here within
// a second, whatever becomes of the feed.
const recentFor = 500 * time.Millisecond

// recent keeps values for a moment, so that what many ask for, or one asks for
// again and again, is read once. All go together, so that none outlives its use.
type recent[K comparable, V any] struct {
	most int // values; static

	mu     sync.Mutex
	era    uint64      // guarded by mu: forget begins another
	values map[K]V     // guarded by mu; nil: none
	end    *time.Timer // guarded by mu: forgets values recentFor after the first; nil without any
}

// get gives a value that is not too old. Whoever finds none reads it and puts
// it back with the era.
func (r *recent[K, V]) get(k K) (v V, ok bool, era uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, ok = r.values[k]
	return v, ok, r.era
}

// put keeps v, unless it was read in an era that has ended: then it may be what
// forget was called for.
func (r *recent[K, V]) put(k K, v V, era uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if era != r.era || len(r.values) >= r.most {
		return
	}
	if r.values == nil {
		r.values = map[K]V{}
		r.end = time.AfterFunc(recentFor, r.forget)
	}
	r.values[k] = v
}

func (r *recent[K, V]) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.end != nil {
		r.end.Stop()
	}
	r.era++
	r.values, r.end = nil, nil
}

// memory is the store with a short memory for who holds a token and whom an id
// names. What changes either through it is seen at once: the call forgets before
// it returns. What another replica changed is seen when the feed tells, and
// otherwise after recentFor. Nothing is remembered of who is in which chat.
type memory struct {
	chat.Store
	holders recent[[32]byte, holder]
	users   recent[chat.UserID, chat.User]
	pages   recent[pageKey, page] // history.go

	revocations *revocations // that the store has not saved
}

type holder struct {
	user    chat.User
	session chat.Session
}

func remember(store chat.Store) *memory {
	m := &memory{Store: store, revocations: newRevocations()}
	m.holders.most, m.users.most, m.pages.most = 4096, 4096, 64
	return m
}

// forget must follow every change of users or sessions.
func (m *memory) forget() {
	m.holders.forget()
	m.users.forget()
	m.pages.forget()
}

// Identify is [chat.Sessions].Identify. A refusal is not remembered.
func (m *memory) Identify(ctx context.Context, tokenHash [32]byte) (chat.User, chat.Session, error) {
	h, ok, era := m.holders.get(tokenHash)
	if ok {
		return h.user, h.session, nil
	}
	user, session, err := m.identify(ctx, tokenHash)
	if err == nil {
		m.holders.put(tokenHash, holder{user, session}, era)
	}
	return user, session, err
}

// Users is [chat.People].Users.
func (m *memory) Users(ctx context.Context, ids []chat.UserID) ([]chat.User, error) {
	users := make([]chat.User, 0, len(ids))
	var unknown []chat.UserID
	var since uint64
	for _, id := range ids {
		u, ok, era := m.users.get(id)
		if ok {
			users = append(users, u)
			continue
		}
		if unknown == nil {
			since = era
		}
		unknown = append(unknown, id)
	}
	if unknown == nil {
		return users, nil
	}
	read, err := m.Store.Users(ctx, unknown)
	if err != nil {
		return nil, err
	}
	for _, u := range read {
		m.users.put(u.ID, u, since)
	}
	return append(users, read...), nil
}
