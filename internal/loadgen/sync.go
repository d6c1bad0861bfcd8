package main

import (
	"os"
	"slices"
	"time"
)

// bareSyncP99 appends 8 KiB, about what a post appends to SQLite's log, to a file in the folder
// again and again for d, each time until it is on disk, and returns the 99th percentile of the time
// that this took.
func bareSyncP99(folder string, d time.Duration) (time.Duration, error) {
	f, err := os.CreateTemp(folder, "sync")
	if err != nil {
		return 0, err
	}
	defer func() { _, _ = f.Close(), os.Remove(f.Name()) }()
	var took []time.Duration
	b := make([]byte, 8<<10)
	for until := time.Now().Add(d); time.Now().Before(until); time.Sleep(time.Millisecond) {
		began := time.Now()
		if _, err := f.Write(b); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	return took[len(took)*99/100], nil
}
