package session

import (
	"time"

	"parley/chat"
	"parley/server/service"
	"parley/wire"
)

// maxJobs bounds the jobs that wait for one session's subscriber. They are few unless
// the peer does not read while its user is added and removed all the time.
const maxJobs = 10_000

// schedule queues a job for the subscriber: one goroutine that runs all jobs that
// change the session's position in its chats (hello, a resume, a new chat), one after
// the other, so that no two of them interleave.
func (c *Session) schedule(job func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return
	}
	if len(c.jobs) >= maxJobs {
		c.end(wire.CloseTooSlow, "too slow", 0) // takes no lock
		return
	}
	c.jobs = append(c.jobs, job)
	if !c.subscribes {
		c.subscribes = true
		c.start(c.runJobs)
	}
}

func (c *Session) runJobs() {
	service.GrowStack()
	for {
		c.mu.Lock()
		// A session that was refused joins no chat while the refusal waits to be written.
		if len(c.jobs) == 0 || c.pendingClose.Load() != nil {
			c.jobs, c.subscribes = nil, false
			c.mu.Unlock()
			return
		}
		job := c.jobs[0]
		c.jobs[0] = nil
		c.jobs = c.jobs[1:]
		c.mu.Unlock()
		job()
	}
}

// holdDelivery delivers nothing until the first resume, another command, or Config.Hold
// has passed.
func (c *Session) holdDelivery() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hold = time.AfterFunc(c.Hold, func() { c.endHold(true) })
}

// endHold ends the hold on delivery after hello; with goLive the held chats go live
// from their heads. Later calls have no effect.
func (c *Session) endHold(goLive bool) {
	c.mu.Lock()
	timer := c.hold
	c.hold = nil
	c.mu.Unlock()
	if timer == nil {
		return
	}
	timer.Stop()
	if goLive {
		c.schedule(c.goLive)
	}
}

// goLive makes live the chats that are still held.
func (c *Session) goLive() {
	held := c.held
	c.held = nil
	for id, head := range held {
		c.catchUp(id, service.Position{Seq: head.Seq, At: service.Untimed}, head.Seq)
	}
}

// Joined subscribes the session to a chat that its user has joined.
func (c *Session) Joined(id chat.ChatID) { c.schedule(func() { c.subscribe(id) }) }

// Left tells the peer that its user has left a chat, unless they are back meanwhile.
func (c *Session) Left(id chat.ChatID) {
	c.conn.Leave(service.FocusTopic(id))
	c.schedule(func() {
		if !c.conn.In(string(id)) {
			c.leaveChat(id)
		}
	})
}

// subscribe joins a chat and makes it live. A chat that the session has joined already
// is made live by another job, or was.
func (c *Session) subscribe(id chat.ChatID) {
	topic := string(id)
	if c.ctx.Err() != nil || c.conn.In(topic) {
		return
	}
	c.conn.Join(topic)
	// Read after Join: a user who is removed after the Join is evicted from the topic,
	// one who was removed before it is no member here.
	one, ok := c.readChat(id)
	if !ok {
		return
	}
	named := service.UserSet{}
	named.Chat(&one)
	users, err := c.Service.Users(c.ctx, named.List())
	if err != nil {
		c.fail(err)
		return
	}
	if one.Kind == chat.Direct {
		c.watchPeer(one.With)
	}
	c.refocus(id)
	c.send(wire.Signal{Signal: wire.SignalChat, ChatID: id, Head: one.Head, Chat: &one, Users: users})
	c.catchUp(id, service.Position{Seq: one.Head, At: service.Untimed}, one.Head)
}

// leaveChat leaves a chat whose membership has ended, and tells the peer.
func (c *Session) leaveChat(id chat.ChatID) {
	c.conn.Leave(string(id))
	c.unfocus(id)
	c.send(wire.Signal{Signal: wire.SignalChat, ChatID: id, Gone: true})
}

// readChat reads a chat that was joined. If ok is false the membership has ended, or
// the chat could not be read and the session was closed.
func (c *Session) readChat(id chat.ChatID) (one chat.Chat, ok bool) {
	one, err := c.Service.MemberChat(c.ctx, c.user, id)
	switch {
	case chat.Is(err, chat.NotFound):
		c.leaveChat(id)
	case err != nil:
		c.fail(err)
	}
	return one, err == nil
}
