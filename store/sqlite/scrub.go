package sqlite

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// secure_delete writes zeros over what is deleted. What it leaves are copies:
// when a page of a b-tree splits, rows move to its neighbour and their bytes
// stay behind in the room between the page's cell pointers and its cells, out
// of reach of a later deletion. So that no deleted text stays in the file, each
// page that was written gets that room emptied before a checkpoint moves it
// from SQLite's log (WAL) into the database. The writer therefore runs the
// checkpoints, not SQLite.
//
// The layout of pages and of the log is from the SQLite file format, sections
// 1.6 and 4.1 (https://www.sqlite.org/fileformat2.html).

const (
	pageSize  = 4096 // Open refuses any other
	frameSize = 24 + pageSize
	walHeader = 32

	// Pages of other kinds begin with a page number, whose first byte could
	// look like a b-tree's in a file of more pages than this (128 GiB): such a
	// file is not swept.
	maxScrubbed = 1 << 25
)

// scrubber knows which part of the log was looked at. Owned by the writer.
type scrubber struct {
	path    string              // of the log
	file    *os.File            // nil until there is one
	salt    [8]byte             // names the log's present content; new when SQLite begins it anew
	done    int                 // frames of it that were looked at
	pending map[uint32]struct{} // pages in them that are still to be swept
}

// frame returns the page number of the i-th frame of the log, from 0. ok is false
// behind the last one: what an earlier round left there has another salt.
func (s *scrubber) frame(i int) (page uint32, ok bool, err error) {
	var b [16]byte
	if _, err := s.file.ReadAt(b[:], walHeader+int64(i)*frameSize); err != nil {
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return 0, false, err
	}
	return binary.BigEndian.Uint32(b[:]), [8]byte(b[8:16]) == s.salt, nil
}

// begin opens the log if need be, and reads its salt.
func (s *scrubber) begin() (ok bool, err error) {
	if s.file == nil {
		if s.file, err = os.Open(s.path); err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				err = nil
			}
			s.file = nil
			return false, err
		}
	}
	var salt [8]byte
	if _, err := s.file.ReadAt(salt[:], 16); err != nil {
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return false, err
	}
	if salt != s.salt {
		s.salt, s.done = salt, 0
	}
	return true, nil
}

// full reports whether the log has grown enough for a checkpoint: by so many pages, and
// no more than the reserve holds, if there is one.
func (s *scrubber) full(every int, reserve int64) bool {
	if ok, err := s.begin(); !ok || err != nil {
		return false
	}
	if pages := int(reserve / pageSize); pages > 0 {
		every = min(every, pages)
	}
	_, ok, err := s.frame(s.done + every - 1)
	return ok && err == nil
}

// checkpoint empties the room in the pages of the log and then moves the log into
// the database; all of it, and to an empty file, when a text was deleted.
func (t *tx) checkpoint() {
	defer func() { t.checkpointed = time.Now() }() // however long it took, then work gets its turn
	t.restoreReserve()
	err := t.scrubPages()
	for t.reserve.noSpace(err) && t.releaseReserve(t.reserve.piece()) {
		err = t.scrubPages()
	}
	if err != nil && !t.db.full.Load() {
		t.db.log.Error("the pages of the log could not be swept", "err", err)
	}
	if !t.checkpointFits() {
		return
	}
	how := "PASSIVE"
	if t.scrubDue {
		how = "TRUNCATE"
	}
	var busy, frames, moved int
	err = t.conn.QueryRowContext(context.Background(), "PRAGMA wal_checkpoint("+how+")").Scan(&busy, &frames, &moved)
	if t.reserve.noSpace(err) {
		t.releaseReserve(t.reserve.piece()) // for the next round
	}
	if err != nil && !t.db.full.Load() {
		t.db.log.Error("the log could not be moved into the database", "err", err)
	}
	// Else a reader is in the way, or there is no room, and it is tried again.
	if err == nil && busy == 0 && !t.db.full.Load() {
		t.scrubDue = false
	}
}

// scrubPages empties the room in the pages that were written since it last ran.
// What it fails to do is left for the next round: the log may be gone by then.
func (t *tx) scrubPages() error {
	s := &t.scrubber
	ok, err := s.begin()
	if !ok || err != nil {
		return err
	}
	// Frames behind the last commit are of a transaction that failed, and will
	// be written over: SQLite knows where that is, the file does not say.
	var busy, frames, moved int
	if err := t.conn.QueryRowContext(context.Background(), "PRAGMA wal_checkpoint(NOOP)").Scan(&busy, &frames, &moved); err != nil {
		return err
	}
	for ; s.done < frames; s.done++ {
		page, ok, err := s.frame(s.done)
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("frame %d of %d in %s is of another log", s.done, frames, s.path)
		}
		s.pending[page] = struct{}{}
	}
	t.broken = nil
	t.control("BEGIN IMMEDIATE")
	var size int64
	t.note(t.row("PRAGMA page_count").Scan(&size))
	if size >= maxScrubbed {
		clear(s.pending)
	}
	for page := range s.pending {
		t.note(t.clearUnallocated(page))
	}
	t.control("COMMIT")
	if t.broken != nil {
		_, _ = t.conn.ExecContext(context.Background(), "ROLLBACK")
		return t.broken
	}
	clear(s.pending)
	return nil
}

// clearUnallocated writes zeros into the unused middle of a page of a b-tree. Nothing
// that SQLite remembers of the page changes by that.
func (t *tx) clearUnallocated(page uint32) error {
	if t.broken != nil {
		return t.broken
	}
	var b []byte
	if err := t.row("SELECT data FROM sqlite_dbpage WHERE pgno = ?", int64(page)).Scan(&b); err != nil {
		return err
	}
	room := unallocated(page, b)
	dirty := false
	for _, c := range room {
		dirty = dirty || c != 0
	}
	if !dirty {
		return nil
	}
	clear(room)
	_, err := t.exec("UPDATE sqlite_dbpage SET data = ? WHERE pgno = ?", b, int64(page))
	return err
}

// unallocated returns the part of b between a page's cell pointers and its cells, nil
// if it is no page of a b-tree: the first byte tells, see maxSwept.
func unallocated(page uint32, b []byte) []byte {
	at := 0
	if page == 1 {
		at = 100 // behind the header of the file
	}
	if len(b) != pageSize {
		return nil
	}
	start := at + 8
	switch b[at] {
	case 2, 5: // inner pages have one pointer more
		start += 4
	case 10, 13:
	default:
		return nil
	}
	start += 2 * int(binary.BigEndian.Uint16(b[at+3:]))
	end := int(binary.BigEndian.Uint16(b[at+5:]))
	if end == 0 || start > end || end > pageSize {
		return nil
	}
	return b[start:end]
}
