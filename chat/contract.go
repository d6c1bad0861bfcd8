package chat

import (
	"context"
	"iter"
)

// Log is every chat's append-only log and what is read from it. Its laws, each
// with a case in store/storetest:
//
//  1. A rule is judged against the projections at the head that its event
//     extends, in the order of the queue.
//  2. The calls of one caller for one chat are committed in the order in which
//     Append returned.
//  3. No crash parts an event from what belongs to it.
//  4. Numbers are 1, 2, 3, … without holes, in every chat.
//  5. (By, ChatID, ClientID) is unique for ever, for posts and, apart from
//     them, for all other kinds: a known one gives the first event, or Seq 0
//     with again if the first draft, no post, changed nothing. A refusal leaves
//     a ClientID unknown.
//  6. A deleted text, or one that was edited away, is in no log, no projection
//     and no file after a checkpoint.
//  7. An event keeps its number and its time, and the activity of a chat is the
//     time of its head. EventTime says how times follow each other.
type Log interface {
	// Append queues a draft and returns; done is called once, after the commit
	// or with the reason why there is none. It must not block. again is true
	// when the ClientID was known, ev then being the first event; a draft that
	// changes nothing gives an ev with Seq 0, and is written like an event when
	// it has a ClientID. While the queue is full Append
	// waits, until ctx ends: a non-nil error means that it was not queued and
	// that done is not called. ctx does not reach beyond the queue.
	Append(ctx context.Context, draft Event, rule Rule, done func(ev Event, again bool, err error)) error
	// Find gives the post that this author's clientId made in the chat, if any.
	Find(ctx context.Context, chat ChatID, by UserID, clientID string) (ev Event, ok bool, err error)
	// After gives the events numbered seen+1 and up, in order: at most limit,
	// and no further one once they hold maxBytes (by Event.Size). head is read
	// before the events. A viewer who is no member gets not_found; "" is the
	// server itself and sees all.
	After(ctx context.Context, viewer UserID, chat ChatID, seen Seq, limit, maxBytes int) (events []Event, head Seq, err error)
	// Page gives a window of messages in rising seq to a member, else not_found.
	Page(ctx context.Context, viewer UserID, chat ChatID, w Window) (Page, error)
	// Message gives one message to a member, else not_found.
	Message(ctx context.Context, viewer UserID, chat ChatID, seq Seq) (Message, error)
}

// Window says which messages: at most one of Before, After, Around and FromStart
// is set; none means the newest. Limit is 1 to MaxPage.
type Window struct {
	Before, After, Around Seq
	FromStart             bool // After 0: the oldest messages
	Limit                 int
	// Known is the Head of a page of this window that the caller has. While it
	// is the head, Page checks the viewer and gives it back alone.
	Known Seq
}

// Check judges the Limit.
func (w Window) Check() error {
	if w.Limit < 1 || w.Limit > MaxPage {
		return FailField(BadInput, "limit", "limit must be 1 to %d", MaxPage)
	}
	return nil
}

// Sizes of a history page, in messages.
const (
	DefaultPage = 50
	MaxPage     = 200
)

// Page is a window of messages and what lies beside it. It is at least as new
// as Head, which is read first, and holds nothing that was posted behind Head:
// the viewer may have been removed since.
type Page struct {
	Messages              []Message
	Head                  Seq
	MoreBefore, MoreAfter bool
}

// Feed yields what happened, on whichever replica.
type Feed interface {
	// OpenFeed returns once its cursor stands. The sequence yields every event
	// committed after that, each chat in order, at least once, never before its
	// commit; and every Signal and Revocation told after that. It ends with
	// ErrFeedLost when it can no longer promise this (a reader that fell too far
	// behind, a broken connection), or with ctx's error. It is ranged over once;
	// the cursor is freed when the loop ends or ctx does.
	OpenFeed(ctx context.Context) (iter.Seq2[Notice, error], error)
	// Tell yields the signal on every open feed. It keeps nothing.
	Tell(ctx context.Context, s Signal) error
}

// Chats are the projections that are lists: chats and their members.
type Chats interface {
	// CreateChat makes a chat with its first joined events, or gives the first
	// one again. Unknown or inactive members are not_found (field members).
	CreateChat(ctx context.Context, n NewChat) (c Chat, again bool, err error)
	// Chat gives the chat as the viewer sees it; not_found unless they are a
	// member or it is open.
	Chat(ctx context.Context, viewer UserID, chat ChatID) (Chat, error)
	// ChatsOf gives chats of a user, newest activity first, then in falling id.
	// What is read of a chat that is not in the list is its activity alone.
	ChatsOf(ctx context.Context, user UserID, l ChatList) ([]Chat, error)
	// CountChats counts the chats of a user.
	CountChats(ctx context.Context, user UserID) (int, error)
	// ChatIDs gives the ids alone of all chats of a user.
	ChatIDs(ctx context.Context, user UserID) ([]ChatID, error)
	// OpenChats gives open chats as the viewer sees them, in falling id (newest
	// made first) below before ("" is the start).
	OpenChats(ctx context.Context, viewer UserID, before ChatID, limit int) ([]Chat, error)
	// Members gives members in rising user id above after, to a member.
	Members(ctx context.Context, viewer UserID, chat ChatID, after UserID, limit int) ([]Member, error)
	// MarkRead moves a member's read pointer forward, never back, at most to
	// the head. It gives the pointer as it then is and whether it moved.
	MarkRead(ctx context.Context, chat ChatID, user UserID, seq Seq) (at Seq, moved bool, err error)
}

// People are accounts.
type People interface {
	// CreateAccount: see NewAccount. Errors: forbidden for a wrong or used Setup
	// code, invite_spent, handle_taken.
	CreateAccount(ctx context.Context, n NewAccount) (User, Session, error)
	// Credentials gives what is needed to judge a password; not_found.
	Credentials(ctx context.Context, handle string) (u User, passwordHash string, err error)
	// Users gives those of the ids that exist, in no order.
	Users(ctx context.Context, ids []UserID) ([]User, error)
	// UsersByHandle gives those of the handles that exist, in no order.
	UsersByHandle(ctx context.Context, handles []string) ([]User, error)
	// FindUsers gives users one of whose SearchWords begins with q's SearchKey
	// (all for ""), a page at a time: after is the next of the page before
	// (bad_input, field after, if it is not), and next is "" at the end.
	FindUsers(ctx context.Context, q, after string, limit int) (users []User, next string, err error)
	// PatchUser changes a user. last_owner when the last active admin would be
	// none. A new password ends all sessions but Keep, Active=false ends all:
	// in the same commit, and as a Revocation on the feed.
	PatchUser(ctx context.Context, id UserID, p UserPatch) (User, error)
}

// Sessions are who is signed in where.
type Sessions interface {
	// CreateSession for a user whose password was right; no_identity if inactive.
	CreateSession(ctx context.Context, user UserID, n NewSession) (Session, error)
	// Identify gives the holder of a token; no_identity if the session ended,
	// was unseen for SessionTTL, or the user is inactive. It notes SeenAt, to
	// the minute, without making the caller wait.
	Identify(ctx context.Context, tokenHash [32]byte) (User, Session, error)
	// SessionsOf gives the live sessions of a user, newest first.
	SessionsOf(ctx context.Context, user UserID) ([]Session, error)
	// EndSession ends one session of the user; not_found.
	EndSession(ctx context.Context, user UserID, id SessionID) error
	// EndOthers ends all sessions of the user but keep.
	EndOthers(ctx context.Context, user UserID, keep SessionID) error
	// Ended gives those of the ids that are no longer live.
	Ended(ctx context.Context, ids []SessionID) ([]SessionID, error)
}

// Invites and recoveries are codes that open a door; stores keep their hashes.
// An invite stands only while its maker is active and, if it leads to a chat, a
// member there: nobody who was put out comes back by a code of their own. One
// that does not stand is not_found to a peek and invite_spent to a use.
type Invites interface {
	// CreateInvite fills ID and CreatedAt. A ChatID must be a group of which By
	// is a member, else not_found.
	CreateInvite(ctx context.Context, i Invite, codeHash [32]byte) (Invite, error)
	// Invites gives the invites by a user, or all for "", newest first.
	Invites(ctx context.Context, by UserID) ([]Invite, error)
	// EndInvite ends one by that user, or anybody's for ""; not_found.
	EndInvite(ctx context.Context, by UserID, id InviteID) error
	// PeekInvite gives the invite of a code and spends nothing; not_found.
	PeekInvite(ctx context.Context, codeHash [32]byte) (Invite, error)
	// AcceptInvite joins the user to the invite's chat and spends one use, or
	// none if they are in already; invite_spent, or bad_input (field code) for
	// an invite without a chat. The rule, if there is one, judges the joined draft.
	AcceptInvite(ctx context.Context, codeHash [32]byte, user UserID, rule Rule) (ChatID, error)
	// CreateRecovery keeps a code that lets its holder set a new password; it
	// replaces an earlier one. not_found for an unknown user.
	CreateRecovery(ctx context.Context, user UserID, codeHash [32]byte, expiresAt int64) error
	// PeekRecovery returns whose password the code would set and spends nothing;
	// invite_spent as UseRecovery.
	PeekRecovery(ctx context.Context, codeHash [32]byte) (UserID, error)
	// UseRecovery spends the code, once: it sets the password, ends all sessions
	// and makes a new one. invite_spent if the code is unknown, used or expired.
	UseRecovery(ctx context.Context, codeHash [32]byte, passwordHash string, n NewSession) (User, Session, error)
}

// Store is everything that Parley keeps. All its methods are safe for
// concurrent use. A failure of the store below is unavailable when a retry may
// help (full disk, no primary), else internal.
type Store interface {
	Log
	Feed
	Chats
	People
	Sessions
	Invites
	// Epoch names this history; it was made with the database, or when a copy
	// whose epoch is empty was first opened.
	Epoch() string
	// Server gives the server's name and, until it is used, the setup code.
	Server(ctx context.Context) (Server, error)
	// RenameServer sets the server's name.
	RenameServer(ctx context.Context, name string) error
	// Ping returns nil while the store answers, reads and writes, or is Full.
	Ping(ctx context.Context) error
	// Full reports whether the disk is full: until it has room the store reads,
	// and takes only writes that remove something or take rights away. All
	// others are unavailable.
	Full() bool
	// Close ends open feeds, refuses new work with unavailable, commits what
	// was queued, and returns when every goroutine of the store has ended. What
	// a server below that hangs keeps for seconds is given up as unavailable.
	Close() error
}
