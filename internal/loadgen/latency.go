package main

import (
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// latency is a histogram of durations up to a minute with three digits. Its shards
// avoid that thousands of readers wait for one lock.
type latency [16]struct {
	mu sync.Mutex
	h  *hdrhistogram.Histogram
}

func newLatency() *latency {
	l := &latency{}
	for i := range l {
		l[i].h = hdrhistogram.New(1, time.Minute.Microseconds(), 3)
	}
	return l
}

// add records durations in the shard of a person.
func (l *latency) add(person int, took ...time.Duration) {
	s := &l[person%len(l)]
	s.mu.Lock()
	for _, d := range took {
		_ = s.h.RecordValue(min(max(1, d.Microseconds()), time.Minute.Microseconds()))
	}
	s.mu.Unlock()
}

// sum returns all shards as one histogram, in microseconds.
func (l *latency) sum() *hdrhistogram.Histogram {
	sum := hdrhistogram.New(1, time.Minute.Microseconds(), 3)
	for i := range l {
		l[i].mu.Lock()
		sum.Merge(l[i].h)
		l[i].mu.Unlock()
	}
	return sum
}

// reset empties the histogram.
func (l *latency) reset() {
	for i := range l {
		l[i].mu.Lock()
		l[i].h.Reset()
		l[i].mu.Unlock()
	}
}
