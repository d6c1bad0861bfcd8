package hub

// Verdict is the result of Live.
type Verdict uint8

const (
	IsLive Verdict = iota // every number from seen+1 is or will be queued
	Behind                // the hub cannot deliver from seen+1 without a gap: read more of the log first
	Gone                  // evicted since the Join, not joined, or closed
)

// String returns the name of the verdict.
func (v Verdict) String() string { return [...]string{"live", "behind", "gone"}[v] }

// withTopic calls f with both locks held. t is the topic of that name, nil if there
// is none; place is c's index in t.members, -1 if c is not a member.
func (c *Conn) withTopic(name string, f func(s *shard, t *topic, place int)) {
	s := c.hub.shard(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	t, place := s.topics[name], -1
	if t != nil {
		place = t.find(c)
	}
	f(s, t, place)
}

// setMark makes c a member of the topic with this mark, or replaces the mark of its
// membership.
func (c *Conn) setMark(name string, mark uint64) {
	c.withTopic(name, func(s *shard, t *topic, place int) {
		switch {
		case c.closed:
		case place >= 0:
			t.members[place].mark = mark
		default:
			if t == nil {
				t = &topic{name: name}
				s.topics[name] = t
			}
			s.add(t, c, mark)
		}
	})
}

// Join makes c a collecting member of a numbered topic: nothing is delivered before
// Live. If c is a member already, it stops being live and an earlier eviction is
// dropped. The caller must therefore check after Join that the user may be a member.
func (c *Conn) Join(topic string) { c.setMark(topic, collecting) }

// Listen makes c a live member of a topic without numbers.
func (c *Conn) Listen(topic string) { c.setMark(topic, 0) }

// In reports whether c is a member, live or collecting.
func (c *Conn) In(name string) (in bool) {
	c.withTopic(name, func(_ *shard, _ *topic, place int) { in = place >= 0 })
	return in
}

// Leave ends c's membership of the topic, if there is one.
func (c *Conn) Leave(topic string) {
	s := c.hub.shard(topic)
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.topics[topic]; t != nil {
		if place := s.place(t, c); place >= 0 {
			s.remove(t, place)
		}
	}
}

// place is find for a caller that does not hold c.mu.
func (s *shard) place(t *topic, c *Conn) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return t.find(c)
}

// Live makes a collecting member live if the ring and later publications cover every
// number from seen+1, and queues what the ring holds of them. seen is the last number
// that the peer has or that was sent to it; atEnd says that the log, read after the
// Join, ended at seen. The caller should wait in Room first.
func (c *Conn) Live(topic string, seen uint64, atEnd bool) Verdict {
	s := c.hub.shard(topic)
	for {
		s.mu.Lock()
		verdict, bare, slow := s.live(topic, c, seen, atEnd)
		s.mu.Unlock()
		if slow {
			c.closeSink(TooSlow)
		}
		if len(bare) == 0 {
			return verdict
		}
		for _, f := range bare {
			f.encodeOnce(int(c.codec))
		}
		// Later frames are encoded for c when they are published, so the loop ends.
	}
}

// live is one attempt of Live. If frames of the ring lack an encoding, it changes
// nothing and returns them as bare. s.mu is held.
func (s *shard) live(name string, c *Conn, seen uint64, atEnd bool) (v Verdict, bare []*Frame, slow bool) {
	t := s.topics[name]
	if t == nil || seen >= collecting {
		return Gone, nil, false
	}
	place := s.place(t, c)
	if place < 0 {
		return Gone, nil, false
	}
	m := &t.members[place]
	if m.mark&collecting == 0 {
		return IsLive, nil, false // already
	}
	if seen < m.mark&^collecting {
		s.remove(t, place)
		return Gone, nil, false
	}
	switch lowest := t.next - uint64(len(t.ring)); {
	case t.next == 0:
		if !atEnd {
			return Behind, nil, false
		}
		// Nothing was published since the Join, and the log ended at seen after the Join.
		t.next = seen + 1
	case seen+1 < lowest, seen >= t.next && !atEnd:
		return Behind, nil, false
	}
	var rest []entry
	if have := t.next - 1; seen < have {
		rest = t.ring[uint64(len(t.ring))-(have-seen):]
	}
	for i := range rest {
		if rest[i].frame.bytes[c.codec].Load() == nil {
			bare = append(bare, rest[i].frame)
		}
	}
	if bare != nil {
		return Behind, bare, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return Gone, nil, false
	}
	for i := range rest {
		s.updateCost(t, &rest[i]) // an encoding may have been added
		switch c.push(*rest[i].frame.bytes[c.codec].Load()) {
		case overflow:
			return Gone, nil, true
		case refused:
			return Gone, nil, false
		}
	}
	m.mark = max(seen, t.next-1)
	if len(rest) > 0 {
		s.markUsed(t)
		s.enforceBudget(t)
	}
	return IsLive, nil, false
}

// Evict ends owner's memberships of topic at event number seq. A live member that
// has received more than seq stays: its user came back later. A collecting member
// is marked, and its Live returns Gone if seen is below seq.
func (h *Hub) Evict(owner, topic string, seq uint64) {
	conns := h.connsOf(owner)
	if len(conns) == 0 {
		return
	}
	s := h.shard(topic)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range conns {
		t := s.topics[topic]
		if t == nil {
			return
		}
		place := s.place(t, c)
		if place < 0 {
			continue
		}
		switch m := &t.members[place]; {
		case m.mark&collecting != 0:
			m.mark = max(m.mark, seq|collecting)
		case m.mark <= seq:
			s.remove(t, place)
		}
	}
}
