package chat

import "unicode/utf8"

// Event is one entry of a chat's log. A draft is an Event whose Seq, At and N
// the store will fill, and which the rule may complete.
//
// What a log gives back of an edited event carries the text that is current
// when it is read, and none once the message was deleted; likewise a posted
// event carries the message's current text. Applying an event twice changes
// nothing.
type Event struct {
	Kind     Kind   `json:"event" msgpack:"event"`
	ChatID   ChatID `json:"chatId" msgpack:"chatId"`
	Seq      Seq    `json:"seq" msgpack:"seq"`
	N        Seq    `json:"n" msgpack:"n"` // posted events up to here: unread is a subtraction
	At       int64  `json:"at" msgpack:"at"`
	By       UserID `json:"by" msgpack:"by"` // always the actor
	ClientID string `json:"clientId,omitempty" msgpack:"clientId,omitempty"`

	// Posted, Edited
	Text     string   `json:"text,omitempty" msgpack:"text,omitempty"`
	Mentions []UserID `json:"mentions,omitempty" msgpack:"mentions,omitempty"`
	// Posted. A draft's Reply holds only Seq; the rule adds the quote.
	Reply     *Quote `json:"reply,omitempty" msgpack:"reply,omitempty"`
	EditedAt  int64  `json:"editedAt,omitempty" msgpack:"editedAt,omitempty"`
	DeletedAt int64  `json:"deletedAt,omitempty" msgpack:"deletedAt,omitempty"`

	// Edited, Deleted, Reacted: the message.
	Target Seq    `json:"target,omitempty" msgpack:"target,omitempty"`
	Emoji  string `json:"emoji,omitempty" msgpack:"emoji,omitempty"`
	On     *bool  `json:"on,omitempty" msgpack:"on,omitempty"` // Reacted; never nil there

	// Joined, Left, RoleChanged: one event for many.
	Users  []UserID `json:"users,omitempty" msgpack:"users,omitempty"`
	Role   Role     `json:"role,omitempty" msgpack:"role,omitempty"`
	Reason string   `json:"reason,omitempty" msgpack:"reason,omitempty"` // Left: "removed" unless they went themselves

	// Renamed: both, as they are now.
	Title *string `json:"title,omitempty" msgpack:"title,omitempty"`
	Topic *string `json:"topic,omitempty" msgpack:"topic,omitempty"`
}

// Size is about how many bytes the event holds, for bounds on pages and queues.
func (e *Event) Size() int {
	n := 160 + len(e.Text) + len(e.ClientID) + 20*(len(e.Users)+len(e.Mentions))
	if e.Reply != nil {
		n += len(e.Reply.Text)
	}
	return n
}

// CheckDraft judges what of a draft needs no look at the chat.
func CheckDraft(e *Event) error {
	if !utf8.ValidString(e.Text) {
		return notUTF8("text")
	}
	if e.Kind.Is().Message {
		return CheckClientID(e.ClientID)
	}
	return nil
}

// MayRepeat reports whether the caller of a draft that a rule refused is answered with
// e, the event that the draft's ClientID made before: e may be the reason of the
// refusal. member says whether the caller is one. A user who was removed by e may
// still receive it.
func (e *Event) MayRepeat(caller UserID, member bool) bool {
	return member || e.Kind.Is().Removes && contains(e.Users, caller)
}

// SignalKind says what a signal tells.
type SignalKind string

const (
	SignalTyping   SignalKind = "typing"
	SignalPresence SignalKind = "presence"
	SignalRead     SignalKind = "read"
	SignalUser     SignalKind = "user"
)

// Signal passes by: it has no number and is never replayed. Each kind says who
// may see it in its own way; server routes it.
type Signal struct {
	Kind   SignalKind
	ChatID ChatID // typing, read
	By     UserID // typing, read, user
	Seq    Seq    // read
	Small  bool   // read: the chat has at most SmallChat members, so others may see it
	// presence: what one replica sees of its own sockets, whole. It is a lease:
	// a replica that falls silent takes its users with it.
	Replica string
	Online  []UserID
}

// Notice is one thing that a feed yields. Exactly one field is set.
type Notice struct {
	Event  *Event
	Signal *Signal
	Ended  *Revocation
}
