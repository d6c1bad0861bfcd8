package hub

import "sync"

// shard is one lock's worth of topics.
type shard struct {
	// Static after construction.
	ringShare int // bytes all its rings may hold
	ringEach  int // bytes one ring may hold

	mu        sync.Mutex
	topics    map[string]*topic // guarded by mu
	members   int               // guarded by mu
	ringBytes int               // guarded by mu
	recent    topic             // guarded by mu; head of the list of topics with a ring, the last used first
}

// topic is guarded by its shard's mu.
type topic struct {
	name         string // static
	next         uint64 // the number expected; 0: not known yet
	members      []member
	ring         []entry // the frames before next: next-len(ring) … next-1
	ringBytes    int
	newer, older *topic // list of topics with a ring; nil: not in it
}

// member is one connection in a topic. With its ref it takes 32 bytes; at 10,000
// connections in 200 chats each, a word more is 16 MB.
type member struct {
	conn *Conn
	mark uint64 // live: the last number it has; with collecting: the number it was evicted at, 0 if not
}

// collecting marks a member that gets nothing yet.
const collecting = 1 << 63

// ref is a connection's side of a membership. Written under the topic's shard and
// Conn.mu, so either lock is enough to read it.
type ref struct {
	topic *topic
	place uint32 // in topic.members
}

func newShard(config Config) *shard {
	s := &shard{
		topics:    map[string]*topic{},
		ringShare: config.RingBytes / config.Shards,
		// Live queues what a ring holds in one go: it must fit beside a queue that
		// Room calls half empty.
		ringEach: config.QueueBytes / 4,
	}
	s.recent.newer, s.recent.older = &s.recent, &s.recent
	return s
}

// grow returns s with space for one more. append would double it; an eighth is
// enough for a slice that rarely grows and is kept a million times.
func grow[T any](s []T) []T {
	if len(s) < cap(s) {
		return s
	}
	grown := make([]T, len(s), len(s)+len(s)/8+1)
	copy(grown, s)
	return grown
}

// add makes c a member. s.mu and c.mu are held, and c is not closed.
func (s *shard) add(t *topic, c *Conn, mark uint64) {
	t.members = append(grow(t.members), member{c, mark})
	c.refs = append(grow(c.refs), ref{t, uint32(len(t.members) - 1)})
	s.members++
}

// find returns c's place in t.members, or -1. Both locks are held. It looks
// through the shorter side.
func (t *topic) find(c *Conn) int {
	if len(t.members) < len(c.refs) {
		for i := range t.members {
			if t.members[i].conn == c {
				return i
			}
		}
		return -1
	}
	if i := c.refTo(t); i >= 0 {
		return int(c.refs[i].place)
	}
	return -1
}

// refTo looks from the end, where Detach takes them off.
func (c *Conn) refTo(t *topic) int {
	for i := len(c.refs) - 1; i >= 0; i-- {
		if c.refs[i].topic == t {
			return i
		}
	}
	return -1
}

// remove ends the membership at place, and the topic with its last one. s.mu is
// held, and no Conn.mu: it takes that of the leaving member and that of the one
// which moves to its place, one after the other.
func (s *shard) remove(t *topic, place int) {
	t.members[place].conn.removeRef(t)
	end := len(t.members) - 1
	if place != end {
		moved := t.members[end]
		t.members[place] = moved
		moved.conn.mu.Lock()
		moved.conn.refs[moved.conn.refTo(t)].place = uint32(place)
		moved.conn.mu.Unlock()
	}
	t.members[end] = member{}
	t.members = t.members[:end]
	s.members--
	if end == 0 {
		s.dropRing(t)
		delete(s.topics, t.name)
	}
}

// removeRef drops c's ref to t. t's shard is held.
func (c *Conn) removeRef(t *topic) {
	c.mu.Lock()
	defer c.mu.Unlock()
	end := len(c.refs) - 1
	c.refs[c.refTo(t)] = c.refs[end]
	c.refs[end] = ref{}
	c.refs = c.refs[:end]
	if end == 0 {
		c.refs = nil
	}
}

// leaveAll ends every membership of a closed connection, which gets no new ones.
func (c *Conn) leaveAll() {
	for {
		c.mu.Lock()
		if len(c.refs) == 0 {
			c.mu.Unlock()
			return
		}
		t := c.refs[len(c.refs)-1].topic
		c.mu.Unlock()
		s := c.hub.shard(t.name)
		s.mu.Lock()
		c.mu.Lock()
		held := c.refTo(t) >= 0 // it may have been evicted just now
		place := t.find(c)
		c.mu.Unlock()
		switch {
		case place >= 0:
			s.remove(t, place)
		case held: // Lost dropped the topic
			c.removeRef(t)
		}
		s.mu.Unlock()
	}
}

// clear drops all topics and returns who was a member.
func (s *shard) clear() (conns []*Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.topics {
		for _, m := range t.members {
			conns = append(conns, m.conn)
		}
		s.dropRing(t)
		t.members = nil // its members' refs know by this that it is gone
	}
	clear(s.topics)
	s.members = 0
	return conns
}
