package live

import (
	"context"
	"log/slog"
	"math"
	"slices"
	"time"

	"parley/chat"
	"parley/hub"
	"parley/server/service"
	"parley/store/cached"
)

// revoke closes the connections of sessions that ended. One that is in the middle of
// hello is found too, since it was bound before its session was checked.
func (l *Live) revoke(r *chat.Revocation) {
	for _, owner := range []string{string(r.UserID), service.PollOwner(r.UserID)} {
		l.Hub.Each(owner, func(conn *hub.Conn) {
			if c, ok := conn.Tag().(Conn); ok && slices.Contains(r.Sessions, c.SessionID()) {
				c.SessionEnded()
			}
		})
	}
}

// checkSessions asks the store at an interval which sessions have ended, in one query
// for all sockets: it finds those that expired (chat.SessionTTL), and would find one
// whose revocation was missed.
func (l *Live) checkSessions(ctx context.Context) error {
	tick := time.NewTicker(l.Intervals.Check)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
		byID := map[chat.SessionID][]Subscriber{}
		l.Hub.All(func(conn *hub.Conn) {
			// Once bound, the session id does not change.
			if s, ok := conn.Tag().(Subscriber); ok && conn.Owner() != "" {
				byID[s.SessionID()] = append(byID[s.SessionID()], s)
			}
		})
		if len(byID) == 0 {
			continue
		}
		ids := make([]chat.SessionID, 0, len(byID))
		for id := range byID {
			ids = append(ids, id)
		}
		ended, err := l.Store.Ended(ctx, ids)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			// The next round asks again.
			l.Log.LogAttrs(ctx, slog.LevelError, "checking sessions failed", slog.String("error", err.Error()))
			continue
		}
		for _, id := range ended {
			for _, s := range byID[id] {
				s.SessionEnded()
			}
		}
	}
}

// Enforce closes what a revocation leaves open that the store could not save: the user's
// connections whose session it ends, or the chat on them.
func (l *Live) Enforce(r cached.Revocation, ends func(chat.UserID, chat.SessionID, int64) bool) {
	if r.Chat != "" {
		l.Hub.Evict(string(r.User), string(r.Chat), math.MaxInt64)
		l.each(r.User, func(s Subscriber) { s.Left(r.Chat) })
	} else if !r.Role {
		l.each(r.User, func(s Subscriber) {
			if ends(r.User, s.SessionID(), s.Began()) {
				s.SessionEnded()
			}
		})
	}
	l.Hub.Each(service.PollOwner(r.User), func(conn *hub.Conn) {
		if c, ok := conn.Tag().(Conn); ok {
			c.SessionEnded() // a waiting call asks the store again
		}
	})
}

// Readmit subscribes a member's sockets again to a chat from which Enforce removed them.
func (l *Live) Readmit(r cached.Revocation) {
	if r.Chat != "" {
		l.each(r.User, func(s Subscriber) { s.Joined(r.Chat) })
	}
}
