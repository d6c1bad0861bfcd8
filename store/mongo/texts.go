package mongo

import (
	"context"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"parley/chat"
)

const (
	clearBatch = 1000        // documents that one part reads
	clearAgain = time.Minute // until it is tried again after an error
	fillEvery  = time.Minute // between two looks for posts of an older version
)

// renewOldLogs runs what brings the logs of an older Parley to this version, beside the
// store's other work, until it succeeds, or Close. f works on the chats after from and
// returns how far it came.
func (db *DB) renewOldLogs(doing string, from chat.ChatID, f func(context.Context, chat.ChatID) (chat.ChatID, error)) {
	if from == beyond {
		return
	}
	db.clearing.Go(func() {
		for {
			var err error
			if from, err = f(db.ctx, from); err == nil || db.open() != nil {
				return
			}
			db.log.Warn(doing+" failed: this is tried again", "chat", from, "after", clearAgain, "err", err)
			select {
			case <-time.After(clearAgain):
			case <-db.stop:
				return
			}
		}
	})
}

// clearTexts removes from the logs that an older Parley wrote what project removes: the
// emoji of reactions that were taken back or whose message was deleted, and titles and
// topics that were replaced. It works on the chats after from, by id, in small parts, and
// stores how far it came. Several replicas may do it at the same time: what has left the
// log does not come back.
func (db *DB) clearTexts(ctx context.Context, from chat.ChatID) (chat.ChatID, error) {
	return db.eachChat(ctx, from, "cleared", func(ctx context.Context, id chat.ChatID) error {
		if err := db.clearReactions(ctx, id); err != nil {
			return err
		}
		return db.clearTitles(ctx, id)
	})
}

// eachChat calls f for the chats after from, by id, and stores how far it came in a field
// of the server's document.
func (db *DB) eachChat(ctx context.Context, from chat.ChatID, field string, f func(context.Context, chat.ChatID) error) (chat.ChatID, error) {
	for from != beyond {
		ids, err := db.chatsBehind(ctx, from)
		if err != nil {
			return from, err
		}
		for _, id := range ids {
			if err := f(ctx, id); err != nil {
				return from, err
			}
		}
		to := chat.ChatID(beyond)
		if len(ids) == db.clearBatch {
			to = ids[len(ids)-1]
		}
		err = db.read(ctx, "store a position", func(ctx context.Context) error {
			_, err := db.meta.UpdateOne(ctx, serverID, bson.D{{Key: "$max", Value: bson.D{{Key: field, Value: to}}}})
			return err
		})
		if err != nil {
			return from, err
		}
		from = to
	}
	return from, nil
}

// chatsBehind returns the next chats by id.
func (db *DB) chatsBehind(ctx context.Context, from chat.ChatID) (ids []chat.ChatID, err error) {
	err = db.read(ctx, "read chats", func(ctx context.Context) error {
		cur, err := db.chats.Find(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$gt", Value: from}}}},
			options.Find().SetSort(key("_id")).SetLimit(int64(db.clearBatch)).SetProjection(key("_id")))
		list, err := all[chatDoc](ctx, cur, err)
		ids = nil
		for _, c := range list {
			ids = append(ids, c.ID)
		}
		return err
	})
	return ids, err
}

// clearReactions is clearTexts for the reactions of one chat. It reads the events by n,
// which many may share: the last n of a batch may continue in the next one.
func (db *DB) clearReactions(ctx context.Context, id chat.ChatID) error {
	from, limit := chat.Seq(0), db.clearBatch
	for {
		var docs []eventDoc
		err := db.read(ctx, "read reactions", func(ctx context.Context) error {
			cur, err := db.events.Find(ctx, bson.D{{Key: "chat", Value: id}, {Key: "kind", Value: chat.Reacted}, {Key: "n", Value: bson.D{{Key: "$gte", Value: from}}}},
				options.Find().SetSort(key("n")).SetLimit(int64(limit)).SetProjection(key("seq", "n", "by", "target", "emoji", "on")))
			docs, err = all[eventDoc](ctx, cur, err)
			return err
		})
		if err != nil {
			return err
		}
		more, whole := len(docs) == limit, docs
		if more {
			last := docs[len(docs)-1].N
			if whole = docs[:slices.IndexFunc(docs, func(d eventDoc) bool { return d.N == last })]; len(whole) == 0 {
				limit *= 2
				continue
			}
			from, limit = last, db.clearBatch
		}
		if err := db.clearStale(ctx, id, whole); err != nil || !more {
			return err
		}
	}
}

// clearStale removes the emoji of those events that their posts do not show. The posts are
// read after the events, so a reaction that is made meanwhile is not taken for a stale one.
func (db *DB) clearStale(ctx context.Context, id chat.ChatID, reacted []eventDoc) error {
	reacted = slices.DeleteFunc(reacted, func(d eventDoc) bool { return d.Emoji == "" })
	if len(reacted) == 0 {
		return nil
	}
	targets := make([]chat.Seq, len(reacted))
	for i := range reacted {
		targets[i] = reacted[i].Target
	}
	shown := map[chat.Seq][]chat.Reactors{}
	err := db.read(ctx, "read reactions", func(ctx context.Context) error {
		cur, err := db.events.Find(ctx, bson.D{{Key: "chat", Value: id}, {Key: "seq", Value: bson.D{{Key: "$in", Value: targets}}}},
			options.Find().SetProjection(key("seq", "reactions")))
		posts, err := all[eventDoc](ctx, cur, err)
		for _, d := range posts {
			shown[d.Seq] = d.Reactions
		}
		return err
	})
	if err != nil {
		return err
	}
	var stale []chat.Seq
	for i := range reacted {
		d := &reacted[i]
		by := func(r chat.Reactors) bool { return r.Emoji == d.Emoji && slices.Contains(r.By, d.By) }
		if d.On == nil || !*d.On || !slices.ContainsFunc(shown[d.Target], by) {
			stale = append(stale, d.Seq)
		}
	}
	return db.unsetFields(ctx, id, stale, "emoji")
}

// clearTitles is clearTexts for the titles and topics of one chat. What an event of this
// version still has is current.
func (db *DB) clearTitles(ctx context.Context, id chat.ChatID) error {
	var stale []chat.Seq
	var newest chat.Seq
	err := db.read(ctx, "read titles", func(ctx context.Context) error {
		cur, err := db.events.Find(ctx, bson.D{{Key: "chat", Value: id}, {Key: "kind", Value: chat.Renamed}}, options.Find().SetProjection(key("seq", "title", "topic", "changed")))
		docs, err := all[eventDoc](ctx, cur, err)
		stale, newest = nil, 0
		for i := range docs {
			d := &docs[i]
			newest = max(newest, d.Seq)
			if d.Changed == nil && (d.Title != nil || d.Topic != nil) {
				stale = append(stale, d.Seq)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	stale = slices.DeleteFunc(stale, func(s chat.Seq) bool { return s == newest })
	return db.unsetFields(ctx, id, stale, "title", "topic")
}

// unsetFields removes fields of the events with these numbers.
func (db *DB) unsetFields(ctx context.Context, id chat.ChatID, seqs []chat.Seq, fields ...string) error {
	if len(seqs) == 0 {
		return nil // $in takes no nil
	}
	return db.read(ctx, "remove texts that left the log", func(ctx context.Context) error {
		_, err := db.events.UpdateMany(ctx, bson.D{{Key: "chat", Value: id}, {Key: "seq", Value: bson.D{{Key: "$in", Value: seqs}}}}, bson.D{{Key: "$unset", Value: key(fields...)}})
		return err
	})
}
