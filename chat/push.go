package chat

import (
	"context"
	"time"
)

// Subscription is where a session receives pushes (RFC 8030). It ends with its session.
type Subscription struct {
	Session  SessionID
	User     UserID
	Endpoint string
	P256dh   string      // the browser's public key, in base64url
	Auth     string      // the secret of the encryption, in base64url
	Last     *PushResult // of the last push; nil: none was sent
	Shown    Shown       // of the pushes that were accepted
}

// Shown are the chats of which a device may show notifications, at most MaxShown. True: a push that
// closes them was sent; a device that was offline did not get it.
type Shown map[ChatID]bool

// MaxShown is how many chats Shown has at most.
const MaxShown = 32

// PushState is what pushes to a session have changed of its subscription.
type PushState struct {
	Last  *PushResult // nil: it stays as it is
	Shown Shown       // nil: it stays as it is
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
	Urgent  bool  // a direct message or a mention is among them; not after a try that failed

	Endpoint string // of the session's subscription; only MakePushes and QueuedPushes set it
}

// ChatPushes are the pushes of the messages After+1 to Last of a chat, at most one for each user.
type ChatPushes struct {
	ChatID      ChatID
	After, Last Seq
	Pushes      []QueuedPush // without Session and Endpoint
}

// PushedTo is the last message of a chat for which pushes were made.
type PushedTo struct {
	ChatID ChatID
	Seq    Seq
}

// PushTarget is a member of a chat with a subscription.
type PushTarget struct {
	User     UserID
	Mine     Mine
	Settings Settings
	ReadUpTo Seq
}

// PushReason is why a push is sent to a user for a message, or why not.
type PushReason string

const (
	PushDirect  PushReason = "direct"
	PushMention PushReason = "mention" // the message mentions the user, or replies to them
	PushGroup   PushReason = "group"   // it mentions all members
	PushMessage PushReason = "message" // the user's level is all

	NoPushOwn     PushReason = "own"
	NoPushDeleted PushReason = "deleted"
	NoPushSilent  PushReason = "silent"
	NoPushRead    PushReason = "read"
	NoPushMuted   PushReason = "muted"
	NoPushLevel   PushReason = "level"
	NoPushQuiet   PushReason = "quiet"
	NoPushActive  PushReason = "active"
)

// IsUrgent reports whether the user is told of the message at once, also after a burst of others.
func (r PushReason) IsUrgent() bool { return r == PushDirect || r == PushMention }

// ActiveFor is how long, in ms, a user counts as active after a page of theirs sent focus
// or read.
const ActiveFor = 60_000

// PushCase is a message and a user to whom a push for it may be sent.
type PushCase struct {
	Kind      ChatKind
	By        UserID
	Seq       Seq
	Deleted   bool
	Silent    bool
	All       GroupMention
	Concerned bool // the message mentions the user, or replies to them: ConcernedBy
	Target    PushTarget
	Online    bool  // the user has a socket
	ActiveAt  int64 // ms; when a page of theirs last sent focus or read; 0: not known
	Now       int64 // ms
}

// Decide reports whether a push for the message is sent to the user, and why.
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

// reason returns why the user's level lets the message through; ok is false if it does not.
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

// Quiet reports whether now, in ms, is in the user's quiet hours.
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
	return s.Session == o.Session && s.User == o.User && s.Endpoint == o.Endpoint && s.P256dh == o.P256dh && s.Auth == o.Auth
}

// Pushes are the subscriptions of sessions to push services, and the pushes that are to be
// sent. One process at a time makes and sends pushes, under a lease. Laws:
//
//  1. A subscription, and the pushes that are queued for it, end with its session, in the
//     same commit, and are not returned once the session is not Live.
//  2. An endpoint belongs to one session: the last one that subscribed with it.
//  3. MakePushes saves the pushes of new messages and which messages they are of in one
//     commit, so that a kill loses none and makes none twice; nor does a process whose lease
//     ran out while it was stopped, and that goes on.
//  4. A session has one queued push of a chat at most: that of a later message replaces it,
//     counts both, and is urgent if one of them is.
type Pushes interface {
	// PushKey returns the private key of the server's pushes: made, which it saves, if there
	// was none.
	PushKey(ctx context.Context, made []byte) ([]byte, error)
	// Subscribe saves the subscription of a session, in place of another one that it had;
	// no_identity if the session ended.
	Subscribe(ctx context.Context, s Subscription) error
	// Unsubscribe ends the subscription of a session, if it has one with the endpoint, or
	// with any for "".
	Unsubscribe(ctx context.Context, id SessionID, endpoint string) error
	// Subscription returns the subscription of a session, if it has one.
	Subscription(ctx context.Context, id SessionID) (s Subscription, ok bool, err error)
	// ShowingSubscriptions returns at most limit subscriptions with chats in Shown, in no order.
	ShowingSubscriptions(ctx context.Context, limit int) ([]Subscription, error)
	// AnySubscription reports whether any session has a subscription.
	AnySubscription(ctx context.Context) (bool, error)
	// SavePushResult saves what became of a push to a session, if it has a subscription.
	SavePushResult(ctx context.Context, id SessionID, r PushResult) error
	// PushTargets returns the members of a chat with a subscription, in no order.
	PushTargets(ctx context.Context, chat ChatID) ([]PushTarget, error)
	// UnmadePushes looks at the next limit chats with ids above after, in ascending order of id. It
	// returns those with posts of which no push was made yet, not older than the time of
	// SavePushed, with the number of the last message before them, and the last chat that it looked
	// at; "" if there are no more. Deleted chats are left out.
	UnmadePushes(ctx context.Context, after ChatID, limit int) (chats []PushedTo, last ChatID, err error)
	// SavePushed saves that the pushes of all messages older than at, in ms, were made. That
	// time never goes back.
	SavePushed(ctx context.Context, at int64) error
	// MakePushes queues pushes and saves that they were made, in one commit. It returns what it
	// queued: each push once for each session of its user that has a subscription, with
	// Session and Endpoint set. It leaves out a ChatPushes if pushes of a message behind its
	// After were made before; all is false then.
	MakePushes(ctx context.Context, made []ChatPushes) (queued []QueuedPush, all bool, err error)
	// QueuedPushes returns at most limit queued pushes: first the urgent ones, and of each kind
	// first those that are due first.
	QueuedPushes(ctx context.Context, limit int) ([]QueuedPush, error)
	// EndPushes removes ended, the pushes that were sent or need not be, and saves the states of
	// sessions that have a subscription. It saves the Due and Tries of again, the pushes that failed,
	// which are not urgent any more: the others do not wait for what a push service does not take. A
	// push that a later message replaced stays queued.
	EndPushes(ctx context.Context, ended, again []QueuedPush, states map[SessionID]PushState) error
	// CountPushes returns how many pushes are queued, and since when the oldest one is, in ms.
	CountPushes(ctx context.Context) (n int, oldest int64, err error)
}
