package server

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"parley/chat"
)

// pushCollector reads the queue of pushes when the metrics are requested. It is the same on
// all replicas.
type pushCollector struct {
	store          chat.Pushes
	queued, oldest *prometheus.Desc
}

func newPushCollector(store chat.Pushes) *pushCollector {
	return &pushCollector{
		store:  store,
		queued: prometheus.NewDesc("parley_push_queued", "Push notifications that are to be sent, on all replicas.", nil, nil),
		oldest: prometheus.NewDesc("parley_push_oldest_seconds", "Age of the oldest of them.", nil, nil),
	}
}

func (c *pushCollector) Describe(to chan<- *prometheus.Desc) {
	to <- c.queued
	to <- c.oldest
}

func (c *pushCollector) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	n, since, err := c.store.CountPushes(ctx)
	if err != nil {
		return // the store's own metrics show that
	}
	age := 0.0
	if n > 0 {
		age = max(0, time.Since(time.UnixMilli(since)).Seconds())
	}
	to <- prometheus.MustNewConstMetric(c.queued, prometheus.GaugeValue, float64(n))
	to <- prometheus.MustNewConstMetric(c.oldest, prometheus.GaugeValue, age)
}
