//go:build unix

package storetest

import (
	"os"
	"syscall"
)

// pause stops a process where it is.
func pause(p *os.Process) error { return p.Signal(syscall.SIGSTOP) }

// resume lets it go on.
func resume(p *os.Process) error { return p.Signal(syscall.SIGCONT) }
