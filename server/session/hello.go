package session

import (
	"slices"
	"time"

	"parley/chat"
	"parley/server/audit"
	"parley/server/service"
	"parley/wire"
)

const (
	helloLast = 50   // chats of hello that carry their newest message
	maxPeers  = 1000 // direct peers whose presence is told

	partBytes  = 8 << 10 // of one part of a hello, about
	entryBytes = 200     // of one entry of hello beside its texts, about
)

func (c *Session) startHello(t *task) {
	done := make(chan struct{})
	c.helloDone = done
	c.schedule(func() { defer close(done); c.hello(&t.Command) })
}

// hello answers with the user and their chats; the subscriber runs it.
// Nothing is delivered before the reply, and then not before the first resume, another
// command or a moment (holdDelivery).
func (c *Session) hello(cmd *wire.Command) {
	h, err := c.identify(cmd)
	c.Audit.Write(c.ctx, audit.Event{Kind: audit.Hello, Actor: string(c.user), Target: string(c.id), Address: c.address, Err: err})
	if err != nil {
		c.refuseHello(cmd.ID, err)
		return
	}
	if c.peer.Identified != nil {
		c.peer.Identified()
	}
	c.peer = nil
	c.Presence.Arrive(c.user)
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
	c.conn.Listen(service.UserTopic(c.user))
	c.holdDelivery()
	c.schedule(func() { c.focus.watchPeers(peers) })
}

// sendParts sends the chats and users of h before the reply, in values of about
// partBytes, and removes them from h, so that a peer on a slow line receives something
// all the time. It reports false if the session has ended.
func (c *Session) sendParts(id uint64, h *wire.Hello) bool {
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

// identify finds out who the peer is and joins its chats. Each check comes after the
// step from which on a change would be noticed:
//
//	attached (Open)         a lost feed closes the connection
//	ready                   a feed that is lost from here on closes the connection
//	Bind                    an ended session is found by its user
//	session checked again   it may have ended between its reading and Bind
//	Join of each chat       a removal evicts the collecting member
//	chats read again        those gone meanwhile are left; the heads are at least as
//	                        old as what the topics collect
func (c *Session) identify(cmd *wire.Command) (*wire.Hello, error) {
	if err := c.Ready(c.ctx); err != nil {
		return nil, err
	}
	user, session, err := c.credentials(cmd)
	if err != nil {
		return nil, err
	}
	// Before anything is bound: a resume that was sent along is refused with it.
	if cmd.As != "" && cmd.As != user.ID {
		return nil, chat.FailField(chat.NoIdentity, "as", "the credentials are not those of the user that as names")
	}
	c.user, c.id, c.began = user.ID, session.ID, session.CreatedAt
	if !c.conn.Bind(string(c.user), c.Sockets) {
		return nil, chat.FailAfter(chat.RateLimited, reconnectDelay(), "this user has as many sockets as are allowed")
	}
	c.uncount()
	if err := c.Service.SessionLive(c.ctx, c.user, c.id, c.began); err != nil {
		return nil, err
	}
	if err := c.Service.Spend(c.user, 0); err != nil {
		return nil, err // before anything is read for it
	}
	ids, err := c.Service.ChatIDs(c.ctx, c.user)
	if err != nil {
		return nil, err
	}
	if err := c.Service.SpendHello(c.user, len(ids)); err != nil {
		return nil, err
	}
	joined := make(map[chat.ChatID]bool, len(ids))
	for _, id := range ids {
		c.conn.Join(string(id))
		joined[id] = true
	}
	chats, err := c.Service.ChatsOf(c.ctx, c.user, chat.ChatList{WithLast: helloLast})
	if err != nil {
		return nil, err
	}
	h := &wire.Hello{Epoch: c.Service.Epoch(), Version: c.Version, Now: chat.Now(), Limits: c.Service.Limits(), HeartbeatMs: c.Heartbeat.Milliseconds()}
	named := service.UserSet{}
	named.Add(c.user)
	c.held = make(map[chat.ChatID]service.Position, len(chats))
	h.Chats = slices.DeleteFunc(chats, func(one chat.Chat) bool {
		if !joined[one.ID] {
			return true // joined since: its joined event subscribes the session
		}
		delete(joined, one.ID)
		c.held[one.ID] = service.HeadOf(&one)
		named.Chat(&one)
		return false
	})
	for id := range joined {
		c.conn.Leave(string(id)) // left since
	}
	if h.Users, err = c.Service.Users(c.ctx, named.List()); err != nil {
		return nil, err
	}
	if h.Settings, err = c.Service.Settings(c.ctx, c.user); err != nil {
		return nil, err
	}
	h.Me = user
	for _, u := range h.Users {
		if u.ID == c.user {
			h.Me = u // the credentials may have been read a while ago
		}
	}
	return h, nil
}

// credentials returns the holder of the command's token, or else whom the credentials
// of the request name.
func (c *Session) credentials(cmd *wire.Command) (chat.User, chat.Session, error) {
	switch {
	case cmd.Token != "":
		return c.Service.IdentifyToken(c.ctx, cmd.Token, c.peer.Address)
	case c.peer.Err != nil:
		return chat.User{}, chat.Session{}, c.peer.Err
	case !c.peer.known():
		return chat.User{}, chat.Session{}, chat.FailField(chat.NoIdentity, "token", "hello needs a token")
	}
	return c.peer.User, c.peer.Session, nil
}

// refuseHello answers a hello that failed and closes the connection with a code that
// says whether to reconnect.
func (c *Session) refuseHello(id uint64, err error) {
	if c.ctx.Err() != nil {
		return
	}
	e := chat.AsError(err)
	p := pendingClose{closeInternal, "hello failed", reconnectDelay()}
	switch e.Code {
	case chat.BadInput: // of a CONNECT of Socket.IO
		p = pendingClose{wire.CloseProtocol, e.Message, 0}
	case chat.NoIdentity:
		p = pendingClose{wire.CloseRefused, e.Message, 0}
	case chat.RateLimited:
		p = pendingClose{wire.CloseOverLimit, e.Message, time.Duration(e.RetryAfterMs) * time.Millisecond}
	}
	c.closeAfter(id, err, p)
}
