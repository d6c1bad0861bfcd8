package main

import (
	"fmt"
	"slices"
	"time"
)

// latency collects durations of one goroutine; merge joins several.
type latency []time.Duration

func (l *latency) add(d time.Duration) { *l = append(*l, d) }

func merge(all []latency) latency {
	var sum latency
	for _, l := range all {
		sum = append(sum, l...)
	}
	slices.Sort(sum)
	return sum
}

// at gives a quantile of a sorted latency.
func (l latency) at(q float64) time.Duration {
	if len(l) == 0 {
		return 0
	}
	return l[min(len(l)-1, int(q*float64(len(l))))].Round(10 * time.Microsecond)
}

func (l latency) String() string {
	return fmt.Sprintf("p50 %v  p99 %v  p99.9 %v  max %v", l.at(.5), l.at(.99), l.at(.999), l.at(1))
}
