package chat

import (
	"cmp"
	"slices"
)

// Session is one signed-in device or program. Only its holder has the token; a
// store keeps the token's hash.
type Session struct {
	ID        SessionID `json:"id" msgpack:"id"`
	UserID    UserID    `json:"-" msgpack:"-"`
	Label     string    `json:"label" msgpack:"label"`     // chosen by the user
	Client    string    `json:"client" msgpack:"client"`   // the User-Agent, shortened
	Address   string    `json:"address" msgpack:"address"` // where it signed in from
	CreatedAt int64     `json:"createdAt" msgpack:"createdAt"`
	SeenAt    int64     `json:"seenAt" msgpack:"seenAt"`
	ExpiresAt int64     `json:"expiresAt" msgpack:"expiresAt"` // it ends then, seen or not
	Current   bool      `json:"current" msgpack:"current"`     // set by the server for the asking session
}

// Bounds of sessions.
const (
	DefaultSessionLife = 90 * 24 * 60 * 60 * 1000 // ms
	MaxSessions        = 100                      // of one user
)

// NewSession is a request for a session; the hash is SecretHash of its token.
type NewSession struct {
	TokenHash              [32]byte
	Label, Client, Address string
	Life                   int64     // ms; 0 is DefaultSessionLife
	Replaces               SessionID // the session that ends in the same commit, of any user; may be empty
}

// Session returns the session with a new id, made for the user at now.
func (n NewSession) Session(user UserID, now int64) Session {
	return Session{ID: NewID[SessionID](), UserID: user, Label: n.Label, Client: n.Client, Address: n.Address,
		CreatedAt: now, SeenAt: now, ExpiresAt: now + cmp.Or(n.Life, DefaultSessionLife)}
}

// Live reports whether the session has neither expired nor been unseen for SessionTTL at
// now.
func (s Session) Live(now int64) bool { return s.SeenAt > SessionsSeen(now) && now < s.ExpiresAt }

// SurplusSessions returns those of a user's sessions that end, so that MaxSessions stay:
// the ones that were seen the longest time ago, but not keep.
func SurplusSessions(all []Session, keep SessionID) (ids []SessionID) {
	if len(all) <= MaxSessions {
		return nil
	}
	others := slices.DeleteFunc(slices.Clone(all), func(s Session) bool { return s.ID == keep })
	slices.SortFunc(others, func(a, b Session) int { return cmp.Or(cmp.Compare(a.SeenAt, b.SeenAt), cmp.Compare(a.ID, b.ID)) })
	for _, s := range others[:len(all)-MaxSessions] {
		ids = append(ids, s.ID)
	}
	return ids
}

// SessionsSeen returns the time after which a session must have been seen to be live
// at now.
func SessionsSeen(now int64) int64 { return now - SessionTTL }

const minute = 60_000 // ms

// SeenOutdated reports whether SeenAt is to be saved anew at now: it is kept to the
// minute.
func (s Session) SeenOutdated(now int64) bool { return now/minute > s.SeenAt/minute }

// CheckSession judges whether the session identifies its user at now. Either is the
// zero value if the store has none.
func CheckSession(u User, s Session, now int64) error {
	if s.ID == "" || !s.Live(now) {
		return SessionEnded()
	}
	return CheckSignIn(u)
}

// CheckSignIn judges whether a user may have a session; u is the zero User if the
// store has none.
func CheckSignIn(u User) error {
	if !u.Active {
		return SessionEnded()
	}
	return nil
}

// EndedSessions returns the ids that are not live.
func EndedSessions(ids []SessionID, live map[SessionID]bool) (ended []SessionID) {
	for _, id := range ids {
		if !live[id] {
			ended = append(ended, id)
		}
	}
	return ended
}

// SessionEnded is the error for the holder of a session that ended.
func SessionEnded() error { return Fail(NoIdentity, "your session has ended, sign in again") }

// NoSession is the error for an id that is not a session of the user.
func NoSession() error { return FailField(NotFound, "sessionId", "there is no such session") }

// Revocation is the end of sessions: their sockets close at once, everywhere.
type Revocation struct {
	UserID   UserID
	Sessions []SessionID
}
