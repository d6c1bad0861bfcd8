package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// scenario is one measurement. It starts its own servers.
type scenario struct {
	name, description string
	run               func(context.Context, *bench) error
}

var scenarios = []scenario{
	{"room", "one chat with 1,000 members", measureRoom},
	{"rooms", "50 chats of 20 members, 5 messages a second in each", measureRooms},
	{"socketio", "the same as room, with Socket.IO clients", measureSocketIO},
	{"cores", "the same as room, with one core and with two", measureCores},
	{"idle", "10,000 idle connections, each in 10 chats", measureIdle},
	{"scale", "20,000 deliveries a second to one chat of 10 to 10,000 members", measureScale},
	{"post", "durable posts, one by one and many at a time", measurePost},
	{"page", "history pages of 50 messages over HTTP, of a chat with a million", measurePage},
	{"files", "uploads, downloads and thumbnails, and posts beside them", measureFiles},
	{"storm", "10,000 clients lose the server and resume", measureStorm},
	{"day", "10,000 connected people and a usual mix of actions", measureDay},
	{"search", "searches of a million messages, on one core", measureSearch},
	{"start", "from exec to ready", measureStart},
}

// bench holds the settings and results that the scenarios share.
type bench struct {
	record
	binary   string
	dir      string // temporary; for stores and binaries
	repeat   int
	short    bool
	pushes   *pushService // of the scenario day; nil: nobody has a subscription
	peers    []target
	longChat *parley
}

// count returns n people or messages, in a short run a tenth of them.
func (b *bench) count(n int) int {
	if b.short {
		return max(10, n/10)
	}
	return n
}

// duration returns d, in a short run a quarter of it.
func (b *bench) duration(d time.Duration) time.Duration {
	if b.short {
		return d / 4
	}
	return d
}

func (b *bench) parley() *parley { return &parley{binary: b.binary, dir: b.dir} }

// parleyOnly returns Parley, allTargets also every peer.
func (b *bench) parleyOnly() []target { return []target{b.parley()} }
func (b *bench) allTargets() []target { return append(b.parleyOnly(), b.peers...) }

// parleyAndBare returns Parley and the bare loop, which is the last peer.
func (b *bench) parleyAndBare() []target {
	return append(b.parleyOnly(), b.peers[max(0, len(b.peers)-1):]...)
}

// idleTargets returns the targets without the second centrifuge: its write delay does
// not affect idle connections.
func (b *bench) idleTargets() []target { return b.allTargets()[:1+min(2, len(b.peers))] }

func main() {
	b := &bench{}
	flag.StringVar(&b.binary, "binary", "", "`path` of the Parley binary; built from this checkout if empty")
	flag.IntVar(&b.repeat, "repeat", 3, "`number` of measurements of each figure")
	flag.BoolVar(&b.short, "short", false, "quick run: a tenth of the people, a quarter of the time")
	peers := flag.String("peers", "", "`folder` bench/peers, to measure its servers too; make bench-peers installs them")
	doc := flag.String("doc", "", "`folder` of performance.md, to update its tables and charts")
	push := flag.Bool("push", false, "measure the scenario day as day-push: a fifth of the people subscribe to a push service in this process")
	serve := flag.String("serve", "", "`folder` to serve with net/http's FileServer; the scenario files starts this")
	out := flag.String("json", "", "`file` to write all figures to")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: go run ./internal/loadgen [flags] [scenario ...]")
		for _, s := range scenarios {
			fmt.Fprintf(os.Stderr, "  %-8s %s\n", s.name, s.description)
		}
		flag.PrintDefaults()
	}
	flag.Parse()
	if *serve != "" {
		fmt.Fprintln(os.Stderr, "loadgen:", serveFolder(*serve))
		os.Exit(1)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if *push {
		if b.binary != "" {
			fmt.Fprintln(os.Stderr, "loadgen: -push builds its own binary: leave out -binary")
			os.Exit(2)
		}
		var err error
		if b.pushes, err = startPushService(); err != nil {
			fmt.Fprintln(os.Stderr, "loadgen:", err)
			os.Exit(1)
		}
	}
	err := b.run(ctx, *peers, flag.Args())
	if len(b.Figures) > 0 {
		b.table()
		if *out != "" {
			err = errors.Join(err, b.write(*out))
		}
		if *doc != "" {
			err = errors.Join(err, b.report(*doc))
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "loadgen:", err)
		os.Exit(1)
	}
}

func (b *bench) run(ctx context.Context, peers string, names []string) (err error) {
	for _, name := range names {
		if !slices.ContainsFunc(scenarios, func(s scenario) bool { return s.name == name }) {
			return fmt.Errorf("unknown scenario %s", name)
		}
	}
	b.describeEnvironment(peers)
	if b.repeat < 1 {
		return errors.New("-repeat must be at least 1")
	}
	if err := openFiles(uint64(b.count(10_000)) + 500); err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp("", "parley-loadgen"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	if b.binary == "" {
		to := ""
		if b.pushes != nil {
			to = b.pushes.address
		}
		if b.binary, err = build(ctx, b.dir, to); err != nil {
			return err
		}
	} else if b.binary, err = filepath.Abs(b.binary); err != nil {
		return err
	}
	if peers != "" {
		for _, peer := range []string{"centrifuge", "bare"} {
			cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", filepath.Join(b.dir, peer), ".")
			cmd.Dir, cmd.Stderr = filepath.Join(peers, peer), os.Stderr
			if err := cmd.Run(); err != nil {
				return err
			}
		}
		built := filepath.Join(b.dir, "centrifuge")
		b.peers = []target{&node{dir: filepath.Join(peers, "node")}, &centrifuge{binary: built, delay: "0"}, &centrifuge{binary: built, delay: "10ms"}, &bare{binary: filepath.Join(b.dir, "bare")}}
	}
	begin := time.Now()
	for _, s := range scenarios {
		if len(names) > 0 && !slices.Contains(names, s.name) {
			continue
		}
		fmt.Printf("\n%s: %s (%v since the start)\n", s.name, s.description, time.Since(begin).Round(time.Second))
		// A scenario that fails is left out of the results.
		if failed := s.run(ctx, b); failed != nil {
			b.Figures = slices.DeleteFunc(b.Figures, func(f *figure) bool { return f.Scenario == s.name })
			err = errors.Join(err, fmt.Errorf("%s: %w", s.name, failed))
			fmt.Println(" failed:", failed)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return err
}

// openFiles raises the limit of open files, which the servers inherit, and checks that
// it is at least n.
func openFiles(n uint64) error {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return err
	}
	if l.Max < n {
		return fmt.Errorf("%d open files are needed and %d allowed: run `ulimit -Hn %d` as root in this shell, or raise nofile in /etc/security/limits.conf", n, l.Max, n)
	}
	l.Cur = l.Max
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l)
}
