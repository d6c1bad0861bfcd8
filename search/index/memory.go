package index

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"parley/chat"
	"parley/search"
	"parley/search/segment"
)

// Bounds of the memory part. Beyond them the oldest messages leave it: until they are folded
// they are not found, as those of a database that is being indexed.
const (
	maxMemory      = 32_768
	maxMemoryBytes = 24 << 20 // of texts
	maxEdited      = 32_768
)

// ref names a message.
type ref struct {
	chat chat.ChatID
	seq  chat.Seq
}

// memory is the part of the index that is not in segments: the newest messages, and older
// ones that were edited or deleted, until the segments are rewritten. Searches ignore the
// segments' entries of a message that it has.
type memory struct {
	mu     sync.Mutex
	docs   map[ref]*memoryDoc // guarded by mu; after the last folded event of their chat
	edited map[ref]*memoryDoc // guarded by mu; folded ones
	order  []*memoryDoc       // guarded by mu; all docs, and holes that are none any more
	sorted bool               // guarded by mu: order is oldest first
	holes  int                // guarded by mu
	bytes  int                // guarded by mu
	// dropped has the last message of each chat that left for lack of room, droppedAt the
	// time of the newest one.
	dropped   map[chat.ChatID]chat.Seq
	droppedAt int64
	// editedDroppedAt is when edited messages left for lack of room, so that they are not found
	// by their new words until they are rewritten; 0: none did.
	editedDroppedAt int64 // guarded by mu

	generation uint64 // guarded by mu; how often it was cleared
}

// memoryDoc is a message in memory. It does not change, but for what is cached.
type memoryDoc struct {
	segment.Doc
	message chat.Message
	version chat.Seq // the last event that is applied to the message
	unread  bool     // the message must be read from the store; at may be unknown, too
	words   atomic.Pointer[search.Words]
}

func (d *memoryDoc) ref() ref { return ref{d.Chat, d.Seq} }

func newMemoryDoc(m chat.Message, version chat.Seq) *memoryDoc {
	return &memoryDoc{Doc: segment.DocOf(&m), message: m, version: version}
}

func (m *memory) clear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.docs, m.edited, m.dropped = map[ref]*memoryDoc{}, map[ref]*memoryDoc{}, nil
	m.order, m.sorted, m.holes, m.bytes, m.droppedAt, m.editedDroppedAt = nil, true, 0, 0, 0, 0
	m.generation++
}

// current returns the generation, to be said to add with what is read from now on.
func (m *memory) current() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.generation
}

func (m *memory) len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.docs) + len(m.dropped)
}

// apply applies an event of the feed.
func (m *memory) apply(e *chat.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case e.Kind.Is().Message:
		if m.docs[ref{e.ChatID, e.Seq}] == nil && e.DeletedAt == 0 {
			m.put(newMemoryDoc(messageOf(e), e.Seq))
		}
	case e.Kind.Is().ReplacesText && e.Target != 0:
		r := ref{e.ChatID, e.Target}
		d := m.docs[r]
		if d == nil {
			m.putEdited(&memoryDoc{Doc: segment.Doc{Chat: e.ChatID, Seq: e.Target}, version: e.Seq, unread: true})
		} else if d.version < e.Seq {
			m.remove(d)
			m.put(&memoryDoc{Doc: d.Doc, version: e.Seq, unread: true})
		}
	case e.DeletesChat():
		for r, d := range m.docs {
			if r.chat == e.ChatID {
				m.remove(d)
			}
		}
		maps.DeleteFunc(m.edited, func(r ref, _ *memoryDoc) bool { return r.chat == e.ChatID })
		delete(m.dropped, e.ChatID)
	}
}

// add adds a message that was read from the store in a generation.
func (m *memory) add(message chat.Message, generation uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if generation != m.generation {
		return
	}
	d := newMemoryDoc(message, message.Seq)
	r := d.ref()
	if m.docs[r] != nil {
		return
	}
	if e := m.edited[r]; e != nil { // since it was read, perhaps
		delete(m.edited, r)
		d.unread, d.version = true, e.version
	}
	m.put(d)
}

// addReplaced adds edited messages whose new texts must be read.
func (m *memory) addReplaced(list []chat.Replaced, generation uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range list {
		message := &list[i].Message
		r := ref{message.ChatID, message.Seq}
		if r.seq != 0 && generation == m.generation && m.docs[r] == nil && m.edited[r] == nil {
			m.putEdited(&memoryDoc{Doc: segment.Doc{Chat: r.chat, Seq: r.seq}, unread: true})
		}
	}
}

// put adds a document that is not there. m.mu is held.
func (m *memory) put(d *memoryDoc) {
	m.docs[d.ref()] = d
	m.bytes += len(d.message.Text)
	n := len(m.order)
	m.sorted = m.sorted && (n == 0 || m.order[n-1].Compare(d.Doc) < 0)
	m.order = append(m.order, d) // readers of the slice do not read past their end
	if len(m.docs) > maxMemory || m.bytes > maxMemoryBytes {
		m.dropOldest()
	}
}

func (m *memory) remove(d *memoryDoc) {
	delete(m.docs, d.ref())
	m.bytes -= len(d.message.Text)
	m.holes++
}

// dropOldest removes the oldest quarter. m.mu is held.
func (m *memory) dropOldest() {
	if m.dropped == nil {
		m.dropped = map[chat.ChatID]chat.Seq{}
	}
	for _, d := range m.sort()[:len(m.docs)/4] {
		m.dropped[d.Chat] = max(m.dropped[d.Chat], d.Seq)
		m.droppedAt = max(m.droppedAt, d.At)
		m.remove(d)
	}
}

// sort returns all documents, oldest first. m.mu is held.
func (m *memory) sort() []*memoryDoc {
	if m.holes > 0 || !m.sorted {
		order := make([]*memoryDoc, 0, len(m.docs))
		for _, d := range m.order {
			if m.docs[d.ref()] == d {
				order = append(order, d)
			}
		}
		slices.SortFunc(order, func(a, b *memoryDoc) int { return a.Compare(b.Doc) })
		m.order, m.sorted, m.holes = order, true, 0
	}
	return m.order
}

// fold removes what is folded: up to the last event of each chat.
func (m *memory) fold(last map[chat.ChatID]chat.Seq) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for r, d := range m.docs {
		if r.seq > last[r.chat] {
			continue
		}
		m.remove(d)
		if d.version != d.Seq { // perhaps since it was read for the segment
			m.putEdited(d)
		}
	}
	for id, seq := range m.dropped {
		if seq <= last[id] {
			delete(m.dropped, id)
		}
	}
	if len(m.dropped) == 0 {
		m.droppedAt = 0
	}
}

// chats returns the chats of messages that are not folded.
func (m *memory) chats() []chat.ChatID {
	m.mu.Lock()
	defer m.mu.Unlock()
	seen := map[chat.ChatID]bool{}
	for r := range m.docs {
		seen[r.chat] = true
	}
	for id := range m.dropped {
		seen[id] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

// rewritten forgets those of the edited messages that are not to be rewritten any more. left
// was read after edited and droppedAt.
func (m *memory) rewritten(edited map[ref]*memoryDoc, droppedAt int64, left []chat.Replaced) {
	for i := range left {
		delete(edited, ref{left[i].Message.ChatID, left[i].Message.Seq})
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(left) == 0 && m.editedDroppedAt == droppedAt {
		m.editedDroppedAt = 0
	}
	for r, d := range edited {
		if now := m.edited[r]; now != nil && now.version == d.version {
			delete(m.edited, r)
		}
	}
}

// replace replaces a document that was unread, unless it changed meanwhile.
func (m *memory) replace(old, read *memoryDoc) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := old.ref()
	switch {
	case m.edited[r] == old:
		m.edited[r] = read
	case m.docs[r] == old:
		m.remove(old)
		if read.message.DeletedAt == 0 {
			m.put(read)
		}
	}
}

// snapshot returns the documents, oldest first, those of edited messages, and the time
// before which messages may be missing.
func (m *memory) snapshot() (sorted []*memoryDoc, edited map[ref]*memoryDoc, droppedAt int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sort(), maps.Clone(m.edited), m.incompleteFrom()
}

// encodedWords returns the words of the document.
func (d *memoryDoc) encodedWords() search.Words {
	if w := d.words.Load(); w != nil {
		return *w
	}
	w := search.NewWords(d.message)
	d.words.Store(&w)
	return w
}

// editedNow returns the edited messages, and when others left.
func (m *memory) editedNow() (edited map[ref]*memoryDoc, droppedAt int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.edited), m.editedDroppedAt
}

// manyEdited reports whether at least n edited messages wait to be rewritten, or may.
func (m *memory) manyEdited(n int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.edited) >= n || m.editedDroppedAt != 0
}

// putEdited adds an edited message. Those that are there leave if there are too many. m.mu is
// held.
func (m *memory) putEdited(d *memoryDoc) {
	if len(m.edited) >= maxEdited && m.edited[d.ref()] == nil {
		clear(m.edited)
		m.editedDroppedAt = max(chat.Now(), m.editedDroppedAt+1)
	}
	m.edited[d.ref()] = d
}

// incompleteFrom returns a time, in ms, before which messages may be missing; 0: none are. m.mu
// is held.
func (m *memory) incompleteFrom() int64 { return max(m.droppedAt, m.editedDroppedAt) }
