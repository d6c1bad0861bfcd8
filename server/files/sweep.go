package files

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"parley/chat"
)

const (
	sweepEvery   = time.Minute
	compareEvery = 6 * time.Hour  // records with blobs
	orphanAge    = 24 * time.Hour // of a blob without a record, until it is removed
	sweepBatch   = 500
	fileIDLen    = 16
)

// Stats are figures of files for the metrics.
type Stats struct {
	chat.FileUsage
	Sending int    // uploads that are arriving
	Orphans uint64 // blobs without a record that were removed
	Missing int64  // files whose blob is not there, at the last comparison
}

// stats is what this server knows of all files.
type stats struct {
	mu      sync.Mutex
	usage   chat.FileUsage       // guarded by mu; as of the last sweep, and the changes since by this server
	reasons map[chat.Code]uint64 // guarded by mu: refused uploads

	orphans atomic.Uint64
	missing atomic.Int64
}

func (s *stats) set(u chat.FileUsage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.usage = u
}

func (s *stats) created(bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.usage.Bytes += bytes
}

func (s *stats) bytes() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.usage.Bytes
}

// refused counts an upload that a limit refused.
func (s *stats) refused(err error) {
	if err == nil {
		return
	}
	switch code := chat.AsError(err).Code; code {
	case chat.FileTooLarge, chat.QuotaExceeded, chat.DiskFull, chat.RateLimited:
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.reasons == nil {
			s.reasons = map[chat.Code]uint64{}
		}
		s.reasons[code]++
	}
}

// Stats returns the figures of files, and the number of refused uploads by reason.
func (f *Files) Stats() (st Stats, refused map[chat.Code]uint64) {
	f.sending.mu.Lock()
	st.Sending = f.sending.all
	f.sending.mu.Unlock()
	f.stats.mu.Lock()
	defer f.stats.mu.Unlock()
	st.FileUsage, st.Orphans, st.Missing = f.stats.usage, f.stats.orphans.Load(), f.stats.missing.Load()
	refused = map[chat.Code]uint64{}
	for code, n := range f.stats.reasons {
		refused[code] = n
	}
	return st, refused
}

// Wake makes Sweep remove blobs at once: a message with files was deleted.
func (f *Files) Wake() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// Sweep removes the blobs of deleted messages and of uploads that ended, lets uploads
// expire, and compares records with blobs, until ctx ends. Each step can be done by several
// servers at once, and again after a crash.
func (f *Files) Sweep(ctx context.Context) error {
	if f.Blobs == nil {
		<-ctx.Done()
		return nil
	}
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	compared, counted := time.Time{}, time.Time{}
	for {
		removed, err := f.sweepOnce(ctx)
		if err == nil && (removed || time.Since(counted) >= sweepEvery) { // not after each deletion: MongoDB reads an index
			if err = f.count(ctx); err == nil {
				counted = time.Now()
			}
		}
		if err == nil && time.Since(compared) > compareEvery {
			if err = f.compare(ctx); err == nil {
				compared = time.Now()
			}
		}
		if err != nil && ctx.Err() == nil {
			f.Log.Warn("files could not be swept; it is tried again", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-f.wake:
		}
	}
}

// sweepOnce lets uploads expire and removes blobs. It reports whether there were any.
func (f *Files) sweepOnce(ctx context.Context) (removed bool, err error) {
	for {
		n, err := f.Store.ExpireUploads(ctx, chat.Now(), sweepBatch)
		if err != nil {
			return removed, err
		}
		if n == 0 {
			break
		}
	}
	for {
		ids, err := f.Store.Removals(ctx, sweepBatch)
		if err != nil {
			return removed, err
		}
		if len(ids) == 0 {
			return removed, nil
		}
		for _, id := range ids {
			for _, name := range id.Blobs() {
				if err := f.Blobs.Remove(ctx, name); err != nil {
					return removed, err
				}
			}
		}
		if err := f.Store.EndRemovals(ctx, ids); err != nil {
			return removed, err
		}
		removed = true
	}
}

// count counts all files, for the quota and the metrics.
func (f *Files) count(ctx context.Context) error {
	usage, err := f.Store.FileUsage(ctx)
	if err == nil {
		f.stats.set(usage)
	}
	return err
}

// compare removes blobs to which no record belongs, and counts files without a blob.
func (f *Files) compare(ctx context.Context) error {
	var batch []chat.BlobInfo
	for b, err := range f.Blobs.List(ctx) {
		if err != nil {
			return err
		}
		if batch = append(batch, b); len(batch) == sweepBatch {
			if err := f.removeOrphans(ctx, batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	if err := f.removeOrphans(ctx, batch); err != nil {
		return err
	}
	missing := int64(0)
	for after := chat.FileID(""); ; {
		page, err := f.Store.FilesAfter(ctx, after, sweepBatch)
		if err != nil {
			return err
		}
		for i := range page {
			after = page[i].ID
			b, err := f.Blobs.Open(ctx, page[i].Blob())
			if chat.Is(err, chat.NotFound) {
				missing++
				continue
			}
			if err != nil {
				return err
			}
			_ = b.Close()
		}
		if len(page) < sweepBatch {
			break
		}
	}
	if f.stats.missing.Store(missing); missing > 0 {
		f.Log.Error("files are missing: their bytes are not where --files says", "files", missing)
	}
	return nil
}

// removeOrphans removes those of the blobs that belong to no record: at once if the record
// says that another blob is the file, else when they are old. Whatever has no name of ours
// stays.
func (f *Files) removeOrphans(ctx context.Context, blobs []chat.BlobInfo) error {
	ids := make([]chat.FileID, 0, len(blobs))
	for _, b := range blobs {
		ids = append(ids, chat.FileOfBlob(b.Name))
	}
	found, err := f.Store.FilesWith(ctx, ids)
	if err != nil {
		return err
	}
	records := make(map[chat.FileID]*chat.Upload, len(found))
	for i := range found {
		records[found[i].ID] = &found[i]
	}
	for i, b := range blobs {
		u, ours := records[ids[i]], len(ids[i]) == fileIDLen
		for _, name := range ids[i].Blobs() {
			if ours && name == b.Name && orphaned(u, b) {
				f.stats.orphans.Add(1)
				if err := f.Blobs.Remove(ctx, name); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// orphaned reports whether a blob belongs to no file.
func orphaned(u *chat.Upload, b chat.BlobInfo) bool {
	switch {
	case u == nil:
		return chat.Now()-b.ModifiedAt > orphanAge.Milliseconds()
	case !u.Complete:
		return false
	}
	return b.Name != u.Blob() && (b.Name != u.ID.ThumbBlob() || !u.Thumb)
}
