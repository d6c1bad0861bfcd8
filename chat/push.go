package chat

import "time"

// Subscription is where a session receives pushes (RFC 8030). It ends with its session.
type Subscription struct {
	Session  SessionID
	User     UserID
	Endpoint string
	P256dh   string      // the browser's public key, in base64url
	Auth     string      // the secret of the encryption, in base64url
	Last     *PushResult // of the last push; nil: none was sent
}

// PushResult is what became of a push.
type PushResult struct {
	At     int64  `json:"at" msgpack:"at"`         // ms
	Result string `json:"result" msgpack:"result"` // an outcome of package webpush
	Reason string `json:"reason,omitempty" msgpack:"reason,omitempty"`
}

// QueuedPush is a push that is to be sent to a session: of a new message in a chat. It holds
// no text: the message is read when it is sent.
type QueuedPush struct {
	Session SessionID
	User    UserID
	ChatID  ChatID
	Seq     Seq   // of the newest message
	Count   int   // of messages that it tells of
	At      int64 // ms; when it was queued
	Due     int64 // ms; when to send it, at the earliest
	Tries   int   // that failed
}

// PushedTo says up to which message of a chat pushes were made.
type PushedTo struct {
	ChatID ChatID
	Seq    Seq
}

// PushProgress says of which messages pushes were made: of all that are older than At, in ms,
// and of those of some chats.
type PushProgress struct {
	At    int64 // 0: as before
	Chats []PushedTo
}

// PushTarget is a member of a chat with a subscription.
type PushTarget struct {
	User     UserID
	Mine     Mine
	Settings Settings
	ReadUpTo Seq
}

// PushReason is why a person is told of a message, or why not.
type PushReason string

const (
	PushDirect  PushReason = "direct"
	PushMention PushReason = "mention" // the message names the person, or replies to them
	PushGroup   PushReason = "group"   // it names everybody
	PushMessage PushReason = "message" // the person wants all messages

	NoPushOwn     PushReason = "own"
	NoPushDeleted PushReason = "deleted"
	NoPushSilent  PushReason = "silent"
	NoPushRead    PushReason = "read"
	NoPushMuted   PushReason = "muted"
	NoPushLevel   PushReason = "level"
	NoPushQuiet   PushReason = "quiet"
	NoPushActive  PushReason = "active"
)

// ActiveFor is how long, in ms, a person counts as active after a page of theirs said focus
// or read.
const ActiveFor = 60_000

// PushCase is a message and a person who may be told of it by a push.
type PushCase struct {
	Kind      ChatKind
	By        UserID
	Seq       Seq
	Deleted   bool
	Silent    bool
	All       GroupMention
	Concerned bool // the message names the person, or replies to them: ConcernedBy
	Target    PushTarget
	Online    bool  // the person has a socket
	ActiveAt  int64 // ms; when a page of theirs last said focus or read; 0: not known
	Now       int64 // ms
}

// Decide reports whether the person is told of the message by a push, and why.
func (c PushCase) Decide() (bool, PushReason) {
	switch t := c.Target; {
	case c.By == t.User:
		return false, NoPushOwn
	case c.Deleted:
		return false, NoPushDeleted
	case c.Silent:
		return false, NoPushSilent
	case c.Seq <= t.ReadUpTo:
		return false, NoPushRead
	case t.Mine.Muted(c.Now):
		return false, NoPushMuted
	}
	reason, ok := c.reason()
	switch {
	case !ok:
		return false, NoPushLevel
	case c.Target.Settings.Quiet(c.Now):
		return false, NoPushQuiet
	case c.ActiveAt > 0 && c.Now-c.ActiveAt < ActiveFor:
		return false, NoPushActive
	}
	return true, reason
}

// reason returns why the person's level lets the message through; ok is false if it does not.
func (c PushCase) reason() (reason PushReason, ok bool) {
	level := c.Target.Mine.Level
	if level == LevelDefault || level == "" {
		level = c.Target.Settings.Level
	}
	switch {
	case level == LevelNone:
		return "", false
	case c.Kind == Direct:
		return PushDirect, true
	case c.Concerned:
		return PushMention, true
	case c.All == MentionAll, c.All == MentionHere && c.Online:
		return PushGroup, true
	}
	return PushMessage, level == LevelAll
}

// Muted reports whether the chat is muted at now, in ms.
func (m *Mine) Muted(now int64) bool { return m.MutedUntil == MutedForEver || now < m.MutedUntil }

// Quiet reports whether now, in ms, is in the person's quiet hours.
func (s *Settings) Quiet(now int64) bool {
	if s.QuietFrom == "" {
		return false
	}
	zone, err := time.LoadLocation(s.TimeZone)
	if err != nil { // a zone that this version's database does not know any more
		zone = time.UTC
	}
	at := time.UnixMilli(now).In(zone).Format("15:04")
	if s.QuietFrom < s.QuietTo {
		return s.QuietFrom <= at && at < s.QuietTo
	}
	return s.QuietFrom <= at || at < s.QuietTo // over midnight
}

// Same reports whether the subscriptions are of one session, with the same endpoint and keys.
func (s Subscription) Same(o Subscription) bool {
	s.Last, o.Last = nil, nil
	return s == o
}
