package mongo

import (
	"cmp"
	"context"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"parley/chat"
)

// joinedChat is a membership, its chat and the chat's newest event.
type joinedChat struct {
	Place memberPlace `bson:",inline"`
	Group []chatDoc   `bson:"group"`
	Head  []eventDoc  `bson:"head"`
}

// chat returns the chat as the member sees it, without mentions and last message. The read
// pointer may be newer than the head.
func (s *joinedChat) chat() chat.Chat {
	g := s.Group[0]
	c := g.chat(s.Head[0])
	c.Role = s.Place.Member.Role
	s.setRead(&c)
	if g.Pair != "" {
		c.With = chat.OtherOf(g.Pair, s.Place.Member.User)
	}
	return c
}

// setRead sets how far the member has read and what is unread, deleted messages included.
func (s *joinedChat) setRead(c *chat.Chat) {
	head := s.Head[0]
	read, n := s.Place.read()
	c.ReadUpTo, c.Mine = min(read, head.Seq), s.Place.mine(head.N)
	if c.Mine.UnreadFrom != 0 {
		n = min(n, s.Place.Member.UnreadN)
	}
	c.Unread = int(head.N - min(n, head.N))
}

// chat returns the chat as users who are not members see it, if it is open.
func (g *chatDoc) chat(head eventDoc) chat.Chat {
	c := chat.Chat{ID: g.ID, Kind: g.Kind, Open: g.Open, Title: g.Title, Topic: g.Topic, Picture: g.Picture, MemberCount: g.MemberCount, GroupMentions: g.groupMentions(), Head: head.Seq, Activity: head.At}
	if head.Kind.Is().Message {
		c.LastAt = head.At // else by fillLastAt
	}
	return c
}

func (g *chatDoc) groupMentions() chat.GroupMentions {
	return cmp.Or(g.GroupMentions, chat.ByEveryone)
}

// newest returns the stage that adds a chat's newest event, as head.
func (db *DB) newest(local string) bson.D {
	return bson.D{{Key: "$lookup", Value: bson.D{{Key: "from", Value: db.events.Name()}, {Key: "as", Value: "head"},
		{Key: "localField", Value: local}, {Key: "foreignField", Value: "chat"}, {Key: "pipeline", Value: mongo.Pipeline{
			{{Key: "$sort", Value: bson.D{{Key: "seq", Value: -1}}}}, {{Key: "$limit", Value: 1}}, {{Key: "$project", Value: key("seq", "n", "at", "kind")}},
		}}}}}
}

// joinedChats returns the chats of a user, all or those that only matches, as they see
// them; posts has the count of posts of each.
func (db *DB) joinedChats(ctx context.Context, user chat.UserID, only bson.D) (chats []chat.Chat, posts map[chat.ChatID]chat.Seq, err error) {
	cur, err := db.members.Aggregate(ctx, mongo.Pipeline{
		{{Key: "$match", Value: append(bson.D{{Key: "user", Value: user}}, only...)}},
		{{Key: "$lookup", Value: bson.D{{Key: "from", Value: db.chats.Name()}, {Key: "localField", Value: "chat"}, {Key: "foreignField", Value: "_id"}, {Key: "as", Value: "group"}}}},
		db.newest("chat"), db.ownPost(),
	})
	list, err := all[joinedChat](ctx, cur, err)
	if err != nil {
		return nil, nil, err
	}
	posts = make(map[chat.ChatID]chat.Seq, len(list))
	for i := range list {
		s := &list[i]
		chats = append(chats, s.chat())
		posts[s.Place.Member.Chat] = s.Head[0].N
	}
	if err := db.fillLastAt(ctx, chats, posts); err != nil {
		return nil, nil, err
	}
	return chats, posts, db.countUnread(ctx, user, chats, posts)
}

// CreateChat makes a chat, or returns the one that the same request made.
func (db *DB) CreateChat(ctx context.Context, n chat.NewChat) (c chat.Chat, again bool, err error) {
	if n.Members, err = n.Others(); err != nil {
		return c, false, err
	}
	made := chat.NewID[chat.ChatID]()
	var id chat.ChatID
	err = db.write(ctx, "", "make the chat", func(t *tx) (err error) {
		if id, again, err = t.madeBefore(n); err != nil || again {
			return err
		}
		s := newState(made, eventDoc{})
		s.chat = &chatDoc{ID: made, Kind: n.Kind, Open: n.Open, Title: n.Title, Topic: n.Topic}
		draft := n.Draft(made)
		if err := t.checkRule(n.Rule, s, &draft); err != nil {
			return err
		}
		active, err := t.db.activeOf(t.ctx, n.All())
		if err != nil {
			return err
		}
		if err := n.CheckActive(active); err != nil {
			return err
		}
		id = made
		return insertChat(t, id, n)
	})
	if err != nil {
		return c, false, err
	}
	c, err = db.Chat(ctx, n.By, id)
	if again && chat.Is(err, chat.NotFound) {
		return n.Repeat(id), true, nil
	}
	return c, again, err
}

// madeBefore finds the chat of a known clientId or pair.
func (t *tx) madeBefore(n chat.NewChat) (id chat.ChatID, ok bool, err error) {
	var g chatDoc
	ok, err = one(t.db.chats.FindOne(t.ctx, bson.D{{Key: "by", Value: n.By}, {Key: "clientId", Value: n.ClientID}}), &g)
	if err == nil && !ok && n.Kind == chat.Direct {
		ok, err = one(t.db.chats.FindOne(t.ctx, bson.D{{Key: "pair", Value: n.Pair()}}), &g)
	}
	return g.ID, ok, err
}

// activeOf returns those of the users who are active.
func (db *DB) activeOf(ctx context.Context, ids []chat.UserID) (map[chat.UserID]bool, error) {
	if len(ids) == 0 {
		return nil, nil // $in takes no nil
	}
	cur, err := db.users.Find(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}}, options.Find().SetProjection(key("active")))
	found, err := all[struct {
		ID     chat.UserID `bson:"_id"`
		Active bool        `bson:"active"`
	}](ctx, cur, err)
	active := make(map[chat.UserID]bool, len(found))
	for _, u := range found {
		active[u.ID] = u.Active
	}
	return active, err
}

// insertChat makes the chat's document and its first events, which make the members.
func insertChat(t *tx, id chat.ChatID, n chat.NewChat) error {
	t.states[id] = newState(id, eventDoc{})
	_, err := t.db.chats.InsertOne(t.ctx, chatDoc{ID: id, Kind: n.Kind, Open: n.Open, Title: n.Title, Topic: n.Topic, By: n.By, ClientID: n.ClientID, Pair: n.Pair()})
	if err != nil {
		return err
	}
	for _, e := range n.Begin(id) {
		if _, err := t.append(e); err != nil {
			return err
		}
	}
	return nil
}

// Chat returns the chat as the viewer sees it.
func (db *DB) Chat(ctx context.Context, viewer chat.UserID, id chat.ChatID) (c chat.Chat, err error) {
	err = db.read(ctx, "read a chat", func(ctx context.Context) error {
		mine, posts, err := db.joinedChats(ctx, viewer, bson.D{{Key: "chat", Value: id}})
		if err != nil {
			return err
		}
		if len(mine) == 1 {
			err = db.fillLast(ctx, viewer, mine, posts)
			c = mine[0]
			return err
		}
		var g chatDoc
		ok, err := one(db.chats.FindOne(ctx, bson.D{{Key: "_id", Value: id}}), &g)
		if err == nil && (!ok || !g.Open) {
			err = chat.NoChat()
		}
		if err != nil {
			return err
		}
		head, _, err := db.last(ctx, id, db.chatQueues.reached(id))
		if err != nil {
			return err
		}
		one := []chat.Chat{g.chat(head)}
		err = db.fillLastAt(ctx, one, map[chat.ChatID]chat.Seq{id: head.N})
		c = one[0]
		return err
	})
	return c, err
}

// ChatsOf returns chats of a user: one aggregation, a count of deleted messages and
// mentions for chats with unread messages, and a find of the last messages. The chats of a page are chosen before.
func (db *DB) ChatsOf(ctx context.Context, user chat.UserID, l chat.ChatList) (chats []chat.Chat, err error) {
	err = db.read(ctx, "read chats", func(ctx context.Context) error {
		chats = nil
		var only bson.D
		if !l.All() {
			ids, err := l.Only, error(nil)
			if ids == nil {
				ids, err = db.choose(ctx, user, l)
			}
			if err != nil || len(ids) == 0 {
				return err
			}
			only = bson.D{{Key: "chat", Value: bson.D{{Key: "$in", Value: ids}}}}
		}
		var posts map[chat.ChatID]chat.Seq
		if chats, posts, err = db.joinedChats(ctx, user, only); err != nil {
			return err
		}
		slices.SortFunc(chats, func(a, b chat.Chat) int { return cmp.Or(cmp.Compare(b.Activity, a.Activity), cmp.Compare(b.ID, a.ID)) })
		return db.fillLast(ctx, user, chats[:min(l.WithLast, len(chats))], posts)
	})
	return chats, err
}

// choose returns the chats of a page by the activity of all.
func (db *DB) choose(ctx context.Context, user chat.UserID, l chat.ChatList) ([]chat.ChatID, error) {
	cur, err := db.members.Aggregate(ctx, mongo.Pipeline{
		{{Key: "$match", Value: bson.D{{Key: "user", Value: user}}}}, db.newest("chat"),
		{{Key: "$project", Value: key("chat", "head")}},
	})
	found, err := all[struct {
		Chat chat.ChatID `bson:"chat"`
		Head []eventDoc  `bson:"head"`
	}](ctx, cur, err)
	if err != nil {
		return nil, err
	}
	places := make([]chat.ChatPlace, len(found))
	for i, c := range found {
		places[i] = chat.ChatPlace{Activity: c.Head[0].At, ID: c.Chat}
	}
	return l.Choose(places), nil
}

// CountChats counts the chats of a user.
func (db *DB) CountChats(ctx context.Context, user chat.UserID) (n int, err error) {
	err = db.read(ctx, "count chats", func(ctx context.Context) error {
		count, err := db.members.CountDocuments(ctx, bson.D{{Key: "user", Value: user}})
		n = int(count)
		return err
	})
	return n, err
}

// ChatIDs returns the ids alone of all chats of a user.
func (db *DB) ChatIDs(ctx context.Context, user chat.UserID) (ids []chat.ChatID, err error) {
	err = db.read(ctx, "read chats", func(ctx context.Context) (err error) {
		ids, err = db.chatIDs(ctx, user)
		return err
	})
	return ids, err
}

func (db *DB) chatIDs(ctx context.Context, user chat.UserID) (ids []chat.ChatID, err error) {
	cur, err := db.members.Find(ctx, bson.D{{Key: "user", Value: user}}, options.Find().SetSort(key("user", "chat")).SetProjection(key("chat")))
	list, err := all[memberDoc](ctx, cur, err)
	for _, m := range list {
		ids = append(ids, m.Chat)
	}
	return ids, err
}

// OpenChats returns open chats, newest made first.
func (db *DB) OpenChats(ctx context.Context, viewer chat.UserID, before chat.ChatID, limit int) (chats []chat.Chat, err error) {
	open := bson.D{{Key: "open", Value: true}}
	if before != "" {
		open = append(open, bson.E{Key: "_id", Value: bson.D{{Key: "$lt", Value: before}}})
	}
	err = db.read(ctx, "read open chats", func(ctx context.Context) error {
		cur, err := db.chats.Aggregate(ctx, mongo.Pipeline{{{Key: "$match", Value: open}},
			{{Key: "$sort", Value: bson.D{{Key: "open", Value: -1}, {Key: "_id", Value: -1}}}}, {{Key: "$limit", Value: limit}}, db.newest("_id")})
		found, err := all[struct {
			Group chatDoc    `bson:",inline"`
			Head  []eventDoc `bson:"head"`
		}](ctx, cur, err)
		if err != nil {
			return err
		}
		ids := make([]chat.ChatID, len(found))
		for i := range found {
			ids[i] = found[i].Group.ID
		}
		mine, posts, err := db.joinedChats(ctx, viewer, bson.D{{Key: "chat", Value: bson.D{{Key: "$in", Value: ids}}}})
		if err != nil {
			return err
		}
		chats = nil
		for _, f := range found {
			if at := slices.IndexFunc(mine, func(c chat.Chat) bool { return c.ID == f.Group.ID }); at >= 0 {
				chats = append(chats, mine[at])
			} else {
				chats = append(chats, f.Group.chat(f.Head[0]))
				posts[f.Group.ID] = f.Head[0].N
			}
		}
		return db.fillLastAt(ctx, chats, posts)
	})
	return chats, err
}
