package chat

import "strings"

// ChatKind says what a chat is. It never changes.
type ChatKind string

const (
	Group  ChatKind = "group"  // members come and go
	Direct ChatKind = "direct" // two people, for ever
)

// Chat is a chat as one user sees it. The fields below Activity are zero for
// somebody who is not a member, and on a View.
type Chat struct {
	ID          ChatID   `json:"id" msgpack:"id"`
	Kind        ChatKind `json:"kind" msgpack:"kind"`
	Open        bool     `json:"open" msgpack:"open"` // anybody may find and join it
	Title       string   `json:"title" msgpack:"title"`
	Topic       string   `json:"topic" msgpack:"topic"`
	Head        Seq      `json:"head" msgpack:"head"`
	MemberCount int      `json:"memberCount" msgpack:"memberCount"`
	Activity    int64    `json:"activity" msgpack:"activity"` // time of the head

	Role     Role     `json:"role,omitempty" msgpack:"role,omitempty"` // empty: not a member
	ReadUpTo Seq      `json:"readUpTo" msgpack:"readUpTo"`
	Unread   int      `json:"unread" msgpack:"unread"`     // messages posted after ReadUpTo
	Mentions int      `json:"mentions" msgpack:"mentions"` // those of them that name the user
	Last     *Message `json:"last,omitempty" msgpack:"last,omitempty"`
	With     UserID   `json:"with,omitempty" msgpack:"with,omitempty"` // the other one of a direct chat
}

// Bounds of a chat; lengths are in bytes.
const (
	MaxTitle      = 128
	MaxTopic      = 512
	MaxJoinAtOnce = 1000
	MaxReactEmoji = 20   // different emoji on one message
	MaxReactions  = 5000 // of all users on one message: every one more costs as much as there are
	MaxEmoji      = 64
	SmallChat     = 32  // members up to which others see read pointers move
	TypingChat    = 100 // members up to which typing and presence are told
	EpochLen      = 16
)

// NewChat asks for a chat. Creating is idempotent: a known (By, ClientID) and,
// for a direct chat, the same pair give the first chat again.
type NewChat struct {
	Kind     ChatKind
	Open     bool
	Title    string
	Topic    string
	By       UserID
	ClientID string
	Members  []UserID // besides By; exactly one for a direct chat
	// Rule judges a joined draft of By and all Members, unless the chat was made
	// before; nil: nothing is judged.
	Rule Rule
}

// Others gives the members besides the creator, each once.
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

// PairOf names a direct chat by its two users, in one order.
func PairOf(a, b UserID) string { return string(min(a, b)) + " " + string(max(a, b)) }

// OtherOf gives the other user of a pair.
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
	ReadUpTo Seq    `json:"readUpTo" msgpack:"readUpTo"`
}
