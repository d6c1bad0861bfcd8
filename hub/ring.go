package hub

// entry is a frame in a ring.
type entry struct {
	frame *Frame
	cost  int // what it is charged in topic.ringBytes and shard.ringBytes
}

// frameBytes is about what a frame in a ring costs beside its encodings.
const frameBytes = 128

// cost is about what f keeps in memory. What encode refers to counts like the
// longest encoding.
func (f *Frame) cost() int {
	sum, longest := frameBytes, 0
	for codec := range f.bytes {
		if b := f.bytes[codec].Load(); b != nil {
			sum, longest = sum+len(*b), max(longest, len(*b))
		}
	}
	return sum + longest
}

// updateCost counts what e costs now. s.mu is held, as in all below.
func (s *shard) updateCost(t *topic, e *entry) {
	more := e.frame.cost() - e.cost
	e.cost += more
	t.ringBytes += more
	s.ringBytes += more
}

// markUsed makes t the topic whose ring was used last.
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

// enforceBudget drops the oldest frames of t beyond a ring's bound, and those of the topics
// used least recently beyond the share of all.
func (s *shard) enforceBudget(t *topic) {
	for t.ringBytes > s.ringEach {
		s.dropOldest(t)
	}
	for s.ringBytes > s.ringShare {
		s.dropOldest(s.recent.newer)
	}
}

// dropOldest drops the oldest frame of t's ring.
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

// dropRing drops t's ring.
func (s *shard) dropRing(t *topic) {
	s.ringBytes -= t.ringBytes
	t.ring, t.ringBytes = nil, 0
	s.unlink(t)
}
