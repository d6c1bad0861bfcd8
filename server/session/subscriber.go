package session

import (
	"sync"
	"time"

	"parley/chat"
	"parley/server/service"
	"parley/wire"
)

// maxJobs bounds the jobs that wait for one session's subscriber. They are few unless
// the peer does not read while its user is added and removed all the time.
const maxJobs = 10_000

// subscriber holds the session's position in its chats. One goroutine runs all jobs that
// change it (hello, a resume, a new chat), one after the other, so that no two of them
// interleave.
type subscriber struct {
	// Static after construction.
	*client
	focus *focus

	// Owned by the goroutine of the jobs.
	held map[chat.ChatID]service.Position // joined by hello and not yet live, with their heads

	mu      sync.Mutex
	over    bool           // guarded by mu: no job is accepted any more
	jobs    []func()       // guarded by mu: in order
	running bool           // guarded by mu: the goroutine runs
	hold    *time.Timer    // guarded by mu: delivery is on hold until it fires
	working sync.WaitGroup // the goroutine; Add under mu while not over
}

// schedule queues a job.
func (s *subscriber) schedule(job func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return
	}
	if len(s.jobs) >= maxJobs {
		s.end(wire.CloseTooSlow, "too slow", 0) // takes no lock
		return
	}
	s.jobs = append(s.jobs, job)
	if !s.running {
		s.running = true
		s.working.Go(func() {
			defer s.recoverPanic()
			s.runJobs()
		})
	}
}

func (s *subscriber) runJobs() {
	service.GrowStack()
	for {
		s.mu.Lock()
		// A session that was refused joins no chat while the refusal waits to be written.
		if len(s.jobs) == 0 || s.pendingClose.Load() != nil {
			s.jobs, s.running = nil, false
			s.mu.Unlock()
			return
		}
		job := s.jobs[0]
		s.jobs[0] = nil
		s.jobs = s.jobs[1:]
		s.mu.Unlock()
		job()
	}
}

// stop drops the jobs that wait and returns when the one that runs is over.
func (s *subscriber) stop() {
	s.mu.Lock()
	s.over, s.jobs = true, nil
	s.mu.Unlock()
	s.working.Wait()
}

// holdDelivery delivers nothing until the first resume, another command, or Config.Hold
// has passed.
func (s *subscriber) holdDelivery() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hold = time.AfterFunc(s.Hold, func() { s.endHold(true) })
}

// endHold ends the hold on delivery after hello; with goLive the held chats go live
// from their heads. Later calls have no effect.
func (s *subscriber) endHold(goLive bool) {
	s.mu.Lock()
	timer := s.hold
	s.hold = nil
	s.mu.Unlock()
	if timer == nil {
		return
	}
	timer.Stop()
	if goLive {
		s.schedule(s.goLive)
	}
}

// goLive makes live the chats that are still held.
func (s *subscriber) goLive() {
	held := s.held
	s.held = nil
	for id, head := range held {
		s.catchUp(id, service.Position{Seq: head.Seq, At: service.Untimed}, head.Seq)
	}
}

// Joined subscribes the session to a chat that its user has joined.
func (s *subscriber) Joined(id chat.ChatID) { s.schedule(func() { s.subscribe(id) }) }

// Left tells the peer that its user has left a chat, unless they are back meanwhile.
func (s *subscriber) Left(id chat.ChatID) {
	s.focus.removed(id)
	s.schedule(func() {
		if !s.conn.In(string(id)) {
			s.leaveChat(id)
		}
	})
}

// subscribe joins a chat and makes it live. A chat that the session has joined already
// is made live by another job, or was.
func (s *subscriber) subscribe(id chat.ChatID) {
	topic := string(id)
	if s.ctx.Err() != nil || s.conn.In(topic) {
		return
	}
	s.conn.Join(topic)
	// Read after Join: a user who is removed after the Join is evicted from the topic,
	// one who was removed before it is no member here.
	one, ok := s.readChat(id)
	if !ok {
		return
	}
	named := service.UserSet{}
	named.Chat(&one)
	users, err := s.Service.Users(s.ctx, named.List())
	if err != nil {
		s.fail(err)
		return
	}
	if one.Kind == chat.Direct {
		s.focus.watchPeer(one.With)
	}
	s.focus.joined(id)
	s.send(wire.Signal{Signal: wire.SignalChat, ChatID: id, Head: one.Head, Chat: &one, Users: users})
	s.catchUp(id, service.Position{Seq: one.Head, At: service.Untimed}, one.Head)
}

// leaveChat leaves a chat whose membership has ended, and tells the peer.
func (s *subscriber) leaveChat(id chat.ChatID) {
	s.conn.Leave(string(id))
	s.focus.left(id)
	s.send(wire.Signal{Signal: wire.SignalChat, ChatID: id, Gone: true})
}

// readChat reads a chat that was joined. If ok is false the membership has ended, or
// the chat could not be read and the session was closed.
func (s *subscriber) readChat(id chat.ChatID) (one chat.Chat, ok bool) {
	one, err := s.Service.MemberChat(s.ctx, s.user, id)
	switch {
	case chat.Is(err, chat.NotFound):
		s.leaveChat(id)
	case err != nil:
		s.fail(err)
	}
	return one, err == nil
}
