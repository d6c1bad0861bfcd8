package server

import (
	"context"
	"slices"

	"parley/chat"
	"parley/hub"
	"parley/wire"
)

// maxFocus bounds how many chats one session looks at.
const maxFocus = 20

// signal routes what the feed told; each kind has a bounded audience.
func (s *Server) signal(ctx context.Context, sig *chat.Signal) {
	switch sig.Kind {
	case chat.SignalTyping:
		s.tell(wire.Signal{Signal: string(sig.Kind), ChatID: sig.ChatID, By: sig.By}, focusTopic(sig.ChatID))
	case chat.SignalRead:
		topics := []string{userTopic(sig.By)}
		if sig.Small {
			topics = append(topics, focusTopic(sig.ChatID))
		}
		s.tell(wire.Signal{Signal: string(sig.Kind), ChatID: sig.ChatID, By: sig.By, Seq: sig.Seq}, topics...)
	case chat.SignalUser:
		users, err := s.Store.Users(ctx, []chat.UserID{sig.By})
		if err == nil && len(users) == 1 {
			s.tell(wire.Signal{Signal: string(sig.Kind), User: &users[0]}, userTopic(sig.By), presenceTopic(sig.By))
		}
	case chat.SignalPresence:
		s.presence.hear(sig)
	}
}

// tell hands one signal to who listens now.
func (s *Server) tell(sig wire.Signal, topics ...string) {
	f := hub.NewFrame(func(codec int) []byte { return wire.Codecs[codec].Encode(sig) })
	for _, t := range topics {
		s.hub.Publish(t, 0, f)
	}
}

// typing tells the others who look at a chat that is not too large.
func (c *session) typing(id chat.ChatID) error {
	cost := price{posts: signalCost}
	if err := c.s.charge(c.user, cost); err != nil {
		return err
	}
	one, err := c.chat(id)
	if err != nil || one.MemberCount > chat.TypingChat {
		c.s.refund(c.user, cost)
		return err
	}
	return c.s.Store.Tell(c.ctx, chat.Signal{Kind: chat.SignalTyping, ChatID: id, By: c.user})
}

// focus replaces the chats that the session looks at: their typing and read
// pointers, and the presence of their members where they are few.
func (c *session) focus(ids []chat.ChatID) error {
	if len(ids) > maxFocus {
		return chat.FailField(chat.BadInput, "chatIds", "at most %d chats can be looked at", maxFocus)
	}
	members := map[chat.UserID]bool{}
	for _, id := range ids {
		if err := chat.CheckID("chatIds", id); err != nil {
			return err
		}
		some, err := c.s.Store.Members(c.ctx, c.user, id, "", chat.TypingChat+1)
		if err != nil {
			if chat.Is(err, chat.NotFound) {
				return chat.FailField(chat.NotFound, "chatIds", "there is no chat %s", id)
			}
			return err
		}
		if len(some) > chat.TypingChat {
			continue
		}
		for i := range some {
			members[some[i].UserID] = true
		}
	}
	delete(members, c.user)
	if c.conn.Room(c.ctx) != nil {
		return context.Canceled
	}

	c.looking.Lock()
	defer c.looking.Unlock()
	for _, id := range c.focused {
		if !slices.Contains(ids, id) {
			c.conn.Leave(focusTopic(id))
		}
	}
	c.focused = ids
	for _, id := range ids {
		c.look(id)
	}
	var watching []chat.UserID
	for _, u := range c.watching {
		if members[u] {
			watching = append(watching, u)
			delete(members, u)
		} else {
			c.conn.Leave(presenceTopic(u))
		}
	}
	for u := range members {
		if !c.conn.In(presenceTopic(u)) { // a direct peer's is told anyway
			watching = append(watching, u)
			c.s.presence.watch(c, u)
		}
	}
	c.watching = watching
	return nil
}

// look listens to who looks at a chat, if the session is in it: one that is still
// to be let in is looked at then. c.looking is held.
func (c *session) look(id chat.ChatID) {
	c.conn.Listen(focusTopic(id))
	// Behind the Listen: who is removed from here on is taken off by the pump.
	if !c.conn.In(string(id)) {
		c.conn.Leave(focusTopic(id))
	}
}

// refocus is for a chat that was just joined, and perhaps looked at before.
func (c *session) refocus(id chat.ChatID) {
	c.looking.Lock()
	defer c.looking.Unlock()
	if slices.Contains(c.focused, id) {
		c.look(id)
	}
}

// unfocus stops looking at a chat that went. Its members' presence goes with the
// next focus: only their chat was private.
func (c *session) unfocus(id chat.ChatID) {
	c.looking.Lock()
	defer c.looking.Unlock()
	c.conn.Leave(focusTopic(id))
	c.focused = slices.DeleteFunc(c.focused, func(x chat.ChatID) bool { return x == id })
}

// meetPeers tells the presence of those with whom the user has a direct chat.
func (c *session) meetPeers(peers []chat.UserID) {
	for _, u := range peers {
		if c.conn.Room(c.ctx) != nil {
			return
		}
		c.meet(u)
	}
}

// meet tells a direct peer's presence, for as long as the socket lives.
func (c *session) meet(u chat.UserID) {
	c.looking.Lock()
	defer c.looking.Unlock()
	c.watching = slices.DeleteFunc(c.watching, func(x chat.UserID) bool { return x == u })
	c.s.presence.watch(c, u)
}
