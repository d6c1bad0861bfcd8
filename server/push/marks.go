package push

import (
	"sync"

	"parley/chat"
)

// maxMarks bounds the chats that are marked, and those whose progress is in memory.
const maxMarks = 20_000

// marks are the chats with new messages. They are collected while this server makes pushes.
type marks struct {
	mu    sync.Mutex
	on    bool                     // guarded by mu
	chats map[chat.ChatID]chat.Seq // guarded by mu: the first new message
	all   bool                     // guarded by mu: messages may be missing
	wake  chan struct{}            // has a token when there are marks
}

func newMarks() *marks { return &marks{wake: make(chan struct{}, 1)} }

// set switches the collection on or off. It begins with all chats.
func (m *marks) set(on bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.on, m.chats, m.all = on, map[chat.ChatID]chat.Seq{}, on
}

// add marks the chat of a new message.
func (m *marks) add(ev *chat.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.on || m.all {
		return
	}
	if _, ok := m.chats[ev.ChatID]; ok {
		return
	}
	if len(m.chats) >= maxMarks {
		m.overflow()
		return
	}
	m.chats[ev.ChatID] = ev.Seq
	m.signal()
}

// lost marks all chats: events may have been missed.
func (m *marks) lost() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.on {
		m.overflow()
	}
}

// overflow replaces the marks by one of all chats. m.mu is held.
func (m *marks) overflow() {
	m.chats, m.all = map[chat.ChatID]chat.Seq{}, true
	m.signal()
}

func (m *marks) signal() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// take returns the marks and removes them.
func (m *marks) take() (chats map[chat.ChatID]chat.Seq, all bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	chats, all = m.chats, m.all
	m.chats, m.all = map[chat.ChatID]chat.Seq{}, false
	return chats, all
}
