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

// secure_delete writes zeros over what is deleted, but not over copies: when a page of a
// b-tree splits, rows move to another page and their bytes stay in the unallocated space
// between the page's cell pointers and its cells, where a later deletion does not reach
// them. So that no deleted text stays in the file, that space is cleared in each page that
// was written, before a checkpoint moves the page from SQLite's log (WAL) into the
// database: this is a scrub. The writer therefore runs the checkpoints, not SQLite.
//
// The layout of pages and of the log is from the SQLite file format, sections
// 1.6 and 4.1 (https://www.sqlite.org/fileformat2.html).

const (
	pageSize  = 4096 // Open refuses any other
	frameSize = 24 + pageSize
	walHeader = 32

	// Pages of other kinds begin with a page number, whose first byte could look like
	// a b-tree's in a file of more pages than this (128 GiB): such a file is not
	// scrubbed.
	maxScrubbed = 1 << 25

	longWait = 4 // times checkpointEvery: a longer log does not wait for the search index
)

// scrubber tracks which part of the log was read. Owned by the writer.
type scrubber struct {
	path    string              // of the log
	file    *os.File            // nil until there is one
	salt    [8]byte             // identifies the log's content; SQLite changes it when it begins the log anew
	done    int                 // frames of it that were read
	pending map[uint32]struct{} // pages in them that are to be scrubbed
}

// frame returns the page number of the i-th frame of the log, from 0. ok is false after
// the last one: older frames that are left there have another salt.
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

// full reports whether the log has grown enough for a checkpoint: by every pages, or by as
// many as the reserve holds, if there is one.
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

// checkpointInTurn runs a checkpoint that is due, unless it waits for the search index.
func (t *tx) checkpointInTurn() {
	if !t.waitsForIndex() {
		t.checkpoint()
	}
}

// waitsForIndex reports whether a checkpoint waits because leaves of the search index, which
// the database has, still hold words of a text that was deleted or replaced. It waits at most
// indexWait, and not while the log is long or the disk full.
func (t *tx) waitsForIndex() bool {
	t.broken = nil
	var outdated bool
	err := t.row(`SELECT EXISTS (SELECT 1 FROM search_replaced WHERE id > 0)`).Scan(&outdated)
	if err != nil || !outdated || t.db.full.Load() || t.scrubber.full(longWait*t.db.checkpointEvery, t.reserve.want) {
		return false
	}
	if t.postponed.IsZero() {
		t.postponed = time.Now()
	}
	return time.Since(t.postponed) < t.db.indexWait
}

// checkpoint scrubs the pages of the log and then moves them into the database; all of
// them, which empties the log, if a text was deleted.
func (t *tx) checkpoint() {
	defer func() {
		t.checkLogSize()
		t.checkpointed, t.postponed = time.Now(), time.Time{} // at the end, so that jobs get their turn
	}()
	t.restoreReserve()
	err := t.scrubPages()
	for t.reserve.noSpace(err) && t.releaseReserve(t.reserve.piece()) {
		err = t.scrubPages()
	}
	if err != nil && !t.db.full.Load() {
		t.db.log.Error("the pages of the log could not be scrubbed", "err", err)
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
	// Else a reader holds the log, or there is no room, and it is tried again.
	if err == nil && busy == 0 && !t.db.full.Load() {
		t.scrubDue = false
	}
}

// scrubPages scrubs the pages that were written since it last ran. If it fails, they stay
// pending for the next round, when the log may be gone.
func (t *tx) scrubPages() error {
	s := &t.scrubber
	ok, err := s.begin()
	if !ok || err != nil {
		return err
	}
	// Frames after the last commit are of a transaction that failed, and will be
	// overwritten. Only SQLite has the number of the last one.
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

// clearUnallocated writes zeros into the unallocated space of a page of a b-tree. SQLite
// caches nothing of the page that this changes.
func (t *tx) clearUnallocated(page uint32) error {
	if t.broken != nil {
		return t.broken
	}
	var b []byte
	if err := t.row("SELECT data FROM sqlite_dbpage WHERE pgno = ?", int64(page)).Scan(&b); err != nil {
		return err
	}
	space := unallocated(page, b)
	dirty := false
	for _, c := range space {
		dirty = dirty || c != 0
	}
	if !dirty {
		return nil
	}
	clear(space)
	_, err := t.exec("UPDATE sqlite_dbpage SET data = ? WHERE pgno = ?", b, int64(page))
	return err
}

// unallocated returns the part of b between a page's cell pointers and its cells, nil if
// it is not a page of a b-tree, by its first byte: see maxScrubbed.
func unallocated(page uint32, b []byte) []byte {
	at := 0
	if page == 1 {
		at = 100 // after the header of the file
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
