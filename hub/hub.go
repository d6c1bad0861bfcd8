package hub

import (
	"context"
	"fmt"
	"hash/maphash"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Config holds all bounds. A zero value means the default.
type Config struct {
	Shards     int           // topics are spread over this many locks; GOMAXPROCS
	Codecs     int           // a connection's codec is below this; 2, at most 4
	QueueBytes int           // queue of one connection, with 32 bytes added for each value; 1 MiB
	RingBytes  int           // all rings of the hub; 64 MiB
	JoinBytes  int           // queued values are joined into messages of up to this size; 16 KiB
	Parked     int           // idle workers that are kept, for each core; 16
	PingEvery  time.Duration // interval of pings to a silent connection; 25 s
	BindWithin time.Duration // time from Attach until Bind must have been called; 10 s
	StuckAfter time.Duration // longest duration of a single write; 10 s
}

// maxCodecs bounds Config.Codecs, so that a frame can use an array.
const maxCodecs = 4

func orDefault[T int | time.Duration](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}

// Hub delivers what is published on topics to connections. New returns one,
// Close stops it.
type Hub struct {
	// Static after construction.
	config      Config
	seed        maphash.Seed
	shards      []*shard
	pools       []*pool
	start       time.Time
	tick        time.Duration // of keepalive
	joinBuffers sync.Pool     // of *joint
	stop        chan struct{} // closed by Close: keepalive ends
	empty       chan struct{} // closed when stopping and nobody is attached
	ended       chan struct{} // closed when all goroutines have ended

	now        atomic.Int64            // nanoseconds since start at the last tick; never 0
	uses       [maxCodecs]atomic.Int64 // attached connections by codec
	closed     [Causes]atomic.Uint64
	goroutines sync.WaitGroup // keepalive and workers
	halt       sync.Once

	mu       sync.Mutex       // first in the lock order
	conns    []*Conn          // guarded by mu; Conn.slot is the place
	owners   map[string]*Conn // guarded by mu; chained by Conn.sibling
	bound    int              // guarded by mu
	attached uint32           // guarded by mu; counts Attach calls, for spreading
	stopping bool             // guarded by mu
}

// New returns a running hub.
func New(config Config) *Hub {
	cores := runtime.GOMAXPROCS(0)
	orDefault(&config.Shards, cores)
	orDefault(&config.Codecs, 2)
	orDefault(&config.QueueBytes, 1<<20)
	orDefault(&config.RingBytes, 64<<20)
	orDefault(&config.JoinBytes, 16<<10)
	orDefault(&config.Parked, 16)
	orDefault(&config.PingEvery, 25*time.Second)
	orDefault(&config.BindWithin, 10*time.Second)
	orDefault(&config.StuckAfter, 10*time.Second)
	if config.Codecs > maxCodecs {
		panic(fmt.Sprintf("hub: %d codecs, at most %d", config.Codecs, maxCodecs))
	}
	h := &Hub{
		config: config,
		seed:   maphash.MakeSeed(),
		start:  time.Now(),
		// Short intervals, as in a test, need a tick below a second.
		tick:   max(time.Millisecond, min(time.Second, config.PingEvery/4, config.BindWithin/4, config.StuckAfter/4)),
		stop:   make(chan struct{}),
		empty:  make(chan struct{}),
		ended:  make(chan struct{}),
		owners: map[string]*Conn{},
	}
	h.joinBuffers.New = func() any { return &joinBuffer{buf: make([]byte, Headroom, Headroom+config.JoinBytes)} }
	h.now.Store(1)
	for range config.Shards {
		h.shards = append(h.shards, newShard(config))
	}
	for range cores {
		h.pools = append(h.pools, newPool(h))
	}
	h.goroutines.Go(h.keepalive)
	return h
}

// shard returns the shard of a topic.
func (h *Hub) shard(topic string) *shard {
	return h.shards[maphash.String(h.seed, topic)%uint64(len(h.shards))]
}

// Each calls f for each current connection of owner. It holds no lock meanwhile.
func (h *Hub) Each(owner string, f func(*Conn)) {
	for _, c := range h.connsOf(owner) {
		f(c)
	}
}

// All calls f for each attached connection. It holds no lock meanwhile.
func (h *Hub) All(f func(*Conn)) {
	h.mu.Lock()
	conns := slices.Clone(h.conns)
	h.mu.Unlock()
	for _, c := range conns {
		f(c)
	}
}

func (h *Hub) connsOf(owner string) (conns []*Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := h.owners[owner]; c != nil; c = c.sibling {
		conns = append(conns, c)
	}
	return conns
}

// Lost is called when the feed may have lost events. It closes every connection
// with FeedLost and drops every topic and ring. The connections stay attached
// until Detach, but receive nothing more. The caller must attach no new
// connection before the feed is open again.
func (h *Hub) Lost() {
	h.All(func(c *Conn) { c.Close(FeedLost) })
	h.dropTopics()
}

// dropTopics is the second half of Lost. It also closes connections that joined a
// topic since the first half: their membership is dropped here.
func (h *Hub) dropTopics() {
	for _, s := range h.shards {
		for _, c := range s.clear() {
			c.Close(FeedLost)
		}
	}
}

// Close stops the hub: each connection is closed with Stopping once its queue is
// written. Close returns when every connection is detached and every goroutine has
// ended. If ctx ends first, Close closes all sinks at once and returns ctx's error.
// A connection that attaches after Close began is closed immediately. Close may be
// called more than once.
func (h *Hub) Close(ctx context.Context) error {
	h.mu.Lock()
	if !h.stopping {
		h.stopping = true
		if len(h.conns) == 0 {
			close(h.empty)
		}
	}
	h.mu.Unlock()
	h.All((*Conn).finish)
	var err error
	select {
	case <-h.empty:
	case <-ctx.Done():
		err = ctx.Err()
		h.All(func(c *Conn) { c.Close(Stopping) })
	}
	// Every connection is closed, so no worker is started from here on.
	h.halt.Do(func() {
		close(h.stop)
		for _, p := range h.pools {
			p.close()
		}
		go func() { h.goroutines.Wait(); close(h.ended) }()
	})
	if err == nil {
		select {
		case <-h.ended:
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	if err != nil {
		return fmt.Errorf("hub: close: %w", err)
	}
	return nil
}
