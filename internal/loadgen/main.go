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

// scenario measures one thing, on servers of its own.
type scenario struct {
	name, about string
	run         func(context.Context, *bench) error
}

var scenarios = []scenario{
	{"room", "one chat with 1,000 members", measureRoom},
	{"rooms", "50 chats of 20 members, 5 messages a second in each", measureRooms},
	{"cores", "the room again, with one core and with two", measureCores},
	{"idle", "10,000 idle connections, each in 10 chats", measureIdle},
	{"scale", "20,000 deliveries a second to one chat of 10 to 10,000 members", measureScale},
	{"post", "durable posts, one by one and pipelined", measurePost},
	{"page", "history pages of 50 messages over HTTP, out of a million", measurePage},
	{"storm", "10,000 clients lose the server and resume", measureStorm},
	{"day", "10,000 people connected, a chat's usual mix", measureDay},
	{"start", "from exec to ready", measureStart},
}

// bench is what the scenarios share.
type bench struct {
	record
	binary   string
	dir      string // for everything that is written
	repeat   int
	short    bool
	peers    []target
	longChat *parley
}

// size and long are how many and how much time; a short run has a tenth.
func (b *bench) size(n int) int {
	if b.short {
		return max(10, n/10)
	}
	return n
}

func (b *bench) long(d time.Duration) time.Duration {
	if b.short {
		return d / 4
	}
	return d
}

func (b *bench) parley() *parley { return &parley{binary: b.binary, dir: b.dir} }

// own is Parley alone, all are the peers too.
func (b *bench) own() []target { return []target{b.parley()} }
func (b *bench) all() []target { return append(b.own(), b.peers...) }

// floor is Parley and the least that a server can do.
func (b *bench) floor() []target { return append(b.own(), b.peers[max(0, len(b.peers)-1):]...) }

// idle are those whose idle connections differ: without a write, no delay.
func (b *bench) idle() []target { return b.all()[:1+min(2, len(b.peers))] }

func main() {
	b := &bench{}
	flag.StringVar(&b.binary, "binary", "", "the Parley to start; built from this checkout if empty")
	flag.IntVar(&b.repeat, "repeat", 3, "how often each figure is measured")
	flag.BoolVar(&b.short, "short", false, "a tenth of the people, a quarter of the time: to try it out")
	peers := flag.String("peers", "", "the folder bench/peers, to measure its servers too; `make bench-peers` installs them")
	doc := flag.String("doc", "", "the folder of performance.md, to write its tables and pictures")
	out := flag.String("json", "", "a file for all figures")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: go run ./internal/loadgen [flags] [scenario ...]")
		for _, s := range scenarios {
			fmt.Fprintf(os.Stderr, "  %-7s %s\n", s.name, s.about)
		}
		flag.PrintDefaults()
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
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
			return fmt.Errorf("there is no scenario %s", name)
		}
	}
	b.look(peers)
	if b.repeat < 1 {
		return errors.New("-repeat must be at least 1")
	}
	if err := openFiles(uint64(b.size(10_000)) + 500); err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp("", "parley-loadgen"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	if b.binary == "" {
		if b.binary, err = build(ctx, b.dir); err != nil {
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
		fmt.Printf("\n%s: %s (%v since the beginning)\n", s.name, s.about, time.Since(begin).Round(time.Second))
		// One that fails is left out; the others are worth their time.
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

// openFiles raises the limit of open files, which the servers inherit.
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
