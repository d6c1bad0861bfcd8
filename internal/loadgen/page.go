package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
)

// storeWithLongChat returns Parley with one chat of a million messages. It writes the
// store once.
func (b *bench) storeWithLongChat(ctx context.Context) (*parley, error) {
	if b.longChat == nil {
		t := b.parley()
		t.messages = b.count(1_000_000)
		fmt.Printf(" writing %s messages\n", digits(float64(t.messages)))
		pop := population{people: 20}
		pop.fillRooms(1, pop.people)
		if err := t.prepare(ctx, pop); err != nil {
			return nil, err
		}
		b.longChat = t
	}
	return b.longChat, nil
}

const (
	pageHot  = "the newest again and again (hot), JSON"
	pageCold = "anywhere (cold), JSON"
	pageNew  = "among the newest 5,000 messages, MessagePack"
	pageOld  = "among the oldest 5,000 messages, MessagePack"
	perCPU   = ", for each CPU second"
)

// measurePage reads pages of 50 messages over four keep-alive connections, each with one
// request at a time: from Parley with all cores, which it shares with the load, and from
// Parley with one core.
func measurePage(ctx context.Context, b *bench) error {
	t, err := b.storeWithLongChat(ctx)
	if err != nil {
		return err
	}
	last := t.messages
	kinds := []struct {
		what, accept string
		before       func() int // 0: the newest page
	}{
		{pageHot, "application/json", func() int { return 0 }},
		{"the newest again and again (hot), MessagePack", "application/msgpack", func() int { return 0 }},
		{pageCold, "application/json", func() int { return 52 + rand.IntN(last-52) }},
		{"anywhere (cold), MessagePack", "application/msgpack", func() int { return 52 + rand.IntN(last-52) }},
		{pageNew, "application/msgpack", func() int { return last - rand.IntN(min(5000, last/2)) }},
		{pageOld, "application/msgpack", func() int { return 52 + rand.IntN(min(5000, last/2)) }},
	}
	servers := []*parley{t, t.withCores(1)}
	for n := range len(servers) * b.repeat {
		t := servers[n%len(servers)]
		fmt.Printf(" %s, %d of %d\n", t.name(), n/len(servers)+1, b.repeat)
		p, err := t.run(ctx, t.path(), "127.0.0.1:0")
		if err != nil {
			return err
		}
		for _, k := range kinds {
			err := b.readPages(ctx, t, p, k.what, func(reader int) string {
				query := ""
				if n := k.before(); n > 0 {
					query = fmt.Sprint("&before=", n)
				}
				return fmt.Sprintf("GET /api/chats/%s/messages?limit=50%s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nAccept: %s\r\n\r\n",
					t.chats[0], query, p.address(), t.tokens[reader], k.accept)
			})
			if err != nil {
				p.stop()
				return fmt.Errorf("%s: %w", k.what, err)
			}
		}
		p.stop()
	}
	return b.measureEach(ctx, population{}, b.parleyAndBare()[1:], func(t target, p *process) error {
		return b.readPages(ctx, t, p, pageHot, func(int) string { return "GET /page HTTP/1.1\r\nHost: " + p.address() + "\r\n\r\n" })
	})
}

// readPages sends requests over keep-alive connections, each with one request at a time.
func (b *bench) readPages(ctx context.Context, t target, p *process, what string, request func(reader int) string) error {
	const readers = 4
	all := newLatency()
	d := b.duration(3 * time.Second)
	begin, cpu := time.Now(), p.cpu()
	g, ctx := errgroup.WithContext(ctx)
	for i := range readers {
		g.Go(func() error {
			conn, err := net.Dial("tcp", p.address())
			if err != nil {
				return err
			}
			defer conn.Close()
			r := bufio.NewReaderSize(conn, 65536)
			for time.Since(begin) < d && ctx.Err() == nil {
				line := request(i)
				sent := time.Now()
				if _, err := io.WriteString(conn, line); err != nil {
					return err
				}
				res, err := http.ReadResponse(r, nil)
				if err != nil {
					return err
				}
				size, err := io.Copy(io.Discard, res.Body)
				if err != nil || res.StatusCode != http.StatusOK || size < 50*textSize {
					return fmt.Errorf("%s, %d bytes: %w", res.Status, size, err)
				}
				all.add(i, time.Since(sent))
			}
			return ctx.Err()
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	elapsed, used, h := time.Since(begin), p.cpu()-cpu, all.sum()
	n := float64(h.TotalCount())
	b.add("page", t.name(), what, "/s", n/elapsed.Seconds())
	b.add("page", t.name(), what+perCPU, "/s", n/used.Seconds())
	b.add("page", t.name(), what+", p99", "ms", float64(h.ValueAtQuantile(99))/1000)
	return nil
}
