//go:build amd64 || arm64

package socket

import (
	"net"
	"syscall"
	"unsafe"
)

// descriptor returns the connection's file descriptor, for writes that bypass the
// runtime's poller, or 0 if there is none.
func descriptor(conn net.Conn) (fd uintptr) {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return 0 // a tls.Conn encrypts what is written
	}
	if raw, err := tcp.SyscallConn(); err == nil {
		_ = raw.Control(func(is uintptr) { fd = is })
	}
	return fd
}

// writeNow writes what the kernel accepts at once (send(2), MSG_DONTWAIT) and returns
// the number of bytes. After an error it returns 0, and conn.Write will meet the error
// again. net.Conn's own Write takes a quarter of a busy room's time: its locks, its
// deadline, and two calls that prepare the scheduler for a wait. This call never waits.
func (w *writer) writeNow(b []byte) int {
	w.open.Lock()
	defer w.open.Unlock()
	if w.fd == 0 {
		return 0
	}
	n, _, failed := syscall.RawSyscall6(syscall.SYS_SENDTO, w.fd, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), syscall.MSG_DONTWAIT|syscall.MSG_NOSIGNAL, 0, 0)
	if failed != 0 {
		return 0
	}
	return int(n)
}
