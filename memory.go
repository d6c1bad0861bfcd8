package main

import (
	"log/slog"
	"math"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// memoryShare is the part of a container's memory that the Go runtime may use.
// SQLite's cache and the kernel's buffers need the rest.
const memoryShare = 0.8

// limitMemory tells the garbage collector how much memory there is, so that it
// collects earlier instead of letting the kernel end the process. GOMEMLIMIT in
// the environment wins. Without a limit, or outside of a cgroup, nothing changes.
func limitMemory(available memlimit.Provider, log *slog.Logger) {
	limit, err := memlimit.Set(memlimit.WithProvider(available), memlimit.WithRatio(memoryShare))
	switch {
	case err != nil:
		log.Debug("the memory limit is not known", "error", err)
	case limit < math.MaxInt64:
		log.Info("memory limit", "bytes", limit)
	}
}
