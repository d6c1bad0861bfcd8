//go:build !linux

package mongotest

import "syscall"

// killWithParent is only available on Linux.
func killWithParent() *syscall.SysProcAttr { return nil }
