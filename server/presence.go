package server

import (
	"context"
	"sync"
	"time"

	"parley/chat"
	"parley/wire"
)

// presence knows who is here. Each replica tells the users of its own sockets
// every beat, all of them; what a replica told is a lease, so that one that dies
// takes its users with it. A user whose last socket went stays for the grace.
// It owns no goroutine but the beat (Server.Run). Hub.Publish and Conn.Send are
// called under mu, so that no snapshot overtakes a change; no sink takes it.
type presence struct {
	s       *Server // static
	replica string  // static: this process's name

	mu     sync.Mutex
	here   map[chat.UserID]*stay // guarded by mu: this replica's sockets
	leases map[string]*lease     // guarded by mu, by replica
	online map[chat.UserID]int   // guarded by mu: in how many leases
}

type stay struct {
	sockets int
	until   time.Time // once there are none
}

type lease struct {
	users map[chat.UserID]struct{}
	until time.Time
}

func newPresence(s *Server) *presence {
	return &presence{s: s, replica: chat.NewID[string](), here: map[chat.UserID]*stay{}, leases: map[string]*lease{}, online: map[chat.UserID]int{}}
}

func (p *presence) arrive(u chat.UserID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.here[u] == nil {
		p.here[u] = &stay{}
	}
	p.here[u].sockets++
}

func (p *presence) depart(u chat.UserID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.here[u].sockets--
	p.here[u].until = time.Now().Add(p.s.pace.grace)
}

// run tells who is here every beat, and drops what was not renewed.
func (p *presence) run(ctx context.Context) error {
	tick := time.NewTicker(p.s.pace.beat)
	defer tick.Stop()
	told := false
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
		users := p.beat(time.Now())
		if len(users) == 0 && !told {
			continue // an idle server says nothing
		}
		err := p.s.Store.Tell(ctx, chat.Signal{Kind: chat.SignalPresence, Replica: p.replica, Online: users})
		told = err != nil || len(users) > 0
	}
}

// beat drops the leases that ran out and gives the users who are here.
func (p *presence) beat(now time.Time) (users []chat.UserID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for name, l := range p.leases {
		if now.After(l.until) {
			p.replace(name, nil)
		}
	}
	for u, s := range p.here {
		if s.sockets == 0 && now.After(s.until) {
			delete(p.here, u)
			continue
		}
		users = append(users, u)
	}
	return users
}

// hear takes what a replica told, this one's own too: one way for all.
func (p *presence) hear(sig *chat.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := &lease{users: make(map[chat.UserID]struct{}, len(sig.Online)), until: time.Now().Add(p.s.pace.lease)}
	for _, u := range sig.Online {
		l.users[u] = struct{}{}
	}
	if len(l.users) == 0 {
		l = nil
	}
	p.replace(sig.Replica, l)
}

// replace puts a lease in the place of that replica's last one and tells what
// that changed. p.mu is held.
func (p *presence) replace(replica string, l *lease) {
	before := p.leases[replica]
	if l == nil {
		delete(p.leases, replica)
		l = &lease{}
	} else {
		p.leases[replica] = l
		for u := range l.users {
			if p.online[u]++; p.online[u] == 1 {
				p.s.tell(presenceOf(u, true), presenceTopic(u))
			}
		}
	}
	if before == nil {
		return
	}
	for u := range before.users {
		if p.online[u]--; p.online[u] == 0 {
			delete(p.online, u)
			p.s.tell(presenceOf(u, false), presenceTopic(u))
		}
	}
}

// watch makes a session listen to a user's presence and tells how it is now.
func (p *presence) watch(c *session, u chat.UserID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.conn.Listen(presenceTopic(u))
	// Who came a moment ago is told to nobody yet, and yet is here.
	c.send(presenceOf(u, p.online[u] > 0 || p.here[u] != nil))
}

func presenceOf(u chat.UserID, online bool) wire.Signal {
	return wire.Signal{Signal: string(chat.SignalPresence), By: u, Online: &online}
}
