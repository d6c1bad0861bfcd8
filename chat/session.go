package chat

// Session is one signed-in device or program. The token is known to its holder
// alone; a store keeps only its hash.
type Session struct {
	ID        SessionID `json:"id" msgpack:"id"`
	UserID    UserID    `json:"-" msgpack:"-"`
	Label     string    `json:"label" msgpack:"label"`     // what its owner calls it
	Client    string    `json:"client" msgpack:"client"`   // the User-Agent, shortened
	Address   string    `json:"address" msgpack:"address"` // where it signed in from
	CreatedAt int64     `json:"createdAt" msgpack:"createdAt"`
	SeenAt    int64     `json:"seenAt" msgpack:"seenAt"`
	Current   bool      `json:"current" msgpack:"current"` // set by the server for the asking session
}

// NewSession asks for a session; the hash is SecretHash of its token.
type NewSession struct {
	TokenHash              [32]byte
	Label, Client, Address string
}

// Invite lets whoever holds its code make an account, and join ChatID if set.
type Invite struct {
	ID        InviteID `json:"id" msgpack:"id"`
	By        UserID   `json:"by" msgpack:"by"`
	ChatID    ChatID   `json:"chatId,omitempty" msgpack:"chatId,omitempty"`
	Uses      int      `json:"uses" msgpack:"uses"` // how many are left
	CreatedAt int64    `json:"createdAt" msgpack:"createdAt"`
	ExpiresAt int64    `json:"expiresAt" msgpack:"expiresAt"`
}

// Bounds of an invite; what the maker leaves open gets the default.
const (
	DefaultInviteUses = 100
	MaxInviteUses     = 100_000
	DefaultInviteLife = 7 * 24 * 60 * 60 * 1000   // ms
	MaxInviteLife     = 365 * 24 * 60 * 60 * 1000 // ms
	RecoveryLife      = 60 * 60 * 1000            // ms
)

// Open reports whether the invite can still be used at the time now.
func (i Invite) Open(now int64) bool { return i.Uses > 0 && now < i.ExpiresAt }

// NewAccount asks for a user with a first session. At most one of Setup and
// Invite is set. The store judges Setup or Invite before the handle, spends
// it, makes the user and the session, and joins the invite's chat (with Setup:
// names the server and opens the first chat), all in one commit.
type NewAccount struct {
	Handle, Name, PasswordHash string
	Setup                      string // the owner's code in clear, as Server gave it
	ServerName                 string // with Setup
	Invite                     [32]byte
	HasInvite                  bool
	Session                    NewSession
}

// Server is what the store knows of the service as a whole.
type Server struct {
	Name  string
	Setup string // the code that makes the owner; empty once used
}

// UserPatch changes the fields that are not nil.
type UserPatch struct {
	Name, Status, PasswordHash *string
	Role                       *Role
	Active                     *bool
	// Keep is the session that survives a new password; all others end.
	Keep SessionID
}

// Of gives the user as the patch leaves them.
func (p UserPatch) Of(u User) User {
	set(&u.Name, p.Name)
	set(&u.Status, p.Status)
	set(&u.Role, p.Role)
	set(&u.Active, p.Active)
	return u
}

func set[T any](field *T, to *T) {
	if to != nil {
		*field = *to
	}
}

// Revocation says that sessions ended: their sockets close at once, everywhere.
type Revocation struct {
	UserID   UserID
	Sessions []SessionID
}

// SessionEnded is what the holder of a session that ended is told.
func SessionEnded() error { return Fail(NoIdentity, "the session has ended, sign in again") }
