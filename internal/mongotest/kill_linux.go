package mongotest

import "syscall"

// killWithParent lets the kernel kill the server when the test process ends.
func killWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
