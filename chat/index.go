package chat

import "context"

// Index is the stored part of the search index, as package search reads and writes it: leaves,
// which are rows of bytes, in segments; a manifest, which says what segments there are; and
// which events of each chat they cover. Laws:
//
//  1. ChangeIndex is one transaction, and only one of two changes that are based on the same
//     revision of the manifest succeeds.
//  2. The commit that replaces or deletes the text of a message that the segments cover records
//     the message as it was (Replaced), so that the segments can follow. So does the change by
//     which they cover it, if the text was replaced since it was read. The commit that deletes
//     a chat records the chat. ChangeIndex forgets a record, and nothing else does.
//  3. What ChangeIndex removes is in no file after a checkpoint, as law 6 of Log says. A
//     checkpoint of SQLite waits for a while until there are no records.
type Index interface {
	// IndexManifest returns the manifest and its revision; nil and 0 if there is none.
	IndexManifest(ctx context.Context) (manifest []byte, revision int64, err error)
	// Leaves returns the leaves of a segment with keys from from on, in ascending order of the
	// keys' bytes, up to and including the first one with a key of at least to; at most limit.
	Leaves(ctx context.Context, segment int64, from, to string, limit int) ([]Leaf, error)
	// ChangeIndex makes a change; conflict if its Revision is not the manifest's any more.
	ChangeIndex(ctx context.Context, c IndexChange) error
	// DropSegment removes at most limit leaves of a segment that no manifest has, and reports
	// whether there may be more.
	DropSegment(ctx context.Context, segment int64, limit int) (more bool, err error)
	// ResetIndexed makes the Indexed of the next limit chats with ids above after, in rising
	// id, empty after their heads, and returns the last of them; "" if there are no more.
	ResetIndexed(ctx context.Context, after ChatID, limit int) (last ChatID, err error)
	// Unindexed looks at the next limit chats with ids above after, in ascending order of id. It returns
	// those that have events that are not indexed and are not deleted, and the last chat that
	// it looked at; "" if there are no more.
	Unindexed(ctx context.Context, after ChatID, limit int) (chats []Indexed, last ChatID, err error)
	// IndexedOf returns the Indexed of those of the chats that are there and not deleted, in
	// rising id.
	IndexedOf(ctx context.Context, chats []ChatID) ([]Indexed, error)
	// Replaced returns at most limit records of replaced texts, oldest first.
	Replaced(ctx context.Context, limit int) ([]Replaced, error)
}

// Leaf is a part of a segment of the search index.
type Leaf struct {
	Segment int64
	Key     string // UTF-8; unique in the segment
	Data    []byte
}

// IndexChange is one change of the search index.
type IndexChange struct {
	Revision int64 // of the manifest on which the change is based
	Manifest []byte
	Remove   []Leaf     // by Segment and Key; done before Put
	Put      []Leaf     // replaces a leaf with the same Segment and Key
	Chats    []Indexed  // with the Head before which Covered were read
	Covered  []Message  // the messages that Chats cover since this change, as they were read
	Forget   []Replaced // by ID; that of a whole chat also forgets its Indexed
}

// Indexed is the range of events of a chat that the segments cover: those from First to Last,
// none if First is Last+1.
type Indexed struct {
	ChatID      ChatID
	First, Last Seq
	// FirstAt is a time, in ms, of which no event before First is newer, while there are any.
	FirstAt int64
	Head    Seq
}

// IndexChanged is the error of a change that is based on an older revision.
func IndexChanged() error { return Fail(Conflict, "the search index was changed meanwhile") }

// Replaced is a message whose text was replaced or deleted, as it was before, or a deleted
// chat.
type Replaced struct {
	ID      string
	Message Message // ChatID, Seq, At, By, Text, Mentions, Files; Seq is 0 for a chat
}
