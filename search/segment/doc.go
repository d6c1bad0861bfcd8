// Package segment is the format of the stored parts of the search index.
//
// A segment has the words of a set of documents, which are messages, in rows of [chat.Index].
// [New] makes one of documents, [Merge] makes one of several, and [Edits] changes one.
// [Segment.Search] finds documents in it. Nothing here writes to the store: what must be
// written is returned, and package index writes it together with its manifest.
package segment
