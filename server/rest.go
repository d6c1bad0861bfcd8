package server

import (
	"context"
	"runtime"
	"runtime/debug"
	runtimemetrics "runtime/metrics"
	"time"
)

// quietAfter is how long no garbage collection must have been needed.
const quietAfter = 15 * time.Second

// rest gives memory back to the operating system once the process is quiet. A
// storm of reconnects leaves the heap twice as large as what lives in it, and
// without new garbage the runtime sees no reason to return the rest. A busy
// process collects all the time and is left alone.
func rest(ctx context.Context) error {
	tick := time.NewTicker(quietAfter)
	defer tick.Stop()
	var last, rested uint64
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
		now := collections()
		if now == last && now != rested {
			runtime.GC() // what lies in a sync.Pool survives one collection
			debug.FreeOSMemory()
			now = collections()
			rested = now
		}
		last = now
	}
}

// collections counts the garbage collections of the process.
func collections() uint64 {
	sample := []runtimemetrics.Sample{{Name: "/gc/cycles/total:gc-cycles"}}
	runtimemetrics.Read(sample)
	return sample[0].Value.Uint64()
}
