package chat

// Invite lets the holder of its code make an account, and join ChatID if that is set.
type Invite struct {
	ID        InviteID `json:"id" msgpack:"id"`
	By        UserID   `json:"by" msgpack:"by"`
	ChatID    ChatID   `json:"chatId,omitempty" msgpack:"chatId,omitempty"`
	Uses      int      `json:"uses" msgpack:"uses"` // how many are left
	CreatedAt int64    `json:"createdAt" msgpack:"createdAt"`
	ExpiresAt int64    `json:"expiresAt" msgpack:"expiresAt"`
}

// Bounds of an invite, and the defaults for what its maker leaves out.
const (
	DefaultInviteUses = 100
	MaxInviteUses     = 100_000
	DefaultInviteLife = 7 * 24 * 60 * 60 * 1000   // ms
	MaxInviteLife     = 365 * 24 * 60 * 60 * 1000 // ms
	RecoveryLife      = 60 * 60 * 1000            // ms, the default
)

// Open reports whether the invite has uses left and has not expired at now.
func (i Invite) Open(now int64) bool { return i.Uses > 0 && now < i.ExpiresAt }

// CheckNew judges an invite that is to be made: its chat, if it has one, must be a
// group of which its maker is a member. kind is empty if there is no such chat.
func (i Invite) CheckNew(kind ChatKind, member bool) error {
	if i.ChatID != "" && (kind != Group || !member) {
		return NoChat()
	}
	return nil
}

// InviteView is an invite and what decides whether it is valid, as a store read both.
// The zero value stands for a code of which there is no invite.
type InviteView struct {
	Invite
	MakerActive bool // By is an active user
	MakerIn     bool // By is a member of ChatID; not asked without one
}

// valid reports whether the maker may still invite: they are active and, if the
// invite is to a chat, a member of it. Otherwise a user who was removed could come
// back by a code of their own.
func (v InviteView) valid() bool {
	return v.ID != "" && v.MakerActive && (v.ChatID == "" || v.MakerIn)
}

// CheckPeek judges whether a holder of the code may see the invite, used up or not.
func (v InviteView) CheckPeek() error {
	if !v.valid() {
		return NoInvite("code")
	}
	return nil
}

// CheckUse judges whether the invite can be used at now.
func (v InviteView) CheckUse(now int64) error {
	if !v.valid() || !v.Open(now) {
		return Fail(InviteSpent, "the invite was used up, revoked, or has expired")
	}
	return nil
}

// CheckAccept judges whether a user who is not a member joins the invite's chat by it
// at now. u is the zero User if the store has none. Members of the chat are not judged:
// the retry of a lost answer succeeds although the invite was used up since.
func (v InviteView) CheckAccept(u User, now int64) error {
	if err := v.CheckUse(now); err != nil {
		return err
	}
	if v.ChatID == "" {
		return FailField(BadInput, "code", "the invite is for creating an account, not for a chat")
	}
	return CheckSignIn(u)
}

// NoInvite is the error for an id or a code, named by field, of which there is no
// invite.
func NoInvite(field string) error { return FailField(NotFound, field, "there is no such invite") }

// Recovery is a code that lets its holder set a user's password.
type Recovery struct {
	User      UserID
	By        UserID // the admin who made it; empty: the administrator of the machine
	ExpiresAt int64
}

// RecoveryUse is one use of a recovery code. Its user sees it, since whoever made the code
// could have used it.
type RecoveryUse struct {
	At      int64  `json:"at" msgpack:"at"`
	By      UserID `json:"by,omitempty" msgpack:"by,omitempty"` // Recovery.By
	Client  string `json:"client" msgpack:"client"`
	Address string `json:"address" msgpack:"address"`
}

// MaxRecoveryUses is how many uses are kept of one user, the newest.
const MaxRecoveryUses = 20

// RecoveryView is the user of a recovery code and the rest of it, as a store read both.
// The zero value stands for a code that is unknown or was used.
type RecoveryView struct {
	User      User
	By        UserID
	ExpiresAt int64
}

// Use returns the use of the code that signs in with a session.
func (v RecoveryView) Use(s Session) RecoveryUse {
	return RecoveryUse{At: s.CreatedAt, By: v.By, Client: s.Client, Address: s.Address}
}

// CheckUse judges whether the code can set a new password at now.
func (v RecoveryView) CheckUse(now int64) error {
	if v.ExpiresAt <= now || !v.User.Active {
		return Fail(InviteSpent, "the recovery link was used or has expired")
	}
	return nil
}
