package chat

import "strings"

// ChatKind is the kind of a chat. It never changes.
type ChatKind string

const (
	Group  ChatKind = "group"  // members come and go
	Direct ChatKind = "direct" // two people, forever
)

// Chat is a chat as one user sees it. The fields below LastAt are zero for a user who
// is not a member. On a View they are too, and LastAt.
type Chat struct {
	ID            ChatID        `json:"id" msgpack:"id"`
	Kind          ChatKind      `json:"kind" msgpack:"kind"`
	Open          bool          `json:"open" msgpack:"open"` // any user may find and join it
	Title         string        `json:"title" msgpack:"title"`
	Topic         string        `json:"topic" msgpack:"topic"`
	Picture       FileID        `json:"picture,omitempty" msgpack:"picture,omitempty"` // empty: none
	Head          Seq           `json:"head" msgpack:"head"`
	MemberCount   int           `json:"memberCount" msgpack:"memberCount"`
	Activity      int64         `json:"activity" msgpack:"activity"`           // time of the head
	GroupMentions GroupMentions `json:"groupMentions" msgpack:"groupMentions"` // of a group
	LastAt        int64         `json:"lastAt" msgpack:"lastAt"`               // time of the newest posted event, even if its message was deleted; 0: none

	Role     Role     `json:"role,omitempty" msgpack:"role,omitempty"` // empty: not a member
	ReadUpTo Seq      `json:"readUpTo" msgpack:"readUpTo"`
	Unread   int      `json:"unread" msgpack:"unread"`     // messages posted after ReadTo, without deleted ones
	Mentions int      `json:"mentions" msgpack:"mentions"` // those of them that mention the user, or all
	Last     *Message `json:"last,omitempty" msgpack:"last,omitempty"`
	With     UserID   `json:"with,omitempty" msgpack:"with,omitempty"` // the other one of a direct chat
	Mine     *Mine    `json:"mine,omitempty" msgpack:"mine,omitempty"` // the member's own settings; may be shared
}

// ReadTo returns the number after which messages are unread: ReadUpTo, or less while the
// member has messages marked as unread again.
func (c *Chat) ReadTo() Seq {
	if c.Mine == nil || c.Mine.UnreadFrom == 0 {
		return c.ReadUpTo
	}
	return min(c.ReadUpTo, c.Mine.UnreadFrom-1)
}

// Bounds of a chat; lengths are in bytes.
const (
	MaxTitle      = 128
	MaxTopic      = 512
	MaxJoinAtOnce = 1000
	MaxReactEmoji = 20   // different emoji on one message
	MaxReactions  = 5000 // of all users on one message: each further one rewrites them all
	SmallChat     = 32   // members up to which others see read pointers move
	TypingChat    = 100  // members up to which typing and presence are sent
	EpochLen      = 16
)

// NewChat is a request for a chat. Creating is idempotent: a known (By, ClientID) and,
// for a direct chat, a known pair return the first chat again.
type NewChat struct {
	Kind     ChatKind
	Open     bool
	Title    string
	Topic    string
	By       UserID
	ClientID string
	Members  []UserID // besides By; exactly one for a direct chat
	// Rule judges a joined draft of By and all Members, unless the chat was made
	// before. It may be nil.
	Rule Rule
}

// Others returns the members besides the creator, each once.
func (n NewChat) Others() ([]UserID, error) {
	var others []UserID
	known := map[UserID]bool{n.By: true}
	for _, u := range n.Members {
		if !known[u] {
			known[u] = true
			others = append(others, u)
		}
	}
	switch {
	case n.Kind == Direct && len(others) != 1:
		return nil, FailField(BadInput, "members", "a direct chat has exactly one other member")
	case len(others) > MaxJoinAtOnce:
		return nil, FailField(BadInput, "members", "at most %d members can be added at once", MaxJoinAtOnce)
	}
	return others, nil
}

// Pair returns PairOf the members of a direct chat, and "" for a group. Members are
// those that Others returned.
func (n NewChat) Pair() string {
	if n.Kind != Direct {
		return ""
	}
	return PairOf(n.By, n.Members[0])
}

// All returns By and Members.
func (n NewChat) All() []UserID { return append([]UserID{n.By}, n.Members...) }

// Draft returns the joined draft that Rule judges.
func (n NewChat) Draft(id ChatID) Event {
	return Event{Kind: Joined, ChatID: id, By: n.By, ClientID: n.ClientID, Users: n.All()}
}

// Begin returns the events with which the log of the chat begins. Both members of a
// direct chat have the same role; the creator of a group is its admin.
func (n NewChat) Begin(id ChatID) []Event {
	first := Event{Kind: Joined, ChatID: id, By: n.By, ClientID: n.ClientID, Users: []UserID{n.By}, Role: RoleAdmin}
	if n.Kind == Direct {
		first.Users, first.Role = n.All(), RoleMember
		return []Event{first}
	}
	if len(n.Members) == 0 {
		return []Event{first}
	}
	return []Event{first, {Kind: Joined, ChatID: id, By: n.By, Users: n.Members, Role: RoleMember}}
}

// Repeat returns the answer to the retry of a request by a user who may not see the chat
// any more: that it was made, and nothing else.
func (n NewChat) Repeat(id ChatID) Chat { return Chat{ID: id, Kind: n.Kind} }

// CheckActive judges the members of a new chat: all must be active users, and active
// holds those who are.
func (n NewChat) CheckActive(active map[UserID]bool) error {
	for _, u := range n.All() {
		if !active[u] {
			return FailField(NotFound, "members", "there is no active user %s", u)
		}
	}
	return nil
}

// JoinedBy returns the draft by which a user who was invited joins.
func JoinedBy(user UserID, id ChatID) Event {
	return Event{Kind: Joined, ChatID: id, By: user, Users: []UserID{user}, Role: RoleMember}
}

// PairOf returns the key of the direct chat of two users, in whichever order.
func PairOf(a, b UserID) string { return string(min(a, b)) + " " + string(max(a, b)) }

// OtherOf returns the other user of a pair.
func OtherOf(pair string, user UserID) UserID {
	a, b, _ := strings.Cut(pair, " ")
	if a == string(user) {
		return UserID(b)
	}
	return UserID(a)
}

// Member is one user's place in one chat.
type Member struct {
	UserID   UserID `json:"userId" msgpack:"userId"`
	Role     Role   `json:"role" msgpack:"role"`
	ReadUpTo Seq    `json:"readUpTo,omitempty" msgpack:"readUpTo,omitempty"`
}
