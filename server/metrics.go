package server

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"parley/chat"
	"parley/hub"
)

// metrics are the server's metrics, in a registry of their own. Names end in their unit;
// labels have few values, and no client can choose one.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec   // by route, method, code
	took     *prometheus.HistogramVec // seconds, by route
	appends  *prometheus.CounterVec   // by kind, result
	appended prometheus.Histogram     // seconds from the queue to the outcome
	lag      prometheus.Histogram     // seconds from an event's time to its delivery
	sockets  *prometheus.CounterVec   // closed sockets by close code
	feedLost prometheus.Counter
	unknown  *prometheus.CounterVec // requests of Socket.IO with a sid that is not known here
	pushes   *prometheus.CounterVec // sent pushes by result
	caughtUp prometheus.Counter     // pages read from the log to catch a session up
}

// seconds are the buckets of all histograms.
var seconds = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}

func newMetrics(s *Server) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "parley_http_requests_total",
			Help: "HTTP requests by route, method and status."}, []string{"route", "method", "code"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "parley_http_request_seconds",
			Help: "Time to answer an HTTP request.", Buckets: seconds}, []string{"route"}),
		appends: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "parley_appends_total",
			Help: "Drafts by kind and result: ok, again, unchanged or the error's code."}, []string{"kind", "result"}),
		appended: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "parley_append_seconds",
			Help: "Time from queueing a draft to its outcome.", Buckets: seconds}),
		lag: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "parley_feed_lag_seconds",
			Help: "Age of an event when it is handed to the sockets.", Buckets: seconds}),
		sockets: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "parley_socket_closes_total",
			Help: "Sockets that the server closed, by close code."}, []string{"code"}),
		feedLost: prometheus.NewCounter(prometheus.CounterOpts{Name: "parley_feed_losses_total",
			Help: "Times that the feed of events was lost and opened again."}),
		unknown: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "parley_socketio_unknown_sids_total",
			Help: "Requests of Socket.IO clients with a session id that is not known here, by whether it is another replica's."}, []string{"other_replica"}),
		pushes: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "parley_push_total",
			Help: "Push notifications that were sent, by result: accepted, gone, refused or failed."}, []string{"result"}),
		caughtUp: prometheus.NewCounter(prometheus.CounterOpts{Name: "parley_resume_reads_total",
			Help: "Pages read from the log for a chat in which a resuming client missed events."}),
	}
	version := prometheus.NewGauge(prometheus.GaugeOpts{Name: "parley_build_info",
		Help: "1, with the version as a label.", ConstLabels: prometheus.Labels{"version": s.Version}})
	version.Set(1)
	lostLines := prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "parley_log_lines_lost_total",
		Help: "Log lines that were not written: the log was not read, or its disk was full."}, func() float64 {
		if s.LostLines == nil {
			return 0
		}
		return float64(s.LostLines())
	})
	full := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "parley_disk_full",
		Help: "1 while the disk is full: only deleting, removing and signing out are saved."}, func() float64 {
		if s.service.Full() {
			return 1
		}
		return 0
	})
	unsaved := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "parley_revocations_unsaved",
		Help: "Sessions, users, roles and memberships that ended here and that the store has not saved yet."}, func() float64 {
		return float64(s.service.Unsaved())
	})
	if store, ok := s.Store.(interface{ WALBytes() int64 }); ok { // SQLite's
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "parley_sqlite_wal_bytes",
			Help: "Size of SQLite's log, which grows while another program reads the database for long."}, func() float64 {
			return float64(store.WALBytes())
		}))
	}
	m.registry.MustRegister(full, unsaved, m.requests, m.took, m.appends, m.appended, m.lag, m.sockets, m.feedLost, m.unknown, m.pushes, m.caughtUp, version, lostLines,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// request counts an answered request.
func (m *metrics) request(route, method string, status int, took time.Duration) {
	if route == "" {
		route = "none"
	}
	m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
	m.took.WithLabelValues(route).Observe(took.Seconds())
}

// unknownSid counts a request of a Socket.IO client whose session id is not known here.
func (m *metrics) unknownSid(otherReplica bool) {
	m.unknown.WithLabelValues(strconv.FormatBool(otherReplica)).Inc()
}

// outcome counts the outcome of a draft.
func (m *metrics) outcome(kind chat.Kind, began time.Time, ev chat.Event, again bool, err error) {
	result := "ok"
	switch {
	case err != nil:
		result = string(chat.AsError(err).Code)
	case again:
		result = "again"
	case ev.Seq == 0:
		result = "unchanged"
	}
	m.appends.WithLabelValues(string(kind), result).Inc()
	m.appended.Observe(time.Since(began).Seconds())
}

// published records the age of an event when it is delivered.
func (m *metrics) published(ev *chat.Event) {
	m.lag.Observe(max(0, time.Since(time.UnixMilli(ev.At)).Seconds()))
}

// push counts a push that was sent.
func (m *metrics) push(result string) { m.pushes.WithLabelValues(result).Inc() }

// closed counts a socket that the server closed with a close code.
func (m *metrics) closed(code int) { m.sockets.WithLabelValues(strconv.Itoa(code)).Inc() }

// hubCollector reads the hub's statistics when the metrics are requested.
type hubCollector struct {
	s                                      *Server
	conns, bound, topics, members          *prometheus.Desc
	ring, queued, delivered, written, ends *prometheus.Desc
	feeding                                *prometheus.Desc
}

func newHubCollector(s *Server) *hubCollector {
	d := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("parley_"+name, help, labels, nil)
	}
	return &hubCollector{
		s:         s,
		conns:     d("connections", "Open connections: sockets and waiting calls."),
		bound:     d("connections_identified", "Open connections whose user is known."),
		topics:    d("topics", "Topics that have members."),
		members:   d("topic_members", "Pairs of a topic and a connection that listens to it."),
		ring:      d("ring_bytes", "Recent events kept in memory, for resumes."),
		queued:    d("queued_bytes", "Values that wait to be written to sockets."),
		delivered: d("delivered_values_total", "Values written to connections."),
		written:   d("written_messages_total", "Messages that carried those values."),
		ends:      d("hub_closes_total", "Connections that the hub closed, by cause.", "cause"),
		feeding:   d("feeding", "1 while the feed of events is open."),
	}
}

func (c *hubCollector) Describe(to chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, to) }

func (c *hubCollector) Collect(to chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v int) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(v))
	}
	counter := func(d *prometheus.Desc, v uint64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	now := c.s.hub.Stats()
	gauge(c.conns, now.Conns)
	gauge(c.bound, now.Bound)
	gauge(c.topics, now.Topics)
	gauge(c.members, now.Members)
	gauge(c.ring, now.RingBytes)
	gauge(c.queued, now.QueuedBytes)
	counter(c.delivered, now.Delivered)
	counter(c.written, now.Written)
	for cause, n := range now.Closed {
		counter(c.ends, n, hub.Cause(cause).String())
	}
	feeding := 0
	if c.s.live.Ready() {
		feeding = 1
	}
	gauge(c.feeding, feeding)
}
