package live

import (
	"context"
	"sync"
	"time"

	"parley/chat"
	"parley/hub"
	"parley/server/service"
	"parley/wire"
)

// Presence tracks which users are online. Each replica announces all users of its own sockets at
// an interval. An announcement is a lease: a replica that dies takes its users with it.
// A user whose last socket has closed stays online for the grace period.
//
// Hub.Publish and the tell function of Watch are called under mu, so that a change never
// comes before the state that Watch told; neither takes mu.
type Presence struct {
	live    *Live  // static
	replica string // static: name of this process

	mu     sync.Mutex
	here   map[chat.UserID]*stay // guarded by mu: users of this replica's sockets
	leases map[string]*lease     // guarded by mu, by replica
	online map[chat.UserID]int   // guarded by mu: number of leases that name the user

	attended map[chat.UserID]time.Time // guarded by mu: when users last looked at a page, on any replica, within chat.ActiveFor
	news     map[chat.UserID]struct{}  // guarded by mu: those on this replica who did since the last announcement
}

type stay struct {
	sockets int
	until   time.Time // end of the grace period, once sockets is 0
}

type lease struct {
	users map[chat.UserID]struct{}
	until time.Time
}

func newPresence(l *Live) *Presence {
	return &Presence{live: l, replica: chat.NewID[string](), here: map[chat.UserID]*stay{}, leases: map[string]*lease{}, online: map[chat.UserID]int{},
		attended: map[chat.UserID]time.Time{}, news: map[chat.UserID]struct{}{}}
}

// Arrive counts one more socket of the user.
func (p *Presence) Arrive(u chat.UserID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.here[u] == nil {
		p.here[u] = &stay{}
	}
	p.here[u].sockets++
}

// Depart counts one socket less.
func (p *Presence) Depart(u chat.UserID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.here[u].sockets--
	p.here[u].until = time.Now().Add(p.live.Intervals.Grace)
}

// Watch makes conn a listener of the user's presence and tells the present state.
func (p *Presence) Watch(conn *hub.Conn, u chat.UserID, tell func(online bool)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	conn.Listen(service.PresenceTopic(u))
	// A user who connected a moment ago is not announced yet, but is online.
	tell(p.online[u] > 0 || p.here[u] != nil)
}

// Attend notes that the user looks at a page now. Other replicas are told with the next
// announcement.
func (p *Presence) Attend(u chat.UserID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.attended[u] = time.Now()
	p.news[u] = struct{}{}
}

// State returns whether the user is online, and when they last looked at a page, in ms; 0:
// not within chat.ActiveFor.
func (p *Presence) State(u chat.UserID) (online bool, attended int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at, ok := p.attended[u]; ok {
		attended = at.UnixMilli()
	}
	return p.online[u] > 0 || p.here[u] != nil, attended
}

// takeNews returns the users of this replica who looked at a page since the last call.
func (p *Presence) takeNews() (active []chat.UserID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for u := range p.news {
		active = append(active, u)
	}
	clear(p.news)
	return active
}

// putBack adds users to the next announcement, after the one that named them failed.
func (p *Presence) putBack(active []chat.UserID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, u := range active {
		p.news[u] = struct{}{}
	}
}

// run announces this replica's users at an interval, and drops leases that ran out.
func (p *Presence) run(ctx context.Context) error {
	tick := time.NewTicker(p.live.Intervals.Announce)
	defer tick.Stop()
	announced := false
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
		users, active := p.expire(time.Now()), p.takeNews()
		if len(users) == 0 && !announced {
			continue // an idle server announces nothing
		}
		err := p.live.Store.Tell(ctx, chat.Signal{Kind: chat.SignalPresence, Replica: p.replica, Online: users, Active: active})
		if err != nil {
			p.putBack(active)
		}
		announced = err != nil || len(users) > 0
	}
}

// expire removes expired leases and grace periods and returns the users of this replica.
func (p *Presence) expire(now time.Time) (users []chat.UserID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for name, l := range p.leases {
		if now.After(l.until) {
			p.replace(name, nil)
		}
	}
	for u, at := range p.attended {
		if now.Sub(at) > chat.ActiveFor*time.Millisecond {
			delete(p.attended, u)
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

// receive applies an announcement of any replica, this one included.
func (p *Presence) receive(sig *chat.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := &lease{users: make(map[chat.UserID]struct{}, len(sig.Online)), until: time.Now().Add(p.live.Intervals.Lease)}
	for _, u := range sig.Online {
		l.users[u] = struct{}{}
	}
	if sig.Replica != p.replica { // its own are exact
		for _, u := range sig.Active {
			p.attended[u] = time.Now()
		}
	}
	if len(l.users) == 0 {
		l = nil
	}
	p.replace(sig.Replica, l)
}

// replace replaces the lease of a replica and tells what that changes. p.mu is held.
func (p *Presence) replace(replica string, l *lease) {
	before := p.leases[replica]
	if l == nil {
		delete(p.leases, replica)
		l = &lease{}
	} else {
		p.leases[replica] = l
		for u := range l.users {
			if p.online[u]++; p.online[u] == 1 {
				p.live.tell(wire.Presence(u, true), service.PresenceTopic(u))
			}
		}
	}
	if before == nil {
		return
	}
	for u := range before.users {
		if p.online[u]--; p.online[u] == 0 {
			delete(p.online, u)
			p.live.tell(wire.Presence(u, false), service.PresenceTopic(u))
		}
	}
}
