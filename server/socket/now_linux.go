//go:build amd64 || arm64

package socket

import (
	"net"
	"syscall"
	"unsafe"
)

// descriptor is the connection's while it is open, for writes past the runtime's
// poller. Zero: this one is not to be had.
func descriptor(conn net.Conn) (fd uintptr) {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return 0 // a tls.Conn's bytes are not the wire's
	}
	if raw, err := tcp.SyscallConn(); err == nil {
		_ = raw.Control(func(is uintptr) { fd = is })
	}
	return fd
}

// now writes what the kernel takes at once, and returns how much that is: 0 also
// after an error, which conn.Write will meet again. net.Conn's way costs a
// quarter of a busy room's time: its locks, a deadline to look up, and two calls
// that tell the scheduler of a wait. This call does not wait, so that nobody needs to be told
// (send(2), MSG_DONTWAIT).
func (s *Socket) now(b []byte) int {
	s.open.Lock()
	defer s.open.Unlock()
	if s.fd == 0 {
		return 0
	}
	n, _, failed := syscall.RawSyscall6(syscall.SYS_SENDTO, s.fd, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), syscall.MSG_DONTWAIT|syscall.MSG_NOSIGNAL, 0, 0)
	if failed != 0 {
		return 0
	}
	return int(n)
}
