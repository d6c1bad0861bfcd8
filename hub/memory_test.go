package hub

import (
	"runtime"
	"strconv"
	"testing"
	"unsafe"
)

// heap returns how many bytes live after a collection.
func heap() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

type nobody struct{}

func (nobody) Write([]byte) error { return nil }
func (nobody) Ping() error        { return nil }
func (nobody) Close(Cause)        {}

// crowd attaches n connections and joins each to per of chats topics.
func crowd(h *Hub, n, per, chats int) (bytesPerConn, bytesPerMembership float64) {
	names := make([]string, chats)
	first := h.Attach(nobody{}, 0, nil)
	for i := range names {
		names[i] = "chat" + strconv.Itoa(1_000_000_000_000_000+i)
		first.Join(names[i]) // so that a further membership is measured, not the topic
	}
	owners := make([]string, n)
	for i := range owners {
		owners[i] = "user" + strconv.Itoa(1_000_000_000_000_000+i)
	}
	start := heap()
	conns := make([]*Conn, n)
	for i := range conns {
		conns[i] = h.Attach(nobody{}, 0, nil)
		conns[i].Bind(owners[i], 0)
	}
	attached := heap()
	for i, c := range conns {
		for k := range per {
			c.Join(names[(i*7919+k*104729)%chats])
		}
	}
	joined := heap()
	runtime.KeepAlive(names)
	runtime.KeepAlive(owners)
	runtime.KeepAlive(conns)
	return float64(attached-start) / float64(n), float64(joined-attached) / float64(h.Stats().Members-chats)
}

func TestMemory(t *testing.T) {
	for _, x := range []struct{ conns, per, chats int }{{2000, 100, 10_000}, {2000, 33, 2000}, {2000, 5, 1000}} {
		h := newHub(t, Config{})
		conn, membership := crowd(h, x.conns, x.per, x.chats)
		t.Logf("%+v: %.0f bytes an idle connection (of these Conn %d), %.1f a membership", x, conn, unsafe.Sizeof(Conn{}), membership)
		if conn > 400 || membership > 48 {
			t.Errorf("%+v: %.0f bytes a connection (at most 400), %.1f a membership (at most 48)", x, conn, membership)
		}
		h.All((*Conn).Detach)
	}
}
