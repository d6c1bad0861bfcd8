package server

import (
	"github.com/prometheus/client_golang/prometheus"

	"parley/search/index"
)

// searchCollector reads the figures of the search index when the metrics are requested.
type searchCollector struct {
	index                            *index.Index
	from, segments, messages, memory *prometheus.Desc
}

func newSearchCollector(x *index.Index) *searchCollector {
	d := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("parley_search_"+name, help, nil, nil)
	}
	return &searchCollector{
		index:    x,
		from:     d("indexed_from_timestamp_seconds", "Messages before this time are not all indexed yet; 0: all are."),
		segments: d("segments", "Segments of the search index."),
		messages: d("indexed_messages", "Messages in the segments of the search index."),
		memory:   d("memory_messages", "Messages in the part of the search index that is in memory."),
	}
}

func (c *searchCollector) Describe(to chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, to) }

func (c *searchCollector) Collect(to chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v)
	}
	st := c.index.Stats()
	gauge(c.from, float64(c.index.IndexedFrom())/1000)
	gauge(c.segments, float64(st.Segments))
	gauge(c.messages, float64(st.Indexed))
	gauge(c.memory, float64(st.Memory))
}
