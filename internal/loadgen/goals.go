package main

import (
	"math"
	"strconv"
)

// goal is a bound for a measured value. value returns NaN if it was not measured.
type goal struct {
	figure, unit string
	value        func(*record) float64
	atLeast      bool // the bound is a minimum, not a maximum
	bound        float64
}

func (g goal) met(v float64) bool {
	if g.atLeast {
		return v >= g.bound
	}
	return v <= g.bound
}

// limit returns the bound as text.
func (g goal) limit() string {
	if g.bound < 10 {
		return strconv.FormatFloat(g.bound, 'f', -1, 64)
	}
	return digits(g.bound)
}

// median returns a function that returns a figure of Parley.
func median(scenario, what string) func(*record) float64 {
	return func(r *record) float64 { return r.value(scenario, "parley", what) }
}

// onCores is median for Parley with n cores.
func onCores(n int, scenario, what string) func(*record) float64 {
	return func(r *record) float64 { return r.value(scenario, coresName(n), what) }
}

// ratioToBest returns a function that returns the ratio of Parley's figure to the best
// figure of some peers.
func ratioToBest(scenario, what string, best func(a, b float64) float64, peers ...string) func(*record) float64 {
	return func(r *record) float64 {
		peer := math.NaN()
		for _, p := range peers {
			if v := r.value(scenario, p, what); math.IsNaN(peer) {
				peer = v
			} else if !math.IsNaN(v) {
				peer = best(peer, v)
			}
		}
		return r.value(scenario, "parley", what) / peer
	}
}

// difference returns a function that returns by how many percent the largest of some
// figures is above the smallest.
func difference(scenario string, names ...string) func(*record) float64 {
	return func(r *record) float64 {
		low, high := math.Inf(1), math.Inf(-1)
		for _, what := range names {
			v := r.value(scenario, "parley", what)
			if math.IsNaN(v) {
				return v
			}
			low, high = min(low, v), max(high, v)
		}
		return 100 * (high/low - 1)
	}
}

// socketIORatio returns a function that returns Parley's figure with Socket.IO clients,
// times that of the Node.js stack.
func socketIORatio(what string) func(*record) float64 {
	return func(r *record) float64 {
		return r.value("socketio", parleySocketIO{}.name(), what) / r.value("socketio", "node", what)
	}
}

// beside returns a function that returns the ratio of Parley's figure to a peer's.
func beside(scenario, what, peer string) func(*record) float64 {
	return func(r *record) float64 { return r.value(scenario, "parley", what) / r.value(scenario, peer, what) }
}

// times returns a function that returns the ratio of two figures of Parley.
func times(scenario, what, to string) func(*record) float64 {
	return func(r *record) float64 { return median(scenario, what)(r) / median(scenario, to)(r) }
}

func lower(a, b float64) float64  { return min(a, b) }
func higher(a, b float64) float64 { return max(a, b) }

var goals = []goal{
	{"chat of 1,000: maximum deliveries, times the Node.js stack", "×", ratioToBest("room", maxDeliveries, higher, "node"), true, 5},
	{"chat of 1,000: maximum deliveries, times centrifuge at its best setting", "×", ratioToBest("room", maxDeliveries, higher, "centrifuge", "centrifuge 10ms"), true, 1.5},
	{"chat of 1,000 at 20 messages/s: CPU per delivery, times centrifuge", "×", ratioToBest("room", quietCPU, lower, "centrifuge", "centrifuge 10ms"), false, .5},
	{"50 chats of 20: CPU per delivery, times the Node.js stack", "×", ratioToBest("rooms", "CPU per delivery", lower, "node"), false, .25},
	{"50 chats of 20: CPU per delivery, times centrifuge", "×", ratioToBest("rooms", "CPU per delivery", lower, "centrifuge", "centrifuge 10ms"), false, .7},
	{"chat of 1,000, Socket.IO clients: maximum deliveries, times the Node.js stack", "×", socketIORatio(maxDeliveries), true, 10},
	{"chat of 1,000, Socket.IO clients at 20 messages/s: CPU per delivery, times the Node.js stack", "×", socketIORatio(quietCPU), false, .6},
	{"idle Socket.IO connection in 10 chats: memory, times the Node.js stack", "×", socketIORatio(idleMemory), false, .8},
	{"idle connection in 10 chats: memory", "KB", median("idle", idleMemory), false, 12},
	{"idle connection in 10 chats: memory, times centrifuge", "×", ratioToBest("idle", idleMemory, lower, "centrifuge"), false, .5},
	{"idle connection: CPU in a second", "µs", median("idle", "CPU per connection and second"), false, 3},
	{"durable posts over sockets", "/s", median("post", manyPosts), true, 40_000},
	{"one post at a time to the other socket, p50", "ms", median("post", onePost+", p50"), false, .6},
	{"one post at a time to the other socket, p99", "ms", median("post", onePost+", p99"), false, 2},
	{"pages anywhere in a million messages, for each CPU second of a server on one core", "/s", onCores(1, "page", pageCold+perCPU), true, 8000},
	{"the newest page again and again, for each CPU second of a server on one core", "/s", onCores(1, "page", pageHot+perCPU), true, 20_000},
	{"the oldest pages beside the newest, difference", "%", difference("page", pageNew+perCPU, pageOld+perCPU), false, 20},
	{"upload of a file, fsynced before the answer, times dd conv=fsync", "×", beside("files", uploadRate, "dd conv=fsync"), true, .6},
	{"download of a file, times net/http's FileServer", "×", beside("files", downloadRate, "FileServer"), true, .8},
	{"64 uploads of 100 MiB at once: memory above idle", "MiB", median("files", uploadMemory), false, 64},
	{"12-megapixel JPEG, cleaned and with its thumbnail: CPU", "ms", median("files", thumbCPU), false, 320},
	{"12-megapixel JPEG: memory above idle", "MiB", median("files", thumbMemory), false, 100},
	{"posts while 8 uploads run, times those without", "×", times("files", besideUpload+uploadPosts, alone+uploadPosts), true, .8},
	{"one post while 8 uploads run, p99, times that without", "×", times("files", besideUpload+onePostP99, alone+onePostP99), false, 1.25},
	{"10,000 clients resume: until the last is live", "s", median("storm", stormQuiet+": until the last is live"), false, 5},
	{"10,000 clients resume: page reads for chats without news", "", median("storm", stormQuiet+": page reads"), false, 0},
	{"10,000 clients resume after a kill: lost or out of order", "", median("storm", stormKilled+": lost or out of order"), false, 0},
	{"a day of 10,000 people: send to delivery, p99", "ms", median("day", "send to delivery, p99"), false, 50},
	{"a day of 10,000 people: share of one core", "%", median("day", "CPU of the server, share of one core"), false, 50},
	{"CPU per delivery from 10 to 10,000 members, difference", "%", difference("scale", scaleCPU(10), scaleCPU(100), scaleCPU(1000), scaleCPU(10_000)), false, 20},
	{"the hub's deliveries with two cores, times those with one, no load beside", "×", func(r *record) float64 {
		return onCores(2, "cores", hubDeliveries)(r) / onCores(1, "cores", hubDeliveries)(r)
	}, true, 1.7},
	{"the slowest kind of search of a million messages, p99", "ms", slowestSearch, false, 30},
	{"search index, times the size of the texts", "×", median("search", searchName(1_000_000, findSize)), false, 1.2},
	{"start, empty", "ms", median("start", "exec to ready, empty"), false, 100},
	{"start, 1 million messages", "ms", median("start", "exec to ready, 1 million messages"), false, 200},
	{"the binary", "MB", median("start", "the binary"), false, 32},
}
