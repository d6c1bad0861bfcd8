package chat

import (
	"cmp"
	"crypto/subtle"
)

// Server is what a store keeps of the service as a whole.
type Server struct {
	Name  string
	Setup string // the code that makes the first admin; empty once used
}

// IsSetup reports whether code is the setup code, and was not used.
func (s Server) IsSetup(code string) bool {
	return s.Setup != "" && subtle.ConstantTimeCompare([]byte(s.Setup), []byte(code)) == 1
}

// WrongSetup is the error for a code that is not the setup code.
func WrongSetup() error {
	return FailField(Forbidden, "setup", "the setup code is wrong or was used")
}

// ServerName returns the name to save for a server: DefaultServer for none.
func ServerName(name string) string {
	if name == "" {
		return DefaultServer
	}
	return name
}

// NewAccount is a request for a user with a first session. At most one of Setup and
// Invite is set. The store judges the request (CheckNew), spends the Setup or Invite,
// makes the user and the session, and joins the invite's chat (with Setup: names the
// server and makes the first chat), all in one commit.
type NewAccount struct {
	Handle, Name, PasswordHash string
	Setup                      string // the setup code in clear, as Server returned it
	ServerName                 string // with Setup
	Invite                     [32]byte
	HasInvite                  bool
	Session                    NewSession
}

// User returns the user of the account, with a new id.
func (n NewAccount) User() User {
	u := User{ID: NewID[UserID](), Handle: n.Handle, Name: n.Name, Role: RoleMember, Active: true}
	if n.Setup != "" {
		u.Role = RoleAdmin
	}
	return u
}

// AccountView is what CheckNew is judged by, as a store read it.
type AccountView struct {
	Setup       string     // Server.Setup
	Invite      InviteView // the invite of the request's code
	HandleTaken bool       // another user has the handle
	Now         int64
}

// CheckNew judges the request: the setup code or invite first, then the handle.
func (n NewAccount) CheckNew(v AccountView) error {
	if n.Setup != "" && !(Server{Setup: v.Setup}).IsSetup(n.Setup) {
		return WrongSetup()
	}
	if n.HasInvite {
		if err := v.Invite.CheckUse(v.Now); err != nil {
			return err
		}
	}
	if v.HandleTaken {
		return FailField(HandleTaken, "handle", "the handle %s is taken", n.Handle)
	}
	return nil
}

// FirstChat returns the chat that is made with the first admin. Its ClientID is empty,
// which no client's can be.
func FirstChat(by UserID) NewChat {
	return NewChat{Kind: Group, Open: true, Title: FirstChatTitle, By: by}
}

// UserPatch changes the fields that are not nil.
type UserPatch struct {
	Name, Status, PasswordHash *string
	Picture                    *FileID // CheckPicture accepts it; empty: none
	Role                       *Role
	Active                     *bool
	// Keep is the session that survives a new password; all others end.
	Keep SessionID
	// By is who changes the user, for the events that follow; empty: the user.
	By UserID
}

// Of returns the user as the patch leaves them.
func (p UserPatch) Of(u User) User {
	set(&u.Name, p.Name)
	set(&u.Status, p.Status)
	set(&u.Picture, p.Picture)
	set(&u.Role, p.Role)
	set(&u.Active, p.Active)
	return u
}

// Actor returns the actor of the events that the change of the user makes.
func (p UserPatch) Actor(u UserID) UserID { return cmp.Or(p.By, u) }

func set[T any](field *T, to *T) {
	if to != nil {
		*field = *to
	}
}

// Ends reports whether the sessions of the user, as the patch leaves them, end, and
// which one is kept: all end when the user is deactivated, all but Keep when the
// password is new.
func (p UserPatch) Ends(u User) (ends bool, keep SessionID) {
	if !u.Active {
		return true, ""
	}
	return p.PasswordHash != nil, p.Keep
}

// EndsRecovery reports whether a recovery code of the user, as the patch leaves them, ends:
// a code from before a deactivation or a new password is of no use after it.
func (p UserPatch) EndsRecovery(u User) bool { return p.PasswordHash != nil || !u.Active }

// Removes reports whether the patch can remove something or take rights away, so that a full
// disk must not prevent it.
func (p UserPatch) Removes() bool {
	return p.PasswordHash != nil || p.Picture != nil && *p.Picture == "" || p.Active != nil && !*p.Active || p.Role != nil && *p.Role == RoleMember
}

// CheckAdmins judges the change of a user: the server must keep an active admin. others
// reports whether there is one besides the user; it is called if they stop being one.
func CheckAdmins(old, changed User, others func() (bool, error)) error {
	if !old.ActiveAdmin() || changed.ActiveAdmin() {
		return nil
	}
	switch ok, err := others(); {
	case err != nil:
		return err
	case !ok:
		return Fail(LastOwner, "make someone else a server admin first")
	}
	return nil
}

// NoUser is the error for an id of which there is no user.
func NoUser(id UserID) error { return FailField(NotFound, "userId", "there is no user %s", id) }

// NoHandle is the error for a handle that no user has.
func NoHandle(handle string) error {
	return FailField(NotFound, "handle", "there is no user with the handle %s", handle)
}
