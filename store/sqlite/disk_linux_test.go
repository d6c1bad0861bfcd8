package sqlite

import (
	"os"
	"parley/internal/disk"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// smallDisk is a folder that SQLite and the reserve see as a small disk of its own: writes
// that do not fit fail with ENOSPC.
type smallDisk struct {
	dir     string
	total   int64
	others  atomic.Int64 // bytes that other programs occupy
	longest atomic.Int64 // bytes of the longest file (setrlimit's RLIMIT_FSIZE); 0: no limit
}

var (
	smallDisks     sync.Map     // folder → *smallDisk
	smallDiskCount atomic.Int32 // benchmarks have none, and do not pay for the search
)

func newSmallDisk(t testing.TB, total int64) *smallDisk {
	d := &smallDisk{dir: t.TempDir(), total: total}
	smallDisks.Store(d.dir, d)
	smallDiskCount.Add(1)
	t.Cleanup(func() { smallDisks.Delete(d.dir); smallDiskCount.Add(-1) })
	return d
}

func (d *smallDisk) free() int64 {
	free := d.total - d.others.Load()
	files, _ := filepath.Glob(filepath.Join(d.dir, "*"))
	for _, f := range files {
		if info, err := os.Stat(f); err == nil {
			free -= info.Size()
		}
	}
	return max(0, free)
}

// fillUp lets other programs occupy all but leave bytes.
func (d *smallDisk) fillUp(leave int64) { d.others.Add(d.free() - leave) }

func init() {
	testDiskSpace = func(dir string) (free, total int64, err error) {
		if d, ok := smallDisks.Load(dir); ok {
			return d.(*smallDisk).free(), d.(*smallDisk).total, nil
		}
		return disk.Space(dir)
	}
	refused, err := syscall.Open("/dev/full", syscall.O_WRONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		panic(err)
	}
	replaceWrite(func(tls *libc.TLS, fd int32, buf uintptr, n lib.Tsize_t, at lib.Toff_t) lib.Tssize_t {
		if smallDiskCount.Load() == 0 {
			return lib.Tssize_t(libc.Xpwrite(tls, fd, buf, n, at))
		}
		if path, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(int(fd))); err == nil {
			if d, ok := smallDisks.Load(filepath.Dir(path)); ok {
				if longest := d.(*smallDisk).longest.Load(); longest > 0 && int64(at)+int64(n) > longest {
					errno := libc.X__errno_location(tls)
					**(**int32)(unsafe.Pointer(&errno)) = int32(syscall.EFBIG)
					return -1
				}
				info, err := os.Stat(path)
				if err == nil && int64(at)+int64(n)-info.Size() > 0 && int64(at)+int64(n)-info.Size() > d.(*smallDisk).free() {
					return lib.Tssize_t(libc.Xpwrite(tls, int32(refused), buf, n, 0))
				}
			}
		}
		return lib.Tssize_t(libc.Xpwrite(tls, fd, buf, n, at))
	})
}

type pwrite = func(tls *libc.TLS, fd int32, buf uintptr, n lib.Tsize_t, at lib.Toff_t) lib.Tssize_t

// replaceWrite makes SQLite call f to write (sqlite3_vfs.xSetSystemCall).
func replaceWrite(f pwrite) {
	tls := libc.NewTLS()
	defer tls.Close()
	found := lib.Xsqlite3_vfs_find(tls, 0)
	vfs := *(**lib.Tsqlite3_vfs)(unsafe.Pointer(&found))
	set := *(*func(*libc.TLS, uintptr, uintptr, uintptr) int32)(unsafe.Pointer(&struct{ uintptr }{vfs.FxSetSystemCall}))
	c, err := libc.CString("pwrite")
	if err != nil {
		panic(err)
	}
	defer libc.Xfree(tls, c)
	write = f
	if rc := set(tls, found, c, *(*uintptr)(unsafe.Pointer(&write))); rc != lib.SQLITE_OK {
		panic(rc)
	}
}

// write is the function that SQLite calls; its address must not change.
var write pwrite
