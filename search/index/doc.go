// Package index finds messages by their words.
//
// An [Index] has two parts:
//
//   - The memory part has the newest messages, fewer than 4,096 while the writer keeps up. It
//     is read from the store when the feed was opened ([Index.Opened]) and then follows the
//     feed ([Index.Apply]).
//   - The stored part has older messages in segments, whose format is package segment. The
//     manifest lists them. It has a revision, and each change is one short transaction that
//     fails if another one changed the manifest before.
//
// [Index.Write] is the only writer of the stored part, on one replica at a time. Its steps:
// fold writes the oldest messages of the memory part to a segment; merge makes one segment of
// 16 of the same size; build indexes a database that is older than the index, the newest
// messages first; rewrite removes the words of edited and deleted messages; drop removes
// segments that no manifest lists.
//
// A search reads the memory part, then the segments, newest first, until it has a page of
// hits. Lists are grouped by chat, so that it skips chats that the viewer is not in. Hits are
// sorted by time, chat and seq, the same on every server. A search waits until the feed has
// yielded what this server acknowledged before, and begins again if the manifest changed.
//
// A commit that replaces or deletes the text of a message in a segment records the old text
// ([chat.Replaced]). Until rewrite has removed it, searches take that message from the memory
// part and ignore the segment's entry. [Index.Write] also does this before it returns.
//
// Goroutines: those that call [Index.Run] and [Index.Write]. Locks: none of memory.mu,
// passed.mu and stored.mu is held while another is taken.
package index
