package cached

import (
	"context"

	"parley/chat"
)

// Store is a store with a short cache of sessions by token, users by id, and each chat's
// newest page. A change through it clears the cache before the call returns. A
// change by another replica is seen when the feed reports it, and otherwise after
// cacheTTL. Memberships are never cached.
type Store struct {
	chat.Store
	holders ttlCache[[32]byte, holder]
	users   ttlCache[chat.UserID, chat.User]
	Pages   Pages

	revocations revocations // that are not saved yet
}

type holder struct {
	user    chat.User
	session chat.Session
}

// New returns a Store over another one; Run is its only goroutine. enforce closes what a
// revocation that could not be saved leaves open, and readmit opens it again. They are
// called from any goroutine.
func New(store chat.Store, enforce, readmit func(Revocation)) *Store {
	s := &Store{Store: store}
	s.holders.max, s.users.max, s.Pages.cache.max = 4096, 4096, 64
	s.revocations = revocations{
		enforce: func(r Revocation) { s.Clear(); enforce(r) },
		readmit: func(r Revocation) { s.Clear(); readmit(r) },
		wake:    make(chan struct{}, 1),
		list:    map[Revocation]*unsaved{},
	}
	return s
}

// Run retries to save revocations until ctx ends.
func (s *Store) Run(ctx context.Context) error { return s.revocations.run(ctx) }

// Unsaved returns the number of revocations that are not saved yet.
func (s *Store) Unsaved() int { return int(s.revocations.n.Load()) }

// Clear empties the cache. It must follow every change of users or sessions.
func (s *Store) Clear() {
	s.holders.clear()
	s.users.clear()
	s.Pages.Clear()
}

// Identify is [chat.Sessions].Identify. A refusal is not cached.
func (s *Store) Identify(ctx context.Context, tokenHash [32]byte) (chat.User, chat.Session, error) {
	h, ok, generation := s.holders.get(tokenHash)
	if ok {
		return h.user, h.session, nil
	}
	user, session, err := s.IdentifyNow(ctx, tokenHash)
	if err == nil {
		s.holders.put(tokenHash, holder{user, session}, generation)
	}
	return user, session, err
}

// Users is [chat.People].Users.
func (s *Store) Users(ctx context.Context, ids []chat.UserID) ([]chat.User, error) {
	users := make([]chat.User, 0, len(ids))
	var unknown []chat.UserID
	var since uint64
	for _, id := range ids {
		u, ok, generation := s.users.get(id)
		if ok {
			users = append(users, u)
			continue
		}
		if unknown == nil {
			since = generation
		}
		unknown = append(unknown, id)
	}
	if unknown == nil {
		return users, nil
	}
	read, err := s.Store.Users(ctx, unknown)
	if err != nil {
		return nil, err
	}
	for _, u := range read {
		s.users.put(u.ID, u, since)
	}
	return append(users, read...), nil
}
