package mongo

import (
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"

	"parley/chat"
)

// eventDoc is a document of events. A post's includes its projection: the current text,
// edits, reactions. That of an edit has no text.
type eventDoc struct {
	ID       string        `bson:"_id"` // onceID, or eventID for an event without a clientId
	Chat     chat.ChatID   `bson:"chat"`
	Seq      chat.Seq      `bson:"seq"`
	N        chat.Seq      `bson:"n"` // posts up to here; a post's own number among the posts
	Kind     chat.Kind     `bson:"kind"`
	At       int64         `bson:"at"`
	By       chat.UserID   `bson:"by"`
	ClientID string        `bson:"clientId,omitempty"`
	Text     string        `bson:"text,omitempty"` // posted
	Mentions []chat.UserID `bson:"mentions,omitempty"`
	Files    []chat.File   `bson:"files,omitempty"`
	ReplyTo  chat.Seq      `bson:"replyTo,omitempty"` // the quote is read from that post

	Root        chat.Seq          `bson:"root,omitempty"` // of a reply
	MentionsAll chat.GroupMention `bson:"mentionsAll,omitempty"`
	Silent      bool              `bson:"silent,omitempty"`
	Inbox       []chat.UserID     `bson:"inbox,omitempty"`  // chat.ConcernedBy, until it is deleted
	Pinned      chat.Seq          `bson:"pinned,omitempty"` // the event that pinned it

	EditedAt  int64           `bson:"editedAt,omitempty"`
	DeletedAt int64           `bson:"deletedAt,omitempty"`
	Reactions []chat.Reactors `bson:"reactions,omitempty"`

	Target chat.Seq      `bson:"target,omitempty"`
	Emoji  string        `bson:"emoji,omitempty"`
	On     *bool         `bson:"on,omitempty"`
	Users  []chat.UserID `bson:"users,omitempty"`
	Role   chat.Role     `bson:"role,omitempty"`
	Reason string        `bson:"reason,omitempty"`
	Title  *string       `bson:"title,omitempty"`
	Topic  *string       `bson:"topic,omitempty"`

	GroupMentions chat.GroupMentions `bson:"groupMentions,omitempty"`
	Picture       *chat.FileID       `bson:"picture,omitempty"`
	Changed       []string           `bson:"changed,omitempty"`
}

// chatDoc is a document of chats: the fields that do not follow from the last event.
type chatDoc struct {
	ID          chat.ChatID   `bson:"_id"`
	Kind        chat.ChatKind `bson:"kind"`
	Open        bool          `bson:"open"`
	Title       string        `bson:"title"`
	Topic       string        `bson:"topic"`
	Picture     chat.FileID   `bson:"picture,omitempty"`
	By          chat.UserID   `bson:"by"`
	ClientID    string        `bson:"clientId"`
	Pair        string        `bson:"pair,omitempty"` // chat.PairOf of a direct chat
	MemberCount int           `bson:"memberCount"`

	GroupMentions chat.GroupMentions `bson:"groupMentions,omitempty"` // empty: chat.ByEveryone

	Deleted bool `bson:"deleted,omitempty"`
	Purging bool `bson:"purging,omitempty"` // deleted, and members and log are not gone yet
}

// memberDoc is a document of members. Read is the number up to which they have read, N the
// count of posts up to there. A member's own last post is read, too, and looked up
// (members.go). Both begin at the joined event. The rest are the member's own settings.
type memberDoc struct {
	Chat chat.ChatID `bson:"chat"`
	User chat.UserID `bson:"user"`
	Role chat.Role   `bson:"role"`
	Read chat.Seq    `bson:"read"`
	N    chat.Seq    `bson:"n"`

	Level      chat.Level `bson:"level,omitempty"`
	MutedUntil int64      `bson:"mutedUntil,omitempty"`
	Starred    bool       `bson:"starred,omitempty"`
	HiddenAt   *chat.Seq  `bson:"hiddenAt,omitempty"`   // posts of the chat when it was hidden; it is while there are no more
	UnreadFrom chat.Seq   `bson:"unreadFrom,omitempty"` // messages from here on are unread again
	UnreadN    chat.Seq   `bson:"unreadN,omitempty"`    // posts before that
	UnreadAt   chat.Seq   `bson:"unreadAt,omitempty"`   // head when that was set: a later post of the member ends it
}

// onceID returns the _id of an event with a clientId. The clientIds of messages and
// those of all other kinds are separate. Ids hold no spaces.
func onceID(e *chat.Event) string {
	if e.Kind.Is().Message {
		return messageID(e.ChatID, e.By, e.ClientID)
	}
	return string(e.ChatID) + " e " + string(e.By) + " " + e.ClientID
}

// messageID is onceID of a message.
func messageID(id chat.ChatID, by chat.UserID, clientID string) string {
	return string(id) + " p " + string(by) + " " + clientID
}

// messageKind is what a query asks of the kind of documents that are messages. With
// one such kind it is that kind, so that an index on kind still orders the result by
// its next field.
var messageKind = func() any {
	var kinds []chat.Kind
	for _, k := range chat.Kinds() {
		if k.Is().Message {
			kinds = append(kinds, k)
		}
	}
	if len(kinds) == 1 {
		return kinds[0]
	}
	return bson.D{{Key: "$in", Value: kinds}}
}()

// kindUnchanged is the kind of a document of events that is not an event: it stores the
// clientId of a command that changed nothing.
const kindUnchanged chat.Kind = "unchanged"

// unchanged returns that document. It has the _id that the event would have, so that only
// one of two replicas can write either. Its chat is the _id, which begins with the real
// one: no read of a chat's log finds it, and the unique index on chat and seq accepts it
// without a seq.
func unchanged(e *chat.Event) bson.D {
	id := onceID(e)
	return bson.D{{Key: "_id", Value: id}, {Key: "chat", Value: id}, {Key: "kind", Value: kindUnchanged}}
}

// document returns the document of a numbered event, without the text of an edit.
func document(e *chat.Event) eventDoc {
	d := eventDoc{ID: string(e.ChatID) + " x " + strconv.FormatUint(uint64(e.Seq), 10), Chat: e.ChatID, Seq: e.Seq, N: e.N, Kind: e.Kind, At: e.At, By: e.By,
		ClientID: e.ClientID, Target: e.Target, Emoji: e.Emoji, On: e.On, Users: e.Users, Role: e.Role, Reason: e.Reason, Title: e.Title, Topic: e.Topic, Picture: e.Picture, GroupMentions: e.GroupMentions, Changed: e.Changed}
	if e.ClientID != "" {
		d.ID = onceID(e)
	}
	if e.Kind.Is().Message {
		d.Text, d.Mentions, d.Files = e.Text, e.Mentions, e.Files
		d.Root, d.MentionsAll, d.Silent = e.Root, e.MentionsAll, e.Silent
		var repliesTo chat.UserID
		if e.Reply != nil {
			d.ReplyTo, repliesTo = e.Reply.Seq, e.Reply.By
		}
		d.Inbox = chat.ConcernedBy(e.By, e.Mentions, repliesTo)
	}
	return d
}

// entry returns the event of the document. about has the posts to which it
// refers: the one that it quotes, or the one that it edited.
func (d *eventDoc) entry(about map[chat.Seq]eventDoc) chat.Event {
	e := chat.Event{Kind: d.Kind, ChatID: d.Chat, Seq: d.Seq, N: d.N, At: d.At, By: d.By, ClientID: d.ClientID, Text: d.Text, Mentions: d.Mentions, Files: d.Files,
		EditedAt: d.EditedAt, DeletedAt: d.DeletedAt, Reply: d.quote(about), Target: d.Target, Emoji: d.Emoji, On: d.On,
		Users: d.Users, Role: d.Role, Reason: d.Reason, Title: d.Title, Topic: d.Topic, Picture: d.Picture,
		Root: d.Root, MentionsAll: d.MentionsAll, Silent: d.Silent, GroupMentions: d.GroupMentions, Changed: d.Changed}
	if d.Kind == chat.Edited {
		post := about[d.Target]
		e.Text, e.Mentions, e.MentionsAll = post.Text, post.Mentions, post.MentionsAll
	}
	return e
}

// deletesChat is chat.Event.DeletesChat.
func (d *eventDoc) deletesChat() bool {
	e := chat.Event{Kind: d.Kind, Reason: d.Reason}
	return e.DeletesChat()
}

// message returns a post as the viewer sees it, each reaction's By cut to the first most
// users; a negative most means all.
func (d *eventDoc) message(viewer chat.UserID, most int, about map[chat.Seq]eventDoc) chat.Message {
	return chat.Message{ChatID: d.Chat, Seq: d.Seq, At: d.At, By: d.By, ClientID: d.ClientID, Text: d.Text, Reply: d.quote(about),
		Mentions: d.Mentions, Files: d.Files, EditedAt: d.EditedAt, DeletedAt: d.DeletedAt,
		Root: d.Root, MentionsAll: d.MentionsAll, Pinned: d.Pinned != 0, Reactions: chat.ReactionsFor(d.Reactions, viewer, most)}
}

func (d *eventDoc) quote(about map[chat.Seq]eventDoc) *chat.Quote {
	if d.ReplyTo == 0 {
		return nil
	}
	post := about[d.ReplyTo]
	return chat.QuoteOf(chat.Message{Seq: d.ReplyTo, By: post.By, Text: post.Text, Files: post.Files})
}

// refersTo returns the post to which the document refers; 0 for none.
func (d *eventDoc) refersTo() chat.Seq {
	if d.Kind == chat.Edited {
		return d.Target
	}
	return d.ReplyTo
}
