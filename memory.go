package main

import (
	"log/slog"
	"math"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// memoryShare is the share of the memory limit of the cgroup that the Go runtime may
// use. SQLite's cache and the kernel's buffers need the rest.
const memoryShare = 0.8

// limitMemory sets the memory limit of the Go runtime to a share of what is available,
// so that the garbage collector runs before the kernel kills the process. GOMEMLIMIT
// in the environment has precedence. Without a cgroup limit nothing changes.
func limitMemory(available memlimit.Provider, log *slog.Logger) {
	limit, err := memlimit.Set(memlimit.WithProvider(available), memlimit.WithRatio(memoryShare))
	switch {
	case err != nil:
		log.Debug("reading the memory limit failed", "error", err)
	case limit < math.MaxInt64:
		log.Info("memory limit", "bytes", limit)
	}
}
