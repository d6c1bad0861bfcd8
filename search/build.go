package search

import (
	"cmp"
	"container/heap"
	"context"
	"slices"

	"parley/chat"
)

// runEvents is how many events of a chat the builder reads at once.
const runEvents = 64

// builder knows which events of chats are to be indexed that are older than those that are,
// the chat with the newest one first.
type builder []chat.Indexed

func (b builder) Len() int { return len(b) }
func (b builder) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(b[j].FirstAt, b[i].FirstAt), cmp.Compare(b[i].ChatID, b[j].ChatID)) < 0
}
func (b builder) Swap(i, j int) { b[i], b[j] = b[j], b[i] }
func (b *builder) Push(v any)   { *b = append(*b, v.(chat.Indexed)) }
func (b *builder) Pop() any {
	last := (*b)[len(*b)-1]
	*b = (*b)[:len(*b)-1]
	return last
}

// build writes a segment of messages that were there before the index, the newest first.
// What is done is stored with the segment, so that it goes on after a kill.
func (x *Index) build(ctx context.Context, m *manifest) (bool, error) {
	if m.IndexedFrom == 0 && x.builder != nil {
		return false, nil
	}
	if x.builder == nil {
		b, err := x.newBuilder(ctx)
		if err != nil {
			return false, err
		}
		x.builder = b
	}
	var docs []document
	var chats []chat.Indexed
	moved := false
	for len(*x.builder) > 0 && len(docs) < x.sizes.fold {
		next := heap.Pop(x.builder).(chat.Indexed)
		moved = true
		now, err := x.store.IndexedOf(ctx, []chat.ChatID{next.ChatID})
		if err != nil {
			return false, err
		}
		if len(now) == 0 { // deleted
			continue
		}
		c := now[0]
		c.First, c.FirstAt = next.First, next.FirstAt // further than stored, if it is here again
		from := c.First - 1 - min(c.First-1, runEvents)
		oldest := int64(-1)
		err = x.events(ctx, c.ChatID, from, c.First-1, func(e *chat.Event) bool {
			if oldest < 0 {
				oldest = e.At
			}
			if e.Kind.Is().Message && e.DeletedAt == 0 {
				docs = append(docs, newDocument(messageOf(e)))
			}
			return true
		})
		if err != nil {
			return false, err
		}
		if c.First = from + 1; oldest >= 0 {
			c.FirstAt = min(c.FirstAt, oldest)
		}
		if c.First > 1 {
			heap.Push(x.builder, c)
		}
		if i := slices.IndexFunc(chats, func(o chat.Indexed) bool { return o.ChatID == c.ChatID }); i >= 0 {
			c.Head = chats[i].Head // before which the first of its messages were read
			chats = slices.Delete(chats, i, i+1)
		}
		chats = append(chats, c)
	}
	to := int64(0)
	if len(*x.builder) > 0 {
		to = (*x.builder)[0].FirstAt
	}
	if !moved && to == m.IndexedFrom {
		return false, nil
	}
	return true, x.addSegment(ctx, docs, chats, func(m *manifest) { m.IndexedFrom = to })
}

func (x *Index) newBuilder(ctx context.Context) (*builder, error) {
	b := &builder{}
	for after := chat.ChatID(""); ; {
		chats, last, err := x.store.Unindexed(ctx, after, pageChats)
		if err != nil {
			return nil, err
		}
		for _, c := range chats {
			if c.First > 1 {
				*b = append(*b, c)
			}
		}
		if after = last; last == "" {
			break
		}
	}
	heap.Init(b)
	return b, nil
}
