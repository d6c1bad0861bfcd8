package chat

import "unicode/utf8"

// Event is one entry of a chat's log. A draft is an Event before the store fills in Seq,
// At and N; its rule may complete other fields.
//
// A posted or edited event that is read from the log has the message's current text, and
// none once the message was deleted. Applying an event twice changes nothing.
type Event struct {
	Kind     Kind   `json:"event" msgpack:"event"`
	ChatID   ChatID `json:"chatId" msgpack:"chatId"`
	Seq      Seq    `json:"seq" msgpack:"seq"`
	N        Seq    `json:"n" msgpack:"n"` // posted events up to here: the difference of two counts messages
	At       int64  `json:"at" msgpack:"at"`
	By       UserID `json:"by" msgpack:"by"` // the user who acted
	ClientID string `json:"clientId,omitempty" msgpack:"clientId,omitempty"`

	// Posted, Edited
	Text     string   `json:"text,omitempty" msgpack:"text,omitempty"`
	Mentions []UserID `json:"mentions,omitempty" msgpack:"mentions,omitempty"`
	// MentionsAll is how the text mentions all members of the group.
	MentionsAll GroupMention `json:"mentionsAll,omitempty" msgpack:"mentionsAll,omitempty"`
	// Posted. A draft's Reply holds only Seq, its Files only ID and Alt; the rule adds the rest.
	Reply     *Quote `json:"reply,omitempty" msgpack:"reply,omitempty"`
	Files     []File `json:"files,omitempty" msgpack:"files,omitempty"`
	Root      Seq    `json:"root,omitempty" msgpack:"root,omitempty"`     // the root of the thread that it replies in
	Silent    bool   `json:"silent,omitempty" msgpack:"silent,omitempty"` // no push is sent for it
	EditedAt  int64  `json:"editedAt,omitempty" msgpack:"editedAt,omitempty"`
	DeletedAt int64  `json:"deletedAt,omitempty" msgpack:"deletedAt,omitempty"`

	// Edited, Deleted, Reacted, Pinned: the message.
	Target Seq    `json:"target,omitempty" msgpack:"target,omitempty"`
	Emoji  string `json:"emoji,omitempty" msgpack:"emoji,omitempty"` // Reacted; "" in the log once the reaction was taken back
	On     *bool  `json:"on,omitempty" msgpack:"on,omitempty"`       // Reacted, Pinned; never nil there

	// Joined, Left, RoleChanged: one event for many.
	Users  []UserID `json:"users,omitempty" msgpack:"users,omitempty"`
	Role   Role     `json:"role,omitempty" msgpack:"role,omitempty"`
	Reason string   `json:"reason,omitempty" msgpack:"reason,omitempty"` // Left: "removed" unless the user left by themselves, or ReasonDeleted

	// Renamed: all, as they are now; an empty Picture is none. In the log an event keeps of the
	// first three what it changed until a later one changes that; the newest has all.
	Title   *string `json:"title,omitempty" msgpack:"title,omitempty"`
	Topic   *string `json:"topic,omitempty" msgpack:"topic,omitempty"`
	Picture *FileID `json:"picture,omitempty" msgpack:"picture,omitempty"`

	GroupMentions GroupMentions `json:"groupMentions,omitempty" msgpack:"groupMentions,omitempty"`
	// Changed are the JSON names of those four that are new. It and GroupMentions are not in
	// renamed events of earlier versions.
	Changed []string `json:"changed,omitempty" msgpack:"changed,omitempty"`
}

// ReplacesText reports whether the event replaces or removes a text, or takes a reaction
// back, so that no buffer may keep what was before.
func (e *Event) ReplacesText() bool { return e.Kind.Is().ReplacesText || e.TakesBack() }

// TakesBack reports whether the event takes a reaction back. Its emoji is told and not
// stored, since nothing of the reaction stays in the log.
func (e *Event) TakesBack() bool { return e.Kind == Reacted && e.On != nil && !*e.On }

// Size returns about how many bytes the event has, for bounds on pages and queues.
func (e *Event) Size() int {
	n := 160 + len(e.Text) + len(e.ClientID) + 20*(len(e.Users)+len(e.Mentions))
	if e.Reply != nil {
		n += len(e.Reply.Text)
	}
	for i := range e.Files {
		n += 160 + len(e.Files[i].Name) + len(e.Files[i].Alt)
	}
	return n
}

// CheckDraft judges what of a draft can be judged without its chat.
func CheckDraft(e *Event) error {
	if !utf8.ValidString(e.Text) {
		return notUTF8("text")
	}
	if e.Kind.Is().Message {
		return CheckClientID(e.ClientID)
	}
	return nil
}

// Repeat returns the answer to the retry of the command that made e, which a rule
// refused: e itself may be the reason, or what came since. A caller who is not a member
// any more learns that e was made and where, and nothing else.
func (e Event) Repeat(member bool) Event {
	if member {
		return e
	}
	return Event{Kind: e.Kind, ChatID: e.ChatID, Seq: e.Seq, At: e.At, By: e.By, ClientID: e.ClientID}
}

// SignalKind is the kind of a signal.
type SignalKind string

const (
	SignalTyping   SignalKind = "typing"
	SignalPresence SignalKind = "presence"
	SignalRead     SignalKind = "read"
	SignalUser     SignalKind = "user"
	SignalMine     SignalKind = "mine"
	SignalSettings SignalKind = "settings"
)

// Signal is a notice without a number, which is never stored or replayed. The server
// decides by its kind who receives it.
type Signal struct {
	Kind   SignalKind
	ChatID ChatID // typing, read, mine
	By     UserID // typing, read, user, mine, settings
	Seq    Seq    // read
	Small  bool   // read: the chat has at most SmallChat members, so others may see it
	// presence: all users that are connected to one replica. It is a lease: it expires
	// when the replica sends no further one.
	Replica string
	Online  []UserID
	Active  []UserID // those of them whose pages said focus or read since the last one
}

// Notice is what a feed yields. Exactly one field is set.
type Notice struct {
	Event  *Event
	Signal *Signal
	Ended  *Revocation
}
