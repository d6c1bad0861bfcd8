package server

import (
	"cmp"
	"slices"
	"time"

	"parley/chat"
	"parley/wire"
)

const (
	helloLast  = 50   // chats of hello that carry their newest message
	maxPeers   = 1000 // direct peers whose presence is told
	maxToken   = 256  // bytes that are hashed; tokens have 43
	partBytes  = 8 << 10
	entryBytes = 200 // about what one entry has beside its texts
	overSocket = "this user has as many sockets as are allowed"
)

// hello says who the peer is and where their chats stand; a job of the pager.
// Its order is what makes it right (see greet); nothing is delivered before its
// reply, and after it not before the first resume, another command or a moment.
func (c *session) hello(cmd *wire.Command) {
	h, err := c.greet(cmd)
	if err != nil {
		c.refuse(cmd.ID, err)
		return
	}
	c.arrival = nil
	c.socket.SetReadLimit(maxMessage)
	c.s.presence.arrive(c.user)
	var peers []chat.UserID
	for i := range h.Chats {
		if u := h.Chats[i].With; u != "" && len(peers) < maxPeers {
			peers = append(peers, u)
		}
	}
	if cmd.Parts {
		c.parts = true
		if !c.sendParts(cmd.ID, h) {
			return
		}
	}
	b := c.codec.Encode(wire.Reply{Re: cmd.ID, OK: h})
	if len(b) > maxValue {
		// Long texts can make this the largest value of all; they are in history.
		for i := range h.Chats {
			h.Chats[i].Last = nil
		}
		b = c.codec.Encode(wire.Reply{Re: cmd.ID, OK: h})
	}
	c.push(b)
	c.conn.Listen(userTopic(c.user))
	c.mu.Lock()
	c.holding = time.AfterFunc(c.s.pace.hold, func() { c.release(true) })
	c.mu.Unlock()
	c.later(func() { c.meetPeers(peers) })
}

// sendParts sends the chats and users of h ahead of it, in values of about
// partBytes, and takes them out of h. A peer on a slow line hears something all
// the time. It reports false when the session ended meanwhile.
func (c *session) sendParts(id uint64, h *wire.Hello) bool {
	for len(h.Chats) > 0 || len(h.Users) > 0 {
		chats, users, size := 0, 0, 0
		for ; chats < len(h.Chats) && size < partBytes; chats++ {
			one := &h.Chats[chats]
			size += entryBytes + len(one.Title) + len(one.Topic)
			if one.Last != nil {
				size += entryBytes + len(one.Last.Text)
			}
		}
		for ; users < len(h.Users) && size < partBytes; users++ {
			size += entryBytes + len(h.Users[users].Status)
		}
		if c.conn.Room(c.ctx) != nil {
			return false
		}
		c.send(wire.Reply{Re: id, Part: &wire.HelloPart{Chats: h.Chats[:chats], Users: h.Users[:users]}})
		h.Chats, h.Users = h.Chats[chats:], h.Users[users:]
	}
	return true
}

// greet identifies the peer and joins their chats. Each check stands behind the
// step from which on a change would be told:
//
//	attached (openSocket)   feed lost: closed
//	feed stands             a feed that is lost from here on closes the socket
//	Bind                    session ended: Server.revoke finds it
//	session checked again   it may have ended between its reading and Bind
//	Join of each chat       member removed: Evict marks the collecting one
//	chats read again        those gone between are left; the heads are at least
//	                        as old as what the topics collect
func (c *session) greet(cmd *wire.Command) (*wire.Hello, error) {
	if err := c.s.feeding.wait(c.ctx); err != nil {
		return nil, err
	}
	user, session, err := c.identify(cmd.Token)
	if err != nil {
		return nil, err
	}
	// Before anything is bound: a resume that came along is refused with it.
	if cmd.As != "" && cmd.As != user.ID {
		return nil, chat.FailField(chat.NoIdentity, "as", "these are the credentials of another user than as names")
	}
	c.user, c.id, c.began = user.ID, session.ID, session.CreatedAt
	if !c.conn.Bind(string(c.user), c.s.Limits.Sockets) {
		return nil, chat.FailAfter(chat.RateLimited, soon(), overSocket)
	}
	c.befriend()
	store := c.s.Store
	if err := c.s.live(c.ctx, c.user, c.id, c.began); err != nil {
		return nil, err
	}
	if err := c.spend(0); err != nil {
		return nil, err // before anything is read for it
	}
	ids, err := store.ChatIDs(c.ctx, c.user)
	if err != nil {
		return nil, err
	}
	if err := c.spendHello((len(ids) + perHello - 1) / perHello); err != nil {
		return nil, err
	}
	joined := make(map[chat.ChatID]bool, len(ids))
	for _, id := range ids {
		c.conn.Join(string(id))
		joined[id] = true
	}
	chats, err := store.ChatsOf(c.ctx, c.user, chat.ChatList{WithLast: helloLast})
	if err != nil {
		return nil, err
	}
	h := &wire.Hello{Epoch: store.Epoch(), Version: c.s.Version, Now: chat.Now(), Limits: c.s.limits(), HeartbeatMs: c.s.sockets.PingEvery.Milliseconds()}
	names := people{}
	names.add(c.user)
	c.held = make(map[chat.ChatID]position, len(chats))
	h.Chats = slices.DeleteFunc(chats, func(one chat.Chat) bool {
		if !joined[one.ID] {
			return true // came since: its joined event lets it in
		}
		delete(joined, one.ID)
		c.held[one.ID] = headOf(&one)
		names.chat(&one)
		return false
	})
	for id := range joined {
		c.conn.Leave(string(id)) // went since
	}
	if h.Users, err = store.Users(c.ctx, names.list()); err != nil {
		return nil, err
	}
	h.Me = user
	for _, u := range h.Users {
		if u.ID == c.user {
			h.Me = u // the upgrade may have been a while ago
		}
	}
	return h, nil
}

// spendHello is spend for a hello. One that is refused costs one token all the
// same, for the look at how many chats there are.
func (c *session) spendHello(cost int) error {
	err := c.spend(cost)
	if err != nil && cost < c.s.Limits.User.N {
		_ = c.spend(1)
		err = c.spend(cost) // says how long to wait now
	}
	return err
}

// identify finds the holder of the token, or of the upgrade's credentials. A
// token is judged by the store itself: who is let in here stays.
func (c *session) identify(token string) (chat.User, chat.Session, error) {
	switch {
	case token != "" && len(token) <= maxToken:
		u, s, err := c.s.memory.identify(c.ctx, chat.SecretHash(token))
		if chat.Is(err, chat.NoIdentity) {
			err = cmp.Or(c.s.attempts.failed(c.arrival.address, byToken), err)
		}
		return u, s, err
	case token != "":
		return chat.User{}, chat.Session{}, chat.FailField(chat.NoIdentity, "token", "this token is not valid")
	case chat.Is(c.arrival.Err, chat.NoIdentity) && !c.arrival.Cookie: // an expired cookie is nobody's guess
		return chat.User{}, chat.Session{}, cmp.Or(c.s.attempts.failed(c.arrival.address, byToken), c.arrival.Err)
	case c.arrival.Err != nil:
		return chat.User{}, chat.Session{}, c.arrival.Err
	case !c.arrival.Known():
		return chat.User{}, chat.Session{}, chat.FailField(chat.NoIdentity, "token", "hello needs a token")
	}
	return c.arrival.User, c.arrival.Session, nil
}

// refuse answers a hello that failed, and ends the socket with a code that says
// whether to come back.
func (c *session) refuse(id uint64, err error) {
	if c.ctx.Err() != nil {
		return
	}
	e := chat.AsError(err)
	f := farewell{closeInternal, "hello failed", soon()}
	switch e.Code {
	case chat.NoIdentity:
		f = farewell{wire.CloseRefused, e.Message, 0}
	case chat.RateLimited:
		f = farewell{wire.CloseOverLimit, e.Message, time.Duration(e.RetryAfterMs) * time.Millisecond}
	}
	c.dismiss(id, err, f)
}
