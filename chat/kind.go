package chat

// Kind is the kind of an event.
type Kind string

const (
	Posted      Kind = "posted"
	Edited      Kind = "edited"
	Deleted     Kind = "deleted"
	Reacted     Kind = "reacted"
	Joined      Kind = "joined"
	Left        Kind = "left"
	RoleChanged Kind = "role"
	Renamed     Kind = "renamed"
	Pinned      Kind = "pinned"
)

// Traits are the properties of a kind on which code depends. Code outside of this
// package and of the stores' projections asks for a trait and does not compare kinds.
type Traits struct {
	// Message: the event makes a message. It is stored as the message's row, is counted
	// by N, needs a ClientID, and costs a token of its author's post budget.
	Message bool
	// ReplacesText: the event replaces or removes the text of the message Target, or the
	// title, topic or picture of the chat: Event.ReplacesText.
	ReplacesText bool
	// MessagesOnly: the event changes messages alone. Members, roles and the names of the
	// chat, which stores cache between events, stay as they are.
	MessagesOnly bool
	// Adds and Removes: Users become members, or are none any more.
	Adds, Removes bool
}

// traits is the table of all kinds, in the order of Kinds. A new kind is a new row, a
// case in each store's projection, and an example in wire/testdata.
var traits = []struct {
	Kind
	Traits
}{
	{Posted, Traits{Message: true, MessagesOnly: true}},
	{Edited, Traits{ReplacesText: true, MessagesOnly: true}},
	{Deleted, Traits{ReplacesText: true, MessagesOnly: true}},
	{Reacted, Traits{MessagesOnly: true}},
	{Joined, Traits{Adds: true}},
	{Left, Traits{Removes: true}},
	{RoleChanged, Traits{}},
	{Renamed, Traits{ReplacesText: true}},
	{Pinned, Traits{MessagesOnly: true}},
}

// Kinds returns all kinds.
func Kinds() []Kind {
	list := make([]Kind, len(traits))
	for i := range traits {
		list[i] = traits[i].Kind
	}
	return list
}

// Is returns the traits of the kind, and none for an unknown one.
func (k Kind) Is() Traits {
	for i := range traits {
		if traits[i].Kind == k {
			return traits[i].Traits
		}
	}
	return Traits{}
}
