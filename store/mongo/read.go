package mongo

import (
	"context"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"parley/chat"
)

// After is [chat.Log].After.
func (db *DB) After(ctx context.Context, viewer chat.UserID, id chat.ChatID, seen chat.Seq, limit, maxBytes int) (events []chat.Event, head chat.Seq, err error) {
	top, err := db.head(ctx, viewer, id)
	if err != nil {
		return nil, 0, err
	}
	if seen >= top.Seq || limit <= 0 || maxBytes <= 0 {
		return nil, top.Seq, nil
	}
	err = db.read(ctx, "read the log", func(ctx context.Context) error {
		to := min(top.Seq, seen+chat.Seq(limit))
		cur, err := db.events.Find(ctx, bson.D{{Key: "chat", Value: id}, between("seq", seen+1, to)}, options.Find().SetSort(key("seq")))
		if err != nil {
			return err
		}
		defer closeCursor(ctx, cur)
		var docs []eventDoc
		for size := 0; size < maxBytes && cur.Next(ctx); {
			var d eventDoc
			if err := cur.Decode(&d); err != nil {
				return err
			}
			docs = append(docs, d)
			e := d.entry(nil)
			size += e.Size()
		}
		if err := cur.Err(); err != nil {
			return err
		}
		events, err = db.entries(ctx, docs)
		return err
	})
	return events, top.Seq, err
}

// head returns the newest event of a chat; not_found unless the viewer is a member, or ""
// for the server itself. One call reads the event and then the membership. Callers read
// nothing after the head, since it may have come after the viewer's removal.
func (db *DB) head(ctx context.Context, viewer chat.UserID, id chat.ChatID) (top eventDoc, err error) {
	stages := mongo.Pipeline{
		{{Key: "$match", Value: bson.D{{Key: "chat", Value: id}, {Key: "seq", Value: bson.D{{Key: "$gte", Value: db.chatQueues.reached(id)}}}}}},
		{{Key: "$sort", Value: bson.D{{Key: "chat", Value: -1}, {Key: "seq", Value: -1}}}}, {{Key: "$limit", Value: 1}},
	}
	if viewer != "" {
		stages = append(stages, bson.D{{Key: "$lookup", Value: bson.D{{Key: "from", Value: db.members.Name()}, {Key: "as", Value: "places"}, {Key: "pipeline",
			Value: mongo.Pipeline{{{Key: "$match", Value: bson.D{{Key: "chat", Value: id}, {Key: "user", Value: viewer}}}}}}}}})
	}
	err = db.read(ctx, "read the chat", func(ctx context.Context) error {
		cur, err := db.events.Aggregate(ctx, stages)
		found, err := all[struct {
			Event  eventDoc    `bson:",inline"`
			Places []memberDoc `bson:"places"`
		}](ctx, cur, err)
		if err == nil && (len(found) == 0 || viewer != "" && len(found[0].Places) == 0) {
			err = chat.NoChat()
		}
		if err == nil {
			top = found[0].Event
		}
		return err
	})
	return top, err
}

// Page is [chat.Log].Page. n numbers the posts of a chat, so the range of a page, and
// whether there are more posts on either side, is known before it is read.
func (db *DB) Page(ctx context.Context, viewer chat.UserID, id chat.ChatID, w chat.Window) (p chat.Page, err error) {
	if err := w.Check(); err != nil {
		return p, err
	}
	top, err := db.head(ctx, viewer, id)
	if err != nil {
		return p, err
	}
	if p.Head = top.Seq; p.Head == w.Known {
		return p, nil
	}
	var posts []eventDoc
	var about map[chat.Seq]eventDoc
	err = db.read(ctx, "read the messages", func(ctx context.Context) error {
		from, to, err := db.span(ctx, top, w)
		if err != nil {
			return err
		}
		p.MoreBefore, p.MoreAfter = from > 1, to < top.N
		if from > to {
			return nil
		}
		cur, err := db.events.Find(ctx, bson.D{{Key: "chat", Value: id}, {Key: "kind", Value: messageKind}, between("n", from, to)}, options.Find().SetSort(key("n")))
		if posts, err = all[eventDoc](ctx, cur, err); err != nil {
			return err
		}
		about, err = db.referenced(ctx, id, posts)
		return err
	})
	if err != nil {
		return chat.Page{}, err
	}
	p.Messages = make([]chat.Message, len(posts))
	for i := range posts {
		p.Messages[i] = posts[i].message(viewer, chat.MaxReactBy, about)
	}
	return p, nil
}

// span returns the first and last n of the posts of a window.
func (db *DB) span(ctx context.Context, top eventDoc, w chat.Window) (from, to chat.Seq, err error) {
	limit := chat.Seq(w.Limit)
	upTo := func(seq chat.Seq) (n chat.Seq) { // posts up to a number
		if seq == 0 || seq >= top.Seq || err != nil {
			return map[bool]chat.Seq{true: 0, false: top.N}[seq == 0]
		}
		var d eventDoc
		_, err = one(db.events.FindOne(ctx, bson.D{{Key: "chat", Value: top.Chat}, {Key: "seq", Value: seq}}, options.FindOne().SetProjection(key("n"))), &d)
		return d.N
	}
	older := func(n chat.Seq) chat.Seq { return n - min(n, limit) + 1 }
	switch {
	case w.Around != 0: // half of the limit from each side; a short side leaves more to the other
		n := upTo(w.Around)
		keep := min(n, max((limit+1)/2, limit-min(limit, top.N-n)))
		from = n - keep + 1
		to = min(top.N, n+limit-keep)
	case w.After != 0 || w.FromStart:
		n := upTo(w.After)
		from, to = n+1, min(top.N, n+limit)
	case w.Before != 0:
		to = upTo(w.Before - 1)
		from = older(to)
	default:
		from, to = older(top.N), top.N
	}
	return from, to, err
}

// Message is [chat.Log].Message.
func (db *DB) Message(ctx context.Context, viewer chat.UserID, id chat.ChatID, seq chat.Seq) (m chat.Message, err error) {
	top, err := db.head(ctx, viewer, id)
	if err != nil {
		return m, err
	}
	err = db.read(ctx, "read the message", func(ctx context.Context) error {
		d, ok, err := db.post(ctx, id, seq)
		if err != nil {
			return err
		}
		if !ok || seq > top.Seq {
			return chat.NoMessage("seq", seq)
		}
		about, err := db.referenced(ctx, id, []eventDoc{d})
		m = d.message(viewer, chat.MaxReactBy, about)
		return err
	})
	return m, err
}

// Messages is [chat.Log].Messages. The memberships are read after the messages: who is a member
// then may read them.
func (db *DB) Messages(ctx context.Context, viewer chat.UserID, places []chat.MessagePlace) (list []chat.Message, err error) {
	if len(places) == 0 {
		return nil, nil
	}
	if err := chat.CheckLimit(int64(len(places)), chat.MaxPage); err != nil {
		return nil, err
	}
	of := map[chat.ChatID][]chat.Seq{}
	for _, p := range places {
		of[p.Chat] = append(of[p.Chat], clampSeq(p.Seq))
	}
	var any bson.A
	for id, seqs := range of {
		any = append(any, bson.D{{Key: "chat", Value: id}, {Key: "seq", Value: bson.D{{Key: "$in", Value: seqs}}}})
	}
	err = db.read(ctx, "read messages", func(ctx context.Context) error {
		cur, err := db.events.Find(ctx, bson.D{{Key: "$or", Value: any}})
		docs, err := all[eventDoc](ctx, cur, err)
		if err != nil {
			return err
		}
		docs = slices.DeleteFunc(docs, func(d eventDoc) bool { return !d.Kind.Is().Message })
		if list, err = db.messages(ctx, viewer, docs); err != nil {
			return err
		}
		ids, err := db.chatIDs(ctx, viewer)
		list = slices.DeleteFunc(list, func(m chat.Message) bool { return !slices.Contains(ids, m.ChatID) })
		return err
	})
	order := make(map[chat.MessagePlace]int, len(places))
	for i, p := range places {
		order[p] = i
	}
	slices.SortFunc(list, func(a, b chat.Message) int {
		return order[chat.MessagePlace{Chat: a.ChatID, Seq: a.Seq}] - order[chat.MessagePlace{Chat: b.ChatID, Seq: b.Seq}]
	})
	return list, err
}

// last returns the newest event of a chat, if there is one from that number on. The sort
// includes the chat so that it is the order of the index.
func (db *DB) last(ctx context.Context, id chat.ChatID, from chat.Seq) (d eventDoc, ok bool, err error) {
	ok, err = one(db.events.FindOne(ctx, bson.D{{Key: "chat", Value: id}, {Key: "seq", Value: bson.D{{Key: "$gte", Value: from}}}},
		options.FindOne().SetSort(bson.D{{Key: "chat", Value: -1}, {Key: "seq", Value: -1}}).SetProjection(key("chat", "seq", "n", "at", "kind", "reason"))), &d)
	return d, ok, err
}

// post returns the post with a number.
func (db *DB) post(ctx context.Context, id chat.ChatID, seq chat.Seq) (d eventDoc, ok bool, err error) {
	ok, err = one(db.events.FindOne(ctx, bson.D{{Key: "chat", Value: id}, {Key: "seq", Value: clampSeq(seq)}}), &d)
	return d, ok && d.Kind.Is().Message, err
}

// referenced reads the posts to which documents of one chat refer.
func (db *DB) referenced(ctx context.Context, id chat.ChatID, docs []eventDoc) (map[chat.Seq]eventDoc, error) {
	var seqs []chat.Seq
	for i := range docs {
		if seq := docs[i].refersTo(); seq != 0 && !slices.Contains(seqs, seq) {
			seqs = append(seqs, seq)
		}
	}
	if len(seqs) == 0 {
		return nil, nil
	}
	cur, err := db.events.Find(ctx, bson.D{{Key: "chat", Value: id}, {Key: "seq", Value: bson.D{{Key: "$in", Value: seqs}}}},
		options.Find().SetProjection(key("seq", "by", "text", "mentions", "mentionsAll", "files")))
	posts, err := all[eventDoc](ctx, cur, err)
	about := make(map[chat.Seq]eventDoc, len(posts))
	for _, d := range posts {
		about[d.Seq] = d
	}
	return about, err
}

// entries returns the events of documents of one chat.
func (db *DB) entries(ctx context.Context, docs []eventDoc) ([]chat.Event, error) {
	if len(docs) == 0 {
		return nil, nil
	}
	about, err := db.referenced(ctx, docs[0].Chat, docs)
	if err != nil {
		return nil, err
	}
	list := make([]chat.Event, len(docs))
	for i := range docs {
		list[i] = docs[i].entry(about)
	}
	return list, nil
}

func between(field string, from, to chat.Seq) bson.E {
	return bson.E{Key: field, Value: bson.D{{Key: "$gte", Value: clampSeq(from)}, {Key: "$lte", Value: clampSeq(to)}}}
}

// clampSeq returns a client's number as BSON can hold it.
func clampSeq(s chat.Seq) chat.Seq { return min(s, 1<<63-1) }
