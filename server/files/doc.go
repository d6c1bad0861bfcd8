// Package files stores what users upload and opens it again. Its records are in the store,
// its bytes are blobs. An upload is complete once all of its bytes are on disk, metadata is
// removed, and a thumbnail is made; a crash before that loses nothing but work.
//
// Several servers may share the store and the blobs.
package files
