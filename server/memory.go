package server

import (
	"context"
	"runtime"
	"runtime/debug"
	runtimemetrics "runtime/metrics"
	"time"
)

// quietAfter is the time without a garbage collection after which the process is quiet.
const quietAfter = 15 * time.Second

// releaseMemory returns memory to the operating system once the process is quiet. A storm
// of reconnects leaves the heap twice as large as the live objects, and without new
// garbage the runtime does not return the difference. A busy process collects garbage all
// the time and needs no help.
func releaseMemory(ctx context.Context) error {
	tick := time.NewTicker(quietAfter)
	defer tick.Stop()
	var last, released uint64
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
		now := collections()
		if now == last && now != released {
			runtime.GC() // objects in a sync.Pool survive one collection
			debug.FreeOSMemory()
			now = collections()
			released = now
		}
		last = now
	}
}

// collections returns the number of garbage collections of the process.
func collections() uint64 {
	sample := []runtimemetrics.Sample{{Name: "/gc/cycles/total:gc-cycles"}}
	runtimemetrics.Read(sample)
	return sample[0].Value.Uint64()
}
