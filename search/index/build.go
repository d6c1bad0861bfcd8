package index

import (
	"cmp"
	"container/heap"
	"context"
	"slices"

	"parley/chat"
	"parley/search/segment"
)

// runEvents is how many events of a chat the builder reads at once.
const runEvents = 64

// builder reads the messages that were there before the index, the newest first.
type builder struct {
	store chat.Store
	left  unindexed
}

// unindexed has the events that are older than the indexed ones of their chats and must still
// be indexed, the chat with the newest one first.
type unindexed []chat.Indexed

func (u unindexed) Len() int { return len(u) }
func (u unindexed) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(u[j].FirstAt, u[i].FirstAt), cmp.Compare(u[i].ChatID, u[j].ChatID)) < 0
}
func (u unindexed) Swap(i, j int) { u[i], u[j] = u[j], u[i] }
func (u *unindexed) Push(v any)   { *u = append(*u, v.(chat.Indexed)) }
func (u *unindexed) Pop() any {
	last := (*u)[len(*u)-1]
	*u = (*u)[:len(*u)-1]
	return last
}

func newBuilder(ctx context.Context, store chat.Store) (*builder, error) {
	b := &builder{store: store}
	for after := chat.ChatID(""); ; {
		chats, last, err := store.Unindexed(ctx, after, pageChats)
		if err != nil {
			return nil, err
		}
		for _, c := range chats {
			if c.First > 1 {
				b.left = append(b.left, c)
			}
		}
		if after = last; last == "" {
			break
		}
	}
	heap.Init(&b.left)
	return b, nil
}

// newest returns the time of the newest message that is left, in ms; 0: none is.
func (b *builder) newest() int64 {
	if len(b.left) == 0 {
		return 0
	}
	return b.left[0].FirstAt
}

// take returns the next messages, about n, and what is indexed of their chats with them. It
// reports whether it took any events.
func (b *builder) take(ctx context.Context, n int) (docs []segment.Document, chats []chat.Indexed, took bool, err error) {
	for len(b.left) > 0 && len(docs) < n {
		next := heap.Pop(&b.left).(chat.Indexed)
		took = true
		now, err := b.store.IndexedOf(ctx, []chat.ChatID{next.ChatID})
		if err != nil {
			return nil, nil, false, err
		}
		if len(now) == 0 { // deleted
			continue
		}
		c := now[0]
		c.First, c.FirstAt = next.First, next.FirstAt // further than stored, if it is here again
		from := c.First - 1 - min(c.First-1, runEvents)
		oldest := int64(-1)
		err = events(ctx, b.store, c.ChatID, from, c.First-1, func(e *chat.Event) bool {
			if oldest < 0 {
				oldest = e.At
			}
			if e.Kind.Is().Message && e.DeletedAt == 0 {
				docs = append(docs, segment.NewDocument(messageOf(e)))
			}
			return true
		})
		if err != nil {
			return nil, nil, false, err
		}
		if c.First = from + 1; oldest >= 0 {
			c.FirstAt = min(c.FirstAt, oldest)
		}
		if c.First > 1 {
			heap.Push(&b.left, c)
		}
		if i := slices.IndexFunc(chats, func(o chat.Indexed) bool { return o.ChatID == c.ChatID }); i >= 0 {
			c.Head = chats[i].Head // before which the first of its messages were read
			chats = slices.Delete(chats, i, i+1)
		}
		chats = append(chats, c)
	}
	return docs, chats, took, nil
}
