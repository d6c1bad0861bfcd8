package chat

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
}

// Member is one user's place in one chat.
type Member struct {
	UserID   UserID `json:"userId" msgpack:"userId"`
	Role     Role   `json:"role" msgpack:"role"`
	ReadUpTo Seq    `json:"readUpTo" msgpack:"readUpTo"`
}
