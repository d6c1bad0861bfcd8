package server

import (
	"context"
	"slices"
	"time"

	"parley/chat"
	"parley/hub"
	"parley/wire"
)

// revoke closes the sockets of sessions that ended. One that is in the middle of
// hello is found too, since it was bound before its session was checked.
func (s *Server) revoke(r *chat.Revocation) {
	s.each(r.UserID, func(c *session) {
		if slices.Contains(r.Sessions, c.id) {
			c.end(wire.CloseSessionEnded, "this session has ended", 0)
		}
	})
	s.hub.Each(pollOwner(r.UserID), func(conn *hub.Conn) {
		if p, ok := conn.Tag().(*poll); ok && slices.Contains(r.Sessions, p.id) {
			p.wake() // it finds out by itself
		}
	})
}

// checkSessions asks the store now and then which sessions ended, in one query
// for all sockets: it finds those that nobody ended (SessionTTL), and would find
// one whose revocation was missed.
func (s *Server) checkSessions(ctx context.Context) error {
	tick := time.NewTicker(s.pace.check)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
		byID := map[chat.SessionID][]*session{}
		s.hub.All(func(conn *hub.Conn) {
			// Once bound, who it is does not change.
			if c, ok := conn.Tag().(*session); ok && conn.Owner() != "" {
				byID[c.id] = append(byID[c.id], c)
			}
		})
		if len(byID) == 0 {
			continue
		}
		ids := make([]chat.SessionID, 0, len(byID))
		for id := range byID {
			ids = append(ids, id)
		}
		ended, err := s.Store.Ended(ctx, ids)
		if err != nil {
			s.blame(ctx, err) // the next round asks again
			continue
		}
		for _, id := range ended {
			for _, c := range byID[id] {
				c.end(wire.CloseSessionEnded, "this session has ended", 0)
			}
		}
	}
}
