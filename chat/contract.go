package chat

import (
	"context"
	"iter"
	"time"
)

// Log is every chat's append-only log and what is read from it. Its laws, each
// with a case in store/storetest:
//
//  1. A rule is judged against the projections at the head that its event
//     extends, in the order of the queue.
//  2. The calls of one caller for one chat are committed in the order in which
//     Append returned.
//  3. No crash separates an event from its projection.
//  4. Numbers are 1, 2, 3, … without holes, in every chat.
//  5. (By, ChatID, ClientID) is unique forever, for posts and, separately, for
//     all other kinds: a known one returns the first event, or Seq 0 with again
//     if the first draft was no post and changed nothing. To a caller who is not
//     a member any more it returns Event.Repeat of it. A refused draft leaves its
//     ClientID unknown.
//  6. A text that was deleted or edited away is in no log, no projection and,
//     after a checkpoint, no file; nor is a reaction that was taken back or whose
//     message was deleted, nor a title or topic that was replaced. Which of them an
//     event changed stays in the log.
//  7. A group with an active member has an active admin: Succession is in the commit
//     of its cause.
//  8. An event keeps its number and its time, the activity of a chat is the time of
//     its head, and its LastAt that of its newest post, deleted or not. EventTime says
//     how times follow each other.
type Log interface {
	// Append queues a draft and returns. done is called once, after the commit
	// or with the reason for a failure; it must not block. again is true if the
	// ClientID was known: ev is then the first event. For a draft that changes
	// nothing ev has Seq 0; if it has a ClientID, that is saved as an event's
	// is. While the queue is full Append waits until ctx ends: a non-nil error
	// means that the draft was not queued and that done is not called. ctx
	// bounds the wait for the queue alone.
	Append(ctx context.Context, draft Event, rule Rule, done func(ev Event, again bool, err error)) error
	// Find returns the post that this author's clientId made in the chat, if any.
	Find(ctx context.Context, chat ChatID, by UserID, clientID string) (ev Event, ok bool, err error)
	// After returns the events numbered seen+1 and up, in order: at most limit,
	// and no further one once they hold maxBytes (by Event.Size). head is read
	// before the events. A viewer who is not a member gets not_found; "" is the
	// server itself and reads every chat, also a deleted one, whose log may be
	// purged and have holes.
	After(ctx context.Context, viewer UserID, chat ChatID, seen Seq, limit, maxBytes int) (events []Event, head Seq, err error)
	// Page returns a window of messages in ascending order of seq; not_found unless the viewer
	// is a member.
	Page(ctx context.Context, viewer UserID, chat ChatID, w Window) (Page, error)
	// Message returns one message; not_found unless the viewer is a member.
	Message(ctx context.Context, viewer UserID, chat ChatID, seq Seq) (Message, error)
	// Messages returns the messages at places of any chats, in the same order. The places must
	// differ; there are at most MaxPage. Those without a message, and those in chats of which the
	// viewer is not a member, are left out.
	Messages(ctx context.Context, viewer UserID, places []MessagePlace) ([]Message, error)
	// Pins returns the pinned messages, the last one pinned first; not_found unless the
	// viewer is a member.
	Pins(ctx context.Context, viewer UserID, chat ChatID) ([]Message, error)
	// Thread returns a part of the thread of a message: its root, and the messages
	// that have that Root, in ascending order of seq, of those above after at most limit. MoreBefore of
	// the page is not set. not_found as Message.
	Thread(ctx context.Context, viewer UserID, chat ChatID, seq, after Seq, limit int) (Page, error)
	// MentionsOf returns messages by others that mention the user or reply to one of theirs,
	// newest first, below a place in that list (the zero value is the start), in chats of which the user
	// is a member. Those that were deleted are left out. It reads one range of an index.
	MentionsOf(ctx context.Context, user UserID, below MentionPlace, limit int) ([]Message, error)
}

// MessagePlace is where a message is.
type MessagePlace struct {
	Chat ChatID
	Seq  Seq
}

// MentionPlace is the place of a message in the list of MentionsOf, which is sorted by time,
// then chat, then number, each highest first.
type MentionPlace struct {
	At   int64
	Chat ChatID
	Seq  Seq
}

// Window selects messages: at most one of Before, After, Around and FromStart is
// set; none means the newest. Limit is 1 to MaxPage.
type Window struct {
	Before, After, Around Seq
	FromStart             bool // After 0: the oldest messages
	Limit                 int
	// Known is the Head of a page of this window that the caller has. While it
	// is the head, Page checks the viewer and returns the Head alone.
	Known Seq
}

// Check judges the Limit.
func (w Window) Check() error { return CheckLimit(int64(w.Limit), MaxPage) }

// CheckLimit refuses a page size that is not 1 to most.
func CheckLimit(n int64, most int) error {
	if n < 1 || n > int64(most) {
		return FailField(BadInput, "limit", "limit must be 1 to %d", most)
	}
	return nil
}

// Sizes of a history page, in messages.
const (
	DefaultPage = 50
	MaxPage     = 200
)

// Page is a window of messages, and whether there are more on either side. It is at
// least as new as Head, which is read first, and holds no message with a number above
// Head: the viewer may have been removed since.
type Page struct {
	Messages              []Message
	Head                  Seq
	MoreBefore, MoreAfter bool
}

// Feed yields what happened on all replicas.
type Feed interface {
	// OpenFeed returns once its cursor is open. The sequence yields every event
	// that is committed after that, each chat in order, at least once, never before
	// the commit; and every later Signal and Revocation. It ends with ErrFeedLost
	// when it can no longer guarantee this (a reader that fell too far behind, a
	// broken connection), or with ctx's error. It is ranged over once; the cursor
	// is freed when the loop or ctx ends.
	OpenFeed(ctx context.Context) (iter.Seq2[Notice, error], error)
	// Tell sends the signal to every open feed. It is not stored.
	Tell(ctx context.Context, s Signal) error
}

// Chats are the projections that are lists: chats and their members.
type Chats interface {
	// CreateChat makes a chat with its first joined events, or returns the one
	// that was made before (NewChat.Repeat, if By may not see it any more). Unknown or inactive members are not_found (field members).
	CreateChat(ctx context.Context, n NewChat) (c Chat, again bool, err error)
	// Chat returns the chat as the viewer sees it; not_found unless they are a
	// member or it is open.
	Chat(ctx context.Context, viewer UserID, chat ChatID) (Chat, error)
	// ChatsOf returns chats of a user, newest activity first, then highest id first.
	// Of a chat that is not in the list it reads the activity alone.
	ChatsOf(ctx context.Context, user UserID, l ChatList) ([]Chat, error)
	// Unread returns how many unread messages the chats of a user have, without those that
	// have none.
	Unread(ctx context.Context, user UserID) (map[ChatID]int, error)
	// CountChats counts the chats of a user.
	CountChats(ctx context.Context, user UserID) (int, error)
	// ChatIDs returns the ids of all chats of a user.
	ChatIDs(ctx context.Context, user UserID) ([]ChatID, error)
	// OpenChats returns open chats as the viewer sees them, with the highest id first (newest
	// made first) below before ("" is the start).
	OpenChats(ctx context.Context, viewer UserID, before ChatID, limit int) ([]Chat, error)
	// Members returns members with user ids above after, in ascending order of id; not_found
	// unless the viewer is a member.
	Members(ctx context.Context, viewer UserID, chat ChatID, after UserID, limit int) ([]Member, error)
	// Purge does the next part of what is left to do for deleted chats, and reports
	// whether there may be more: members leave (Emptying), then the log is deleted, but
	// for events that outlast it (Event.Outlasts). A process that is killed between two
	// parts loses nothing, and several replicas may purge at the same time.
	Purge(ctx context.Context) (more bool, err error)
	// MarkRead moves a member's read pointer forward, never back, at most to
	// the head. It also ends Mine.UnreadFrom if that is not above seq, as does a post of
	// the member. It returns the pointer after that, and whether either changed.
	MarkRead(ctx context.Context, chat ChatID, user UserID, seq Seq) (at Seq, moved bool, err error)
	// PatchMine changes a member's own settings and returns them as they are then.
	// MinePatch.CheckUnreadFrom is judged at the head. Hidden stores the count of posts,
	// and holds while that does not change.
	PatchMine(ctx context.Context, chat ChatID, user UserID, p MinePatch) (Mine, error)
}

// People are the accounts.
type People interface {
	// CreateAccount: see NewAccount. Errors: forbidden for a wrong or used Setup
	// code, invite_spent, handle_taken.
	CreateAccount(ctx context.Context, n NewAccount) (User, Session, error)
	// Credentials returns what is needed to check a password; not_found.
	Credentials(ctx context.Context, handle string) (u User, passwordHash string, err error)
	// Users returns those of the ids that exist, in no order.
	Users(ctx context.Context, ids []UserID) ([]User, error)
	// UsersByHandle returns those of the handles that exist, in no order.
	UsersByHandle(ctx context.Context, handles []string) ([]User, error)
	// FindUsers returns users one of whose SearchWords begins with q's SearchKey
	// (all for ""), a page at a time: after is the next of the page before
	// (bad_input, field after, if it is not), and next is "" at the end.
	FindUsers(ctx context.Context, q, after string, limit int) (users []User, next string, err error)
	// PatchUser changes a user; last_owner if the server would be left without an
	// active admin. A new picture is judged by CheckPicture. Where the change of Active leaves a group without an active admin,
	// or with one who could be, it appends Succession. A new password ends all sessions
	// but Keep, Active=false ends all: in the same commit, and as a Revocation on the
	// feed. Both end the user's recovery code.
	PatchUser(ctx context.Context, id UserID, p UserPatch) (User, error)
	// Settings returns a user's own settings; not_found.
	Settings(ctx context.Context, id UserID) (Settings, error)
	// PatchSettings changes them as SettingsPatch.Of says, and returns them.
	PatchSettings(ctx context.Context, id UserID, p SettingsPatch) (Settings, error)
	// RenewHash replaces the hash of an unchanged password if it is still old, and ends
	// nothing.
	RenewHash(ctx context.Context, id UserID, old, renewed string) error
}

// Blocks are whom users blocked.
type Blocks interface {
	// Block blocks a user for by, as CheckBlock allows; blocked already is no error.
	Block(ctx context.Context, by, user UserID) error
	// Unblock ends that; not blocked is no error.
	Unblock(ctx context.Context, by, user UserID) error
	// Blocks returns whom by blocked, in no order.
	Blocks(ctx context.Context, by UserID) ([]UserID, error)
}

// Sessions are the signed-in devices and programs of users.
type Sessions interface {
	// CreateSession signs in a user whose password was right; no_identity if they
	// are inactive. In the same commit it ends the session that n replaces and the
	// SurplusSessions of the user, as Revocations on the feed. So does every other
	// method that takes a NewSession.
	CreateSession(ctx context.Context, user UserID, n NewSession) (Session, error)
	// Identify returns the holder of a token; no_identity if the session ended,
	// is not Live, or the user is inactive. It updates SeenAt, once a
	// minute, without making the caller wait.
	Identify(ctx context.Context, tokenHash [32]byte) (User, Session, error)
	// SessionsOf returns the live sessions of a user, newest first.
	SessionsOf(ctx context.Context, user UserID) ([]Session, error)
	// EndSession ends one session of the user; not_found.
	EndSession(ctx context.Context, user UserID, id SessionID) error
	// EndOthers ends all sessions of the user but keep.
	EndOthers(ctx context.Context, user UserID, keep SessionID) error
	// Ended returns those of the ids that are no longer live.
	Ended(ctx context.Context, ids []SessionID) ([]SessionID, error)
}

// Invites are the codes by which accounts are made, chats joined and passwords set
// anew (recoveries); stores keep their hashes. An invite is valid only while its maker
// is active and, if it leads to a chat, a member there, so that a removed user cannot
// come back by a code of their own. An invalid one is not_found to a peek and
// invite_spent to a use.
type Invites interface {
	// CreateInvite fills ID and CreatedAt. A ChatID must be a group of which By
	// is a member, else not_found.
	CreateInvite(ctx context.Context, i Invite, codeHash [32]byte) (Invite, error)
	// Invites returns the invites by a user, or all for "", newest first, without those of
	// deleted chats.
	Invites(ctx context.Context, by UserID) ([]Invite, error)
	// EndInvite ends an invite by that user, or by any user for ""; not_found.
	EndInvite(ctx context.Context, by UserID, id InviteID) error
	// PeekInvite returns the invite of a code without spending a use; not_found.
	PeekInvite(ctx context.Context, codeHash [32]byte) (Invite, error)
	// AcceptInvite joins the user to the invite's chat and spends one use, or none
	// if they are a member already, also when the invite is used up since: the
	// retry of a lost answer. invite_spent, or bad_input (field code) for an invite
	// without a chat. The rule, if not nil, judges the joined draft.
	AcceptInvite(ctx context.Context, codeHash [32]byte, user UserID, rule Rule) (ChatID, error)
	// CreateRecovery saves a code that lets its holder set a new password; it
	// replaces an earlier one. not_found for an unknown user.
	CreateRecovery(ctx context.Context, r Recovery, codeHash [32]byte) error
	// PeekRecovery returns the user whose password the code would set, without
	// spending it; invite_spent as UseRecovery.
	PeekRecovery(ctx context.Context, codeHash [32]byte) (UserID, error)
	// UseRecovery spends the code, once: it sets the password, ends all sessions,
	// makes a new one and saves the RecoveryUse. invite_spent if the code is unknown,
	// used or expired.
	UseRecovery(ctx context.Context, codeHash [32]byte, passwordHash string, n NewSession) (User, Session, error)
	// RecoveryUses returns the last MaxRecoveryUses uses of a user's codes, newest first.
	RecoveryUses(ctx context.Context, user UserID) ([]RecoveryUse, error)
}

// Files are the records of files; their bytes are in Blobs. Laws:
//
//  1. A file is in one message at most, and an upload that is removed is in none: a post
//     with files, and whatever removes an upload, judge the record in their transaction.
//  2. The deletion of a message removes the records of its files in the same commit, and
//     saves for each that its blobs must be removed. So does the removal of an upload.
//     EndRemovals forgets it, and nothing else does.
//  3. So does the event or patch that replaces the picture of a chat or user, and the
//     deletion of a chat.
//  4. Only members of its chat read a file of a message.
type Files interface {
	// CreateUpload saves the record of an upload; not_found unless By is a member of its
	// chat, if it has one, quota_exceeded as Upload.CheckQuota says with most. Uploads that begin at the
	// same moment may be missing, so a quota may be exceeded by a few.
	CreateUpload(ctx context.Context, u Upload, most int64) error
	// Upload returns the record of a file, by its maker; not_found for all others, and for a
	// picture in use.
	Upload(ctx context.Context, by UserID, id FileID) (Upload, error)
	// CompleteUpload saves the File, Length and Cleaned of an upload that was not complete;
	// else it changes nothing. It returns the record; not_found if there is none any more.
	CompleteUpload(ctx context.Context, u Upload) (Upload, error)
	// RemoveUpload removes an upload; not_found as Upload, conflict if a message has it.
	RemoveUpload(ctx context.Context, by UserID, id FileID) error
	// ExpireUploads removes at most limit uploads that no message, user or chat has and that
	// expired before now. It returns how many.
	ExpireUploads(ctx context.Context, now int64, limit int) (int, error)
	// File returns a complete file of a chat; not_found unless the viewer is a member, and
	// for an upload that no message has unless the viewer made it.
	File(ctx context.Context, viewer UserID, chat ChatID, id FileID) (Upload, error)
	// Picture returns a picture in use; not_found.
	Picture(ctx context.Context, id FileID) (Upload, error)
	// FilesOf returns files of a chat's messages, newest first, those of one message in
	// its order, and whether there are more; not_found unless the viewer is a member.
	FilesOf(ctx context.Context, viewer UserID, chat ChatID, l FileList) (files []PostedFile, more bool, err error)
	// FilesWith returns the records of those of the ids that there are, in no order.
	FilesWith(ctx context.Context, ids []FileID) ([]Upload, error)
	// FilesAfter returns at most limit records of complete files with ids above after, in
	// rising id.
	FilesAfter(ctx context.Context, after FileID, limit int) ([]Upload, error)
	// Removals returns at most limit files whose blobs must be removed.
	Removals(ctx context.Context, limit int) ([]FileID, error)
	// EndRemovals says that the blobs of these files were removed.
	EndRemovals(ctx context.Context, ids []FileID) error
	// FileUsage returns what all files take.
	FileUsage(ctx context.Context) (FileUsage, error)
}

// Leases are claims on what one process of all replicas may do at a time. Laws:
//
//  1. A lease has one holder at most: once AcquireLease has returned held, no other holder
//     gets the lease until ttl has passed since that call began, unless the holder releases it.
//  2. Time is the store's own, so that the clocks of replicas do not matter. How long a
//     holder has it must be measured by a monotonic clock. (Where the store is a cluster and
//     another server of it takes over, their clocks must agree to a fraction of ttl.)
//  3. A holder that was killed or stopped loses the lease after ttl. What it does after that
//     is not prevented: a step that it had begun may run at the same time as one of the next
//     holder, so that must be harmless.
//
// A holder is named by an id that no other has, of any process.
type Leases interface {
	// AcquireLease acquires a lease for a holder for ttl from now, or renews it, unless another
	// one holds it. After an error it may be held or not.
	AcquireLease(ctx context.Context, name, holder string, ttl time.Duration) (held bool, err error)
	// ReleaseLease ends a lease, if the holder has it.
	ReleaseLease(ctx context.Context, name, holder string) error
}

// Store is the whole of what Parley stores. All methods are safe for concurrent use. A
// failure of the database is unavailable if a retry may help (full disk, no primary),
// else internal.
type Store interface {
	Log
	Feed
	Chats
	People
	Blocks
	Sessions
	Invites
	Files
	Index
	Leases
	Pushes
	// Epoch returns the name of this history. It was made with the database, or
	// when a copy, whose epoch is empty, was first opened.
	Epoch() string
	// Server returns the server's name and, until it is used, the setup code.
	Server(ctx context.Context) (Server, error)
	// RenameServer sets the server's name.
	RenameServer(ctx context.Context, name string) error
	// Ping returns nil while the store answers, reads and writes, or is Full. It is an
	// error while the store cannot write as much as a post needs.
	Ping(ctx context.Context) error
	// Full reports whether the disk is full. Until it has room again the store
	// reads, and accepts only writes that remove something or take rights away. All
	// others are unavailable.
	Full() bool
	// Close ends open feeds, refuses new calls with unavailable, commits what was
	// queued, and returns when every goroutine of the store has ended. Calls that
	// wait for seconds for a database that hangs are given up as unavailable.
	Close() error
}
