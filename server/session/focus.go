package session

import (
	"slices"

	"parley/chat"
	"parley/server/service"
	"parley/wire"
)

// maxFocus bounds the chats that one session shows at the same time.
const maxFocus = 20

func (c *Session) typing(t *task) {
	err := chat.CheckID("chatId", t.ChatID)
	if err == nil {
		err = c.Service.Typing(c.ctx, c.user, t.ChatID)
	}
	c.answer(t.ID, nil, err)
}

// focus replaces the chats that the client shows. The session receives typing and read
// signals of them and, in small chats, the presence of their members.
func (c *Session) focus(t *task) {
	members, err := c.membersOf(t.ChatIDs)
	if c.conn.Room(c.ctx) != nil {
		return // the connection has ended
	}
	if err == nil {
		c.setFocus(t.ChatIDs, members)
	}
	c.answer(t.ID, nil, err)
}

// membersOf returns the members of those of the chats that are small, without the user.
func (c *Session) membersOf(ids []chat.ChatID) (map[chat.UserID]bool, error) {
	if len(ids) > maxFocus {
		return nil, chat.FailField(chat.BadInput, "chatIds", "at most %d chats can be looked at", maxFocus)
	}
	members := map[chat.UserID]bool{}
	for _, id := range ids {
		if err := chat.CheckID("chatIds", id); err != nil {
			return nil, err
		}
		some, err := c.Service.Members(c.ctx, c.user, id, "", chat.TypingChat+1)
		if chat.Is(err, chat.NotFound) {
			return nil, chat.FailField(chat.NotFound, "chatIds", "there is no chat %s", id)
		}
		if err != nil {
			return nil, err
		}
		if len(some) > chat.TypingChat {
			continue
		}
		for i := range some {
			members[some[i].UserID] = true
		}
	}
	delete(members, c.user)
	return members, nil
}

func (c *Session) setFocus(ids []chat.ChatID, members map[chat.UserID]bool) {
	c.focusMu.Lock()
	defer c.focusMu.Unlock()
	for _, id := range c.focused {
		if !slices.Contains(ids, id) {
			c.conn.Leave(service.FocusTopic(id))
		}
	}
	c.focused = ids
	for _, id := range ids {
		c.listenFocus(id)
	}
	var watched []chat.UserID
	for _, u := range c.watched {
		if members[u] {
			watched = append(watched, u)
			delete(members, u)
		} else {
			c.conn.Leave(service.PresenceTopic(u))
		}
	}
	for u := range members {
		if !c.conn.In(service.PresenceTopic(u)) { // a direct peer is watched already
			watched = append(watched, u)
			c.watch(u)
		}
	}
	c.watched = watched
}

// listenFocus subscribes the session to a chat's focus topic if it has joined the chat:
// otherwise subscribe does it later. c.focusMu is held.
func (c *Session) listenFocus(id chat.ChatID) {
	c.conn.Listen(service.FocusTopic(id))
	// After Listen: from here on a removal takes the session off the topic.
	if !c.conn.In(string(id)) {
		c.conn.Leave(service.FocusTopic(id))
	}
}

// refocus is called for a chat that was just joined and may have the focus already.
func (c *Session) refocus(id chat.ChatID) {
	c.focusMu.Lock()
	defer c.focusMu.Unlock()
	if slices.Contains(c.focused, id) {
		c.listenFocus(id)
	}
}

// unfocus removes a chat that was left. The presence of its members is told until the
// next focus: only their chat was private.
func (c *Session) unfocus(id chat.ChatID) {
	c.focusMu.Lock()
	defer c.focusMu.Unlock()
	c.conn.Leave(service.FocusTopic(id))
	c.focused = slices.DeleteFunc(c.focused, func(x chat.ChatID) bool { return x == id })
}

// watchPeers tells the presence of those with whom the user has a direct chat.
func (c *Session) watchPeers(peers []chat.UserID) {
	for _, u := range peers {
		if c.conn.Room(c.ctx) != nil {
			return
		}
		c.watchPeer(u)
	}
}

// watchPeer tells a direct peer's presence for as long as the session lives.
func (c *Session) watchPeer(u chat.UserID) {
	c.focusMu.Lock()
	defer c.focusMu.Unlock()
	c.watched = slices.DeleteFunc(c.watched, func(x chat.UserID) bool { return x == u })
	c.watch(u)
}

func (c *Session) watch(u chat.UserID) {
	c.Presence.Watch(c.conn, u, func(online bool) { c.send(wire.Presence(u, online)) })
}
