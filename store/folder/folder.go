package folder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"parley/chat"
	"parley/internal/disk"
)

// Folder is a [chat.Blobs]. Its methods are safe for concurrent use.
type Folder struct {
	root *os.Root // nothing outside of it can be named
	dir  string

	minFree func(total int64) int64
	space   func(dir string) (free, total int64, err error)
}

// Kept is the space that blobs leave on a disk of so many bytes, for messages: a tenth,
// and at least 2 GiB.
func Kept(total int64) int64 { return max(2<<30, total/10) }

const tempPrefix = ".new-"

// Open opens the folder, which it makes if it is missing, and removes what an interrupted
// Create left a day ago. kept returns the bytes that blobs leave free on a disk of so many.
func Open(dir string, kept func(total int64) int64) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open the folder of files: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the folder of files: %w", err)
	}
	f := &Folder{root: root, dir: dir, minFree: kept, space: disk.Space}
	if err := f.removeTemporary(); err != nil {
		_ = root.Close()
		return nil, fmt.Errorf("open the folder of files: %w", err)
	}
	return f, nil
}

func (f *Folder) removeTemporary() error {
	entries, err := fs.ReadDir(f.root.FS(), ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && strings.HasPrefix(e.Name(), tempPrefix) && time.Since(info.ModTime()) > 24*time.Hour {
			err = f.root.Remove(e.Name())
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Close closes the folder. Open blobs stay usable.
func (f *Folder) Close() error { return f.root.Close() }

// Append is [chat.Blobs].Append. The lock on the file is what makes a second one a conflict.
func (f *Folder) Append(ctx context.Context, name string, offset int64, r io.Reader) (int64, error) {
	if err := chat.CheckBlobName(name); err != nil {
		return 0, err
	}
	if err := f.checkSpace(); err != nil {
		return 0, err
	}
	flags := os.O_WRONLY | os.O_APPEND
	if offset == 0 {
		flags |= os.O_CREATE
	}
	file, err := f.root.OpenFile(name, flags, 0o600)
	if err != nil {
		return 0, storeError(err, "open a file")
	}
	defer file.Close()
	if err := disk.Lock(file); errors.Is(err, disk.ErrHeld) {
		return 0, chat.FailField(chat.Conflict, "offset", "another request is sending this file")
	} else if err != nil {
		return 0, storeError(err, "lock a file")
	}
	info, err := file.Stat()
	if err != nil {
		return 0, storeError(err, "read a file")
	}
	if info.Size() != offset {
		return info.Size(), chat.FailField(chat.Conflict, "offset", "the file has %d bytes, not %d", info.Size(), offset)
	}
	if _, err := f.root.Lstat(name); err != nil {
		return 0, storeError(err, "open a file") // it was removed before it was locked
	}
	in := &source{ctx: ctx, r: r, room: f.room()}
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	n, err := io.CopyBuffer(struct{ io.Writer }{file}, in, *buffer) // os.File.ReadFrom would not use the buffer
	if err != nil && in.err == nil {
		err = storeError(err, "write a file")
	}
	if syncErr := file.Sync(); syncErr != nil {
		return offset, storeError(syncErr, "write a file")
	}
	if offset == 0 {
		if syncErr := f.syncDir(); syncErr != nil {
			return 0, syncErr
		}
	}
	return offset + n, err
}

// buffers holds the buffers of Append. With the 32 KiB of io.Copy an upload over a fast line
// takes twice as long.
var buffers = sync.Pool{New: func() any { b := make([]byte, 256<<10); return &b }}

// spaceStep is how many bytes are written between two looks at the disk's space: many uploads
// that began when there was room must not fill it.
const spaceStep = 4 << 20

// room returns a function that is called with each number of bytes that are written, and
// returns disk_full once there is no room for more.
func (f *Folder) room() func(n int) error {
	since := 0
	return func(n int) error {
		if since += n; since < spaceStep {
			return nil
		}
		since = 0
		return f.checkSpace()
	}
}

// source remembers that an error is the reader's, or that there is no room, and not the file's.
type source struct {
	ctx  context.Context
	r    io.Reader
	room func(n int) error
	err  error
}

func (s *source) Read(b []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		s.err = context.Cause(s.ctx)
		return 0, s.err
	}
	n, err := s.r.Read(b)
	if err == nil {
		err = s.room(n)
	}
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// Create is [chat.Blobs].Create.
func (f *Folder) Create(ctx context.Context, name string, write func(io.Writer) error) error {
	if err := chat.CheckBlobName(name); err != nil {
		return err
	}
	if err := f.checkSpace(); err != nil {
		return err
	}
	temp := tempPrefix + chat.NewID[string]()
	file, err := f.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return storeError(err, "create a file")
	}
	out := &target{ctx: ctx, w: file, room: f.room()}
	err = write(out)
	if out.err != nil {
		err = out.err
	}
	if err == nil {
		err = storeError(file.Sync(), "write a file")
	}
	err = errors.Join(err, storeError(file.Close(), "write a file"))
	if err == nil {
		err = storeError(f.root.Rename(temp, name), "write a file")
	}
	if err != nil {
		_ = f.root.Remove(temp)
		return err
	}
	return f.syncDir()
}

// target writes to a file until ctx ends.
type target struct {
	ctx  context.Context
	w    io.Writer
	room func(n int) error
	err  error
}

func (t *target) Write(b []byte) (int, error) {
	if err := t.ctx.Err(); err != nil {
		t.err = context.Cause(t.ctx)
		return 0, t.err
	}
	n, err := t.w.Write(b)
	if err != nil {
		t.err = storeError(err, "write a file")
	} else {
		t.err = t.room(n)
	}
	return n, t.err
}

// Size is [chat.Blobs].Size. It syncs the file: what a killed process wrote may not be on
// the disk yet.
func (f *Folder) Size(_ context.Context, name string) (int64, error) {
	if err := chat.CheckBlobName(name); err != nil {
		return 0, err
	}
	file, err := f.root.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return 0, storeError(err, "open a file")
	}
	defer file.Close()
	info, err := file.Stat()
	if err == nil {
		err = file.Sync()
	}
	if err != nil {
		return 0, storeError(err, "read a file")
	}
	return info.Size(), nil
}

type blob struct {
	*os.File
	size int64
}

func (b blob) Size() int64 { return b.size }

// Open is [chat.Blobs].Open. The blob is an *os.File inside, so that net/http can send it
// without copying.
func (f *Folder) Open(_ context.Context, name string) (chat.Blob, error) {
	if err := chat.CheckBlobName(name); err != nil {
		return nil, err
	}
	file, err := f.root.Open(name)
	if err != nil {
		return nil, storeError(err, "open a file")
	}
	info, err := file.Stat()
	if err != nil {
		_ = file.Close()
		return nil, storeError(err, "read a file")
	}
	return blob{file, info.Size()}, nil
}

// Remove is [chat.Blobs].Remove.
func (f *Folder) Remove(_ context.Context, name string) error {
	if err := chat.CheckBlobName(name); err != nil {
		return err
	}
	if err := f.root.Remove(name); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return storeError(err, "remove a file")
	}
	return f.syncDir()
}

// List is [chat.Blobs].List.
func (f *Folder) List(ctx context.Context) iter.Seq2[chat.BlobInfo, error] {
	return func(yield func(chat.BlobInfo, error) bool) {
		dir, err := f.root.Open(".")
		if err != nil {
			yield(chat.BlobInfo{}, storeError(err, "list the files"))
			return
		}
		defer dir.Close()
		for {
			entries, err := dir.ReadDir(256)
			for _, e := range entries {
				info, err := e.Info()
				if strings.HasPrefix(e.Name(), ".") || errors.Is(err, fs.ErrNotExist) {
					continue
				}
				if err == nil {
					err = ctx.Err()
				}
				if err != nil {
					yield(chat.BlobInfo{}, storeError(err, "list the files"))
					return
				}
				if !yield(chat.BlobInfo{Name: e.Name(), Size: info.Size(), ModifiedAt: info.ModTime().UnixMilli()}, nil) {
					return
				}
			}
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(chat.BlobInfo{}, storeError(err, "list the files"))
				return
			}
		}
	}
}

// checkSpace refuses a write while the disk has no more room than what is kept.
func (f *Folder) checkSpace() error {
	free, total, err := f.space(f.dir)
	if err != nil {
		return storeError(err, "read the free space of the disk")
	}
	if kept := f.minFree(total); free < kept {
		return errFull()
	}
	return nil
}

func errFull() error {
	return chat.FailAfter(chat.DiskFull, time.Minute, "the server's disk is nearly full: files cannot be stored until it has room")
}

// syncDir makes a change of names durable. Windows has no such call and needs none.
func (f *Folder) syncDir() error {
	dir, err := f.root.Open(".")
	if err != nil {
		return storeError(err, "open the folder of files")
	}
	defer dir.Close()
	if err := dir.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrPermission) {
		return storeError(err, "write the folder of files")
	}
	return nil
}

// storeError returns an error of the file system as a chat.Error. doing completes "the
// store could not …".
func storeError(err error, doing string) error {
	var known *chat.Error
	switch {
	case err == nil, errors.As(err, &known), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, fs.ErrNotExist):
		return chat.Fail(chat.NotFound, "no such file")
	case errors.Is(err, syscall.ENOSPC):
		return errFull()
	}
	return chat.StoreUnavailable(err, doing)
}
