package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
)

// scenario measures one thing on a fresh server and prints its lines.
type scenario struct {
	name, about string
	run         func(context.Context, *bench) error
}

var scenarios = []scenario{
	{"start", "an empty store, from exec to ready", measureStart},
	{"one", "one post at a time, from send to the other socket", measureOne},
	{"post", "durable posts over sockets, 100 authors in 100 chats, pipelined", measurePosts},
	{"room", "one chat with 1,000 members, deliveries", measureRoom},
	{"page", "history pages of 50 messages over HTTP", measurePages},
	{"idle", "10,000 idle connections with 10 chats each", measureIdle},
}

// bench is what the scenarios share: static after construction.
type bench struct {
	binary string
	repeat int
}

func main() {
	b := &bench{}
	flag.StringVar(&b.binary, "binary", "", "the server to start; built from this checkout if empty")
	flag.IntVar(&b.repeat, "repeat", 3, "how often each figure is measured")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := b.all(ctx, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "loadgen:", err)
		os.Exit(1)
	}
}

func (b *bench) all(ctx context.Context, names []string) error {
	if b.binary == "" {
		dir, err := os.MkdirTemp("", "parley-loadgen")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		if b.binary, err = build(ctx, dir); err != nil {
			return err
		}
	}
	fmt.Printf("%s, %d cores shared by server and load\n", runtime.Version(), runtime.NumCPU())
	for _, s := range scenarios {
		if len(names) > 0 && !slices.Contains(names, s.name) {
			continue
		}
		fmt.Printf("\n%s: %s\n", s.name, s.about)
		if err := s.run(ctx, b); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}
