package session

import (
	"slices"
	"sync"

	"parley/chat"
	"parley/server/service"
	"parley/wire"
)

// maxFocus bounds the chats that one session shows at the same time.
const maxFocus = 20

// focus is what the client shows: typing and read signals of these chats are delivered,
// and the presence of the members of small ones.
type focus struct {
	*client // static

	mu      sync.Mutex
	chats   []chat.ChatID                 // guarded by mu: the chats that the client shows
	members map[chat.ChatID][]chat.UserID // guarded by mu: of the small ones, as of the focus
	watched []chat.UserID                 // guarded by mu: users watched only because of chats
}

// membersOf returns the members of those of the chats that are small, without the user.
func (f *focus) membersOf(ids []chat.ChatID) (map[chat.ChatID][]chat.UserID, error) {
	if len(ids) > maxFocus {
		return nil, chat.FailField(chat.BadInput, "chatIds", "at most %d chats can be looked at", maxFocus)
	}
	members := make(map[chat.ChatID][]chat.UserID, len(ids))
	for _, id := range ids {
		if err := chat.CheckID("chatIds", id); err != nil {
			return nil, err
		}
		some, err := f.Service.Members(f.ctx, f.user, id, "", chat.TypingChat+1)
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
			if u := some[i].UserID; u != f.user {
				members[id] = append(members[id], u)
			}
		}
	}
	return members, nil
}

// set replaces the chats. The presence of members, by small chat, is told.
func (f *focus) set(ids []chat.ChatID, members map[chat.ChatID][]chat.UserID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, id := range f.chats {
		if !slices.Contains(ids, id) {
			f.conn.Leave(service.FocusTopic(id))
		}
	}
	f.chats, f.members = ids, members
	for _, id := range ids {
		f.listen(id)
	}
	f.watchMembers()
}

// watchMembers watches the members of the chats of the focus that the session has joined,
// and no others: members as of the focus may be of a chat that was left since. f.mu is
// held.
func (f *focus) watchMembers() {
	members := map[chat.UserID]bool{}
	for id, users := range f.members {
		if !f.conn.In(string(id)) {
			continue // joined or changed calls this again
		}
		for _, u := range users {
			members[u] = true
		}
	}
	var watched []chat.UserID
	for _, u := range f.watched {
		if members[u] {
			watched = append(watched, u)
			delete(members, u)
		} else {
			f.conn.Leave(service.PresenceTopic(u))
		}
	}
	for u := range members {
		if !f.conn.In(service.PresenceTopic(u)) { // a direct peer is watched already
			watched = append(watched, u)
			f.watch(u)
		}
	}
	f.watched = watched
}

// listen subscribes the session to a chat's focus topic if it has joined the chat:
// otherwise subscribe does it later. f.mu is held.
func (f *focus) listen(id chat.ChatID) {
	f.conn.Listen(service.FocusTopic(id))
	// After Listen: from here on a removal takes the session off the topic.
	if !f.conn.In(string(id)) {
		f.conn.Leave(service.FocusTopic(id))
	}
}

// joined is called for a chat that was just joined and may have the focus already.
func (f *focus) joined(id chat.ChatID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if slices.Contains(f.chats, id) {
		f.listen(id)
		f.watchMembers()
	}
}

// removed is called at once when the user was removed from a chat: its signals, and the
// presence and status of its members, are told no more.
func (f *focus) removed(id chat.ChatID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.conn.Leave(service.FocusTopic(id))
	f.watchMembers()
}

// left removes a chat that was left from the focus.
func (f *focus) left(id chat.ChatID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.conn.Leave(service.FocusTopic(id))
	f.chats = slices.DeleteFunc(f.chats, func(x chat.ChatID) bool { return x == id })
	delete(f.members, id)
	f.watchMembers()
}

// watchPeers tells the presence of those with whom the user has a direct chat.
func (f *focus) watchPeers(peers []chat.UserID) {
	for _, u := range peers {
		if f.conn.Room(f.ctx) != nil {
			return
		}
		f.watchPeer(u)
	}
}

// watchPeer tells a direct peer's presence for as long as the session lives.
func (f *focus) watchPeer(u chat.UserID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.watched = slices.DeleteFunc(f.watched, func(x chat.UserID) bool { return x == u })
	f.watch(u)
}

func (f *focus) watch(u chat.UserID) {
	f.Presence.Watch(f.conn, u, func(online bool) { f.send(wire.Presence(u, online)) })
}
