package hub

import "sync"

// shard is a part of the topics, with a lock of its own.
type shard struct {
	// Static after construction.
	ringShare int // bytes that all its rings may hold
	ringEach  int // bytes that one ring may hold

	mu        sync.Mutex
	topics    map[string]*topic // guarded by mu
	members   int               // guarded by mu
	ringBytes int               // guarded by mu
	recent    topic             // guarded by mu; head of the list of topics with a ring, last used first
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

// member is one connection in a topic. With its ref it takes 32 bytes. A word more
// would be 16 MB for 10,000 connections in 200 chats each.
type member struct {
	conn *Conn
	mark uint64 // live: the last number it has; with collecting: the number it was evicted at, 0 if not
}

// collecting is the bit of a mark that says that the member receives nothing yet.
const collecting = 1 << 63

// ref is the connection's side of a membership. It is written under both the
// shard's mu and Conn.mu, so either lock is enough to read it.
type ref struct {
	topic *topic
	place uint32 // in topic.members
}

func newShard(config Config) *shard {
	s := &shard{
		topics:    map[string]*topic{},
		ringShare: config.RingBytes / config.Shards,
		// Live queues a whole ring at once: the ring must fit into the half of a queue
		// that Room keeps free.
		ringEach: config.QueueBytes / 4,
	}
	s.recent.newer, s.recent.older = &s.recent, &s.recent
	return s
}

// grow returns s with room for one more. It adds an eighth, where append would
// double: these slices rarely grow, and there are a million of them.
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

// find returns the index of c in t.members, or -1. It searches the shorter of both
// sides. Both locks are held.
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

// refTo returns the index of c's ref to t, or -1. It searches from the end, where
// Detach removes refs.
func (c *Conn) refTo(t *topic) int {
	for i := len(c.refs) - 1; i >= 0; i-- {
		if c.refs[i].topic == t {
			return i
		}
	}
	return -1
}

// remove ends the membership at place, and the topic with its last member. s.mu is
// held, and no Conn.mu: remove locks that of the leaving member, then that of the
// member which moves to its place.
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

// removeRef removes c's ref to t. The shard's mu is held.
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

// leaveAll ends every membership of a closed connection, which cannot join again.
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
		held := c.refTo(t) >= 0 // c may have been evicted meanwhile
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

// clear drops all topics and returns their members.
func (s *shard) clear() (conns []*Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.topics {
		for _, m := range t.members {
			conns = append(conns, m.conn)
		}
		s.dropRing(t)
		t.members = nil // leaveAll recognises a dropped topic by this
	}
	clear(s.topics)
	s.members = 0
	return conns
}
