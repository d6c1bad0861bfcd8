package chat

import (
	"context"
	"io"
	"iter"
)

// Blobs stores the bytes of files by name: letters, digits, _ , - and dots. What a blob is
// for is recorded elsewhere. Its laws, each with a case in store/storetest:
//
//  1. What Append and Create return is on disk: no crash takes it back.
//  2. Size tells no byte that a crash could take back.
//  3. Create is whole or nothing, also for a reader at the same time.
//  4. Two Appends of one blob at once, here or on two servers: one is a conflict, and the
//     blob holds the bytes of the other.
//  5. After Remove the name is free, and nothing on the disk holds the bytes but for
//     readers that have the blob open.
//
// Errors: not_found for a name that is unknown; conflict as said; disk_full while the disk
// has less room than is kept for messages; unavailable if a retry may help, else internal.
// An error of the caller's reader is returned as it is.
type Blobs interface {
	// Append adds the bytes of r at the end of the blob; offset 0 creates it. Another
	// offset than the size is a conflict, and nothing is changed. It returns the size
	// that is on disk, also with an error of r: what came before that is kept.
	Append(ctx context.Context, name string, offset int64, r io.Reader) (size int64, err error)
	// Create writes a whole blob. It replaces one of this name.
	Create(ctx context.Context, name string, write func(io.Writer) error) error
	// Size returns the size of a blob.
	Size(ctx context.Context, name string) (int64, error)
	// Open opens a blob. The caller closes it.
	Open(ctx context.Context, name string) (Blob, error)
	// Remove removes a blob, if there is one.
	Remove(ctx context.Context, name string) error
	// List yields all blobs in no order. It ends after the first error.
	List(ctx context.Context) iter.Seq2[BlobInfo, error]
}

// Blob is an open blob. ReadAt may be called from several goroutines.
type Blob interface {
	io.ReadSeekCloser
	io.ReaderAt
	Size() int64
}

// BlobInfo describes a blob in a list.
type BlobInfo struct {
	Name       string
	Size       int64
	ModifiedAt int64 // ms since 1970 UTC
}

// MaxBlobName bounds the name of a blob, in bytes.
const MaxBlobName = 64

// CheckBlobName refuses what cannot be the name of a blob, such as a path.
func CheckBlobName(name string) error {
	if name == "" || len(name) > MaxBlobName || name[0] == '.' || !printable(name, ".") {
		return FailField(BadInput, "name", "the name of a blob has 1 to %d letters, digits, _ , - and dots", MaxBlobName)
	}
	return nil
}
