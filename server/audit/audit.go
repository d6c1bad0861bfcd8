// Package audit writes the security events to the log: who did what to whom, from where,
// and how it ended. docs/operations.md lists them for operators.
package audit

import (
	"cmp"
	"context"
	"log/slog"

	"parley/chat"
	"parley/middleware"
)

// Kind is the kind of a security event. The list is closed.
type Kind string

const (
	AccountCreated  Kind = "account_created"  // target: the new user
	SignIn          Kind = "sign_in"          // target: the handle, if a user has it; it may be a mistyped password otherwise
	SignOut         Kind = "sign_out"         // target: the session
	SessionsEnded   Kind = "sessions_ended"   // target: the session, or "others"
	PasswordChanged Kind = "password_changed" // by its user, who knew the old one
	AdminGranted    Kind = "admin_granted"    // target: the user who is an admin of the server now
	AdminRevoked    Kind = "admin_revoked"    // target: the user
	UserDisabled    Kind = "user_disabled"    // target: the user
	UserEnabled     Kind = "user_enabled"     // target: the user
	RecoveryCreated Kind = "recovery_created" // target: the user whose password the link sets
	RecoveryUsed    Kind = "recovery_used"    // target: the user whose password was set
	InviteCreated   Kind = "invite_created"   // target: the invite
	InviteEnded     Kind = "invite_ended"     // target: the invite
	InviteUsed      Kind = "invite_used"      // by a user, to join its chat or to create their account; target: the invite
	ChatDeleted     Kind = "chat_deleted"     // target: the chat
	ChatTaken       Kind = "chat_taken"       // an admin of the server made themselves an admin of it; target: the chat
	UserBlocked     Kind = "user_blocked"     // target: the user
	UserUnblocked   Kind = "user_unblocked"   // target: the user
	PushSubscribed  Kind = "push_subscribed"  // where the session receives pushes changed; target: the session
	PushEnded       Kind = "push_ended"       // its user ended that; target: the session
	OwnerLink       Kind = "owner_link"       // the link that makes the first admin was shown
	Backup          Kind = "backup"           // a copy of the database was written
	Hello           Kind = "hello"            // a socket was opened for a user; target: the session
	Refused         Kind = "refused"          // a call without the right to it; target: the route, or the command of a socket
)

// Kinds returns all kinds.
func Kinds() []Kind {
	return []Kind{AccountCreated, SignIn, SignOut, SessionsEnded, PasswordChanged, AdminGranted, AdminRevoked, UserDisabled, UserEnabled,
		RecoveryCreated, RecoveryUsed, InviteCreated, InviteEnded, InviteUsed, ChatDeleted, ChatTaken, UserBlocked, UserUnblocked, PushSubscribed, PushEnded, OwnerLink, Backup, Hello, Refused}
}

// Operator is the actor of what the administrator of the machine does on its command line.
const Operator = "operator"

// Event is one security event.
type Event struct {
	Kind    Kind
	Actor   string // id of the user, Operator, or empty for a caller without an identity
	Target  string // as the Kind says; never a secret and never a text that a caller chose
	Address string // of the caller; empty: that of the context's request
	Err     error  // why it failed; nil: it did not
}

// Log writes events. All methods are safe for concurrent use.
type Log struct {
	log     *slog.Logger
	sampler *middleware.LogSampler
}

// New returns a Log. The sampler sums up the failures that one caller repeats.
func New(log *slog.Logger, sampler *middleware.LogSampler) *Log { return &Log{log, sampler} }

// Write writes an event. The outcome is ok or the code of the error.
func (l *Log) Write(ctx context.Context, e Event) {
	address, outcome := cmp.Or(e.Address, middleware.Address(ctx)), "ok"
	if e.Err != nil {
		outcome = string(chat.AsError(e.Err).Code)
		if !l.sampler.AllowEvent(string(e.Kind), e.Actor, e.Target, middleware.KeyOfAddress(address)) {
			return
		}
	}
	l.log.LogAttrs(ctx, slog.LevelInfo, "security",
		slog.String("kind", string(e.Kind)), slog.String("actor", e.Actor), slog.String("target", e.Target),
		slog.String("address", address), slog.String("outcome", outcome), slog.String("request", middleware.RequestID(ctx)))
}

// WriteRefused writes that a call was refused, if err means that its caller has no right to
// it.
func (l *Log) WriteRefused(ctx context.Context, actor chat.UserID, target, address string, err error) {
	switch e := chat.AsError(err); {
	case e.Code == chat.NoIdentity, e.Code == chat.Forbidden, e.Code == chat.NotAuthor:
	case e.Code == chat.NotFound && e.Field == "chatId": // also a chat that exists, to others than its members
	default:
		return
	}
	l.Write(ctx, Event{Kind: Refused, Actor: string(actor), Target: target, Address: address, Err: err})
}
