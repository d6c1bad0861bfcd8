package server

import (
	"github.com/prometheus/client_golang/prometheus"

	"parley/server/files"
)

// fileCollector reads the figures of files when the metrics are requested.
type fileCollector struct {
	files                                            *files.Files
	bytes, count, sending, refused, orphans, missing *prometheus.Desc
}

func newFileCollector(f *files.Files) *fileCollector {
	d := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("parley_"+name, help, labels, nil)
	}
	return &fileCollector{
		files:   f,
		bytes:   d("files_bytes", "Bytes of all files and uploads, without thumbnails."),
		count:   d("files", "Files and uploads."),
		sending: d("uploads_sending", "Uploads whose bytes are arriving."),
		refused: d("uploads_refused_total", "Uploads that a limit refused, by the error's code.", "reason"),
		orphans: d("file_orphans_total", "Stored bytes to which no file belongs, and which were removed."),
		missing: d("files_missing", "Files whose bytes are not there, at the last comparison."),
	}
}

func (c *fileCollector) Describe(to chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, to) }

func (c *fileCollector) Collect(to chan<- prometheus.Metric) {
	st, refused := c.files.Stats()
	gauge := func(d *prometheus.Desc, v float64) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v)
	}
	gauge(c.bytes, float64(st.Bytes))
	gauge(c.count, float64(st.FileUsage.Files))
	gauge(c.sending, float64(st.Sending))
	gauge(c.missing, float64(st.Missing))
	to <- prometheus.MustNewConstMetric(c.orphans, prometheus.CounterValue, float64(st.Orphans))
	for code, n := range refused {
		to <- prometheus.MustNewConstMetric(c.refused, prometheus.CounterValue, float64(n), string(code))
	}
}
