package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// On a full disk users must still be able to sign out, to be removed and to delete what
// they wrote. A file beside the database therefore reserves space, which the writer
// releases piece by piece when SQLite finds none. From then on only such writes are done
// (job.whenFull), until the disk has room for the whole reserve and as much again.
const (
	reserveShare = 16        // the reserve is this part of the disk
	maxReserve   = 32 << 20  // bytes at most: what the log holds between two checkpoints
	minReserve   = 256 << 10 // a smaller one is not kept
	openSpace    = 128 << 10 // bytes of it that only Open releases: SQLite makes files when it opens
)

// reserve is that file. It is smaller than want while the disk is full. Owned by Open and
// then by the writer.
type reserve struct {
	path  string
	want  int64 // 0: none is kept
	size  int64
	space func(dir string) (free, total int64, err error) // settings.diskSpace
}

// openReserve opens the reserve beside the database, or makes it if there is room. After
// an error there is none.
func openReserve(path string, space func(dir string) (free, total int64, err error)) (r reserve, err error) {
	r.path, r.space = path, space
	_, total, err := r.space(filepath.Dir(path))
	if err != nil {
		return r, err
	}
	want := min(maxReserve, total/reserveShare)
	if want < minReserve {
		return r, nil
	}
	info, err := os.Stat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return r, err
	}
	if err == nil {
		r.size = info.Size()
	}
	if r.size > want {
		if err := os.Truncate(path, want); err != nil {
			return r, err
		}
		r.size = want
	}
	r.want = want
	if err := r.restore(); err != nil {
		r.want = 0
		return r, err
	}
	r.shrink(openSpace-r.free(), 0)
	return r, nil
}

// full reports whether a part of the reserve was released.
func (r *reserve) full() bool { return r.size < r.want }

// free returns the bytes that are free on the disk; many if that is not known.
func (r *reserve) free() int64 {
	free, _, err := r.space(filepath.Dir(r.path))
	if err != nil {
		return 1 << 62
	}
	return free
}

// shrink releases n bytes, or all but keep. It reports whether it released any.
func (r *reserve) shrink(n, keep int64) bool {
	n = min(n, r.size-keep)
	if n <= 0 || os.Truncate(r.path, r.size-n) != nil {
		return false
	}
	r.size -= n
	return true
}

// piece returns how much is released at once when SQLite finds no space.
func (r *reserve) piece() int64 { return r.want / 4 }

// restore makes the reserve whole if the disk has room for that and as much
// again. An error means that it cannot be made on this disk.
func (r *reserve) restore() (err error) {
	if !r.full() || r.free() < r.want-r.size+r.want {
		return nil
	}
	f, err := os.OpenFile(r.path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := allocate(f, r.size, r.want); err != nil {
		_ = f.Truncate(r.size)
		if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
			return nil // the next time
		}
		return fmt.Errorf("reserve space for a full disk: %w", err)
	}
	r.size = r.want
	return nil
}

// fill writes the bytes of f from one offset to another, for a system that cannot
// allocate them. They are random, so that no disk can compress them.
func fill(f *os.File, from, to int64) error {
	random := rand.NewChaCha8([32]byte{})
	b := make([]byte, 64<<10)
	for from < to {
		n := min(int64(len(b)), to-from)
		_, _ = random.Read(b[:n]) // never fails
		if _, err := f.WriteAt(b[:n], from); err != nil {
			return err
		}
		from += n
	}
	return f.Sync()
}

// noSpace reports whether SQLite failed because the disk is full. With quotas, for
// example, that is a plain I/O error.
func (r *reserve) noSpace(err error) bool {
	var e *driver.Error
	if !errors.As(err, &e) {
		return false
	}
	code := e.Code() & 0xff
	return code == lib.SQLITE_FULL || (code == lib.SQLITE_IOERR || code == lib.SQLITE_CANTOPEN) && r.free() < openSpace
}

// Full is [chat.Store].Full.
func (db *DB) Full() bool { return db.full.Load() }

// releaseReserve releases n bytes of the reserve, and makes the store full: only some
// writes are done.
func (t *tx) releaseReserve(n int64) bool {
	if !t.reserve.shrink(n, openSpace) {
		return false
	}
	if !t.db.full.Swap(true) {
		t.db.log.Warn("the disk is full: until it has room only deleting, removing and signing out are saved",
			"free", t.reserve.free(), "reserve", t.reserve.size)
	}
	t.scrubDue = true // a checkpoint that empties the log makes room
	return true
}

// restoreReserve makes a full store normal again once the disk has room.
func (t *tx) restoreReserve() {
	if !t.db.full.Load() {
		return
	}
	if err := t.reserve.restore(); err != nil {
		t.db.log.Error("the reserve for a full disk could not be made again", "err", err)
		t.reserve.want = t.reserve.size
	}
	if !t.reserve.full() {
		t.db.full.Store(false)
		t.db.log.Info("the disk has room again", "free", t.reserve.free())
	}
}

// checkpointFits reports whether the disk has room for a checkpoint, and releases some of
// the reserve if that makes room. A checkpoint that fails does no harm but uses the room
// that is left.
func (t *tx) checkpointFits() bool {
	if t.reserve.want == 0 {
		return true
	}
	var size int64
	if err := t.conn.QueryRowContext(context.Background(), "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").Scan(&size); err != nil {
		return true // the checkpoint will tell
	}
	info, err := os.Stat(t.path)
	if err != nil {
		return true
	}
	short := size - info.Size() - t.reserve.free()
	return short <= 0 || short <= t.reserve.size-openSpace && t.releaseReserve(short)
}
