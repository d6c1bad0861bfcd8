package hub

// entry is a frame in a ring.
type entry struct {
	frame *Frame
	cost  int // bytes counted for it in topic.ringBytes and shard.ringBytes
}

// frameBytes is about the memory of a frame in a ring beside its encodings.
const frameBytes = 128

// cost returns about how many bytes f keeps in memory. What encode refers to is
// counted as the longest encoding once more.
func (f *Frame) cost() int {
	sum, longest := frameBytes, 0
	for codec := range f.bytes {
		if b := f.bytes[codec].Load(); b != nil {
			sum, longest = sum+len(*b), max(longest, len(*b))
		}
	}
	return sum + longest
}

// updateCost counts the present cost of e. s.mu is held, here and in all that follow.
func (s *shard) updateCost(t *topic, e *entry) {
	more := e.frame.cost() - e.cost
	e.cost += more
	t.ringBytes += more
	s.ringBytes += more
}

// markUsed moves t to the front of the list of recently used topics.
func (s *shard) markUsed(t *topic) {
	s.unlink(t)
	first := s.recent.older
	t.newer, t.older = &s.recent, first
	s.recent.older, first.newer = t, t
}

func (s *shard) unlink(t *topic) {
	if t.newer != nil {
		t.newer.older, t.older.newer = t.older, t.newer
		t.newer, t.older = nil, nil
	}
}

// enforceBudget drops the oldest frames of t beyond the bound of one ring, then those
// of the least recently used topics beyond the shard's share.
func (s *shard) enforceBudget(t *topic) {
	for t.ringBytes > s.ringEach {
		s.dropOldest(t)
	}
	for s.ringBytes > s.ringShare {
		s.dropOldest(s.recent.newer)
	}
}

// dropOldest drops the oldest frame in the ring of t.
func (s *shard) dropOldest(t *topic) {
	cost := t.ring[0].cost
	t.ring[0] = entry{}
	t.ring = t.ring[1:]
	t.ringBytes -= cost
	s.ringBytes -= cost
	if len(t.ring) == 0 {
		s.dropRing(t)
	}
}

// dropRing drops the ring of t.
func (s *shard) dropRing(t *topic) {
	s.ringBytes -= t.ringBytes
	t.ring, t.ringBytes = nil, 0
	s.unlink(t)
}
