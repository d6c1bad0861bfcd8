package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"parley/chat"
)

const textSize = 150 // bytes of a posted text

// drain reads a socket until it ends, and hands each message to f if set.
func drain(c *client, f func([]byte)) {
	for {
		message, err := c.read()
		if err != nil {
			if !errors.Is(err, net.ErrClosed) && f != nil {
				f(nil)
			}
			return
		}
		if f != nil {
			f(message)
		}
	}
}

// fill posts n messages in windows and waits until the last one came back.
func fill(c *client, chatID chat.ChatID, n int) error {
	for n > 0 {
		window := min(n, 100)
		var b []byte
		for range window {
			b = append(b, c.post(chatID, text(time.Now(), textSize))...)
		}
		if err := c.write(b); err != nil {
			return err
		}
		for back := 0; back < window; {
			message, err := c.read()
			if err != nil {
				return err
			}
			marks(message, time.Now(), func(time.Duration) { back++ })
		}
		n -= window
	}
	return nil
}

// measurePosts keeps a window of posts under way on each of 100 sockets and
// counts those that came back as events, which is after their commit.
func measurePosts(ctx context.Context, b *bench) error {
	const authors, window, seconds = 100, 64, 5
	p, err := b.start(ctx)
	if err != nil {
		return err
	}
	defer p.stop()
	accounts, err := p.signUp(ctx, authors)
	if err != nil {
		return err
	}
	clients, chats := make([]*client, authors), make([]chat.ChatID, authors)
	for i, a := range accounts {
		if chats[i], err = p.group(ctx, fmt.Sprint("post", i), []account{a}); err != nil {
			return err
		}
		if clients[i], err = p.dial(a.Token, 65536); err != nil {
			return err
		}
	}
	for range b.repeat {
		var posted atomic.Int64
		all := make([]latency, authors)
		begin, cpu := time.Now(), p.cpu()
		g, _ := errgroup.WithContext(ctx)
		for i, c := range clients {
			g.Go(func() error {
				for time.Since(begin) < seconds*time.Second {
					var batch []byte
					for range window {
						batch = append(batch, c.post(chats[i], text(time.Now(), textSize))...)
					}
					if err := c.write(batch); err != nil {
						return err
					}
					for back := 0; back < window; {
						message, err := c.read()
						if err != nil {
							return err
						}
						marks(message, time.Now(), func(d time.Duration) { back++; all[i].add(d) })
					}
					posted.Add(window)
				}
				return nil
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
		elapsed, used := time.Since(begin), p.cpu()-cpu
		n := float64(posted.Load())
		fmt.Printf("  %6.0f posts/s, %5.1f µs of server CPU each  %v\n", n/elapsed.Seconds(), used.Seconds()*1e6/n, merge(all))
	}
	return nil
}

// measureRoom posts into one chat at rising rates and counts what its members get.
func measureRoom(ctx context.Context, b *bench) error {
	const members, posters = 1000, 10
	p, accounts, chatID, err := b.crowd(ctx, members)
	if err != nil {
		return err
	}
	defer p.stop()
	clients := make([]*client, members)
	all := make([]latency, members)
	var got, lost atomic.Int64
	var readers sync.WaitGroup
	for i, a := range accounts {
		if clients[i], err = p.dial(a.Token, 16384); err != nil {
			return err
		}
	}
	for i, c := range clients {
		readers.Go(func() {
			drain(c, func(message []byte) {
				if message == nil {
					lost.Add(1)
				}
				n := int64(0)
				marks(message, time.Now(), func(d time.Duration) { all[i].add(d); n++ })
				got.Add(n)
			})
		})
	}
	for _, rate := range []int{20, 200, 500, 1000, 1500, 2000} {
		for range b.repeat {
			for i := range all {
				all[i] = all[i][:0]
			}
			got.Store(0)
			elapsed, used, sent, err := p.pace(ctx, clients[:posters], chatID, rate, 4*time.Second, func(sent int64) bool {
				return got.Load() >= sent*members
			})
			if err != nil {
				return err
			}
			n := float64(got.Load())
			fmt.Printf("  %5d posts/s: %9.0f deliveries/s, %.2f µs of server CPU each, %d of %d lost sockets  %v\n",
				rate, n/elapsed.Seconds(), used.Seconds()*1e6/n, lost.Load(), members, merge(all))
			if int64(n) < sent*members {
				fmt.Println("        saturated: not everything arrived within 10 s of the last post")
			}
		}
	}
	for _, c := range clients {
		_ = c.conn.Close()
	}
	readers.Wait()
	return nil
}

// pace posts at a rate for a while, due times fixed beforehand, and waits until
// all of it arrived, 10 s at most.
func (p *process) pace(ctx context.Context, posters []*client, chatID chat.ChatID, rate int, d time.Duration, arrived func(sent int64) bool) (elapsed, used time.Duration, sent int64, err error) {
	begin, cpu := time.Now(), p.cpu()
	gap := time.Second / time.Duration(rate)
	tick := time.NewTicker(max(gap, time.Millisecond))
	defer tick.Stop()
	for time.Since(begin) < d {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return 0, 0, 0, ctx.Err()
		}
		for due := begin.Add(time.Duration(sent) * gap); !due.After(time.Now()); due = due.Add(gap) {
			c := posters[sent%int64(len(posters))]
			if err := c.write(c.post(chatID, text(due, textSize))); err != nil {
				return 0, 0, 0, err
			}
			sent++
		}
	}
	for last := time.Now(); !arrived(sent) && time.Since(last) < 10*time.Second; {
		<-tick.C
	}
	return time.Since(begin), p.cpu() - cpu, sent, nil
}

// measureIdle opens sockets of people with ten chats each and reads the
// server's resident memory, then the same with many more chats.
func measureIdle(ctx context.Context, b *bench) error {
	const users, chats, perUser, sockets = 200, 200, 10, 10_000
	for _, each := range []int{perUser, 10 * perUser} {
		p, err := b.start(ctx)
		if err != nil {
			return err
		}
		accounts, err := p.signUp(ctx, users)
		if err != nil {
			return err
		}
		for i := range chats {
			var in []account
			for k := range each {
				in = append(in, accounts[(i+k*(users/each))%users])
			}
			if _, err := p.group(ctx, fmt.Sprint("idle", i), in); err != nil {
				return err
			}
		}
		if err := b.restart(ctx, p); err != nil {
			return err
		}
		before := p.memory()
		g, _ := errgroup.WithContext(ctx)
		g.SetLimit(32)
		clients := make([]*client, sockets)
		for i := range clients {
			g.Go(func() (err error) { clients[i], err = p.dial(accounts[i%users].Token, 512); return err })
		}
		if err := g.Wait(); err != nil {
			return err
		}
		for _, c := range clients {
			c.frame = nil // the hello was large
			go drain(c, nil)
		}
		settle := time.NewTicker(10 * time.Second)
		for n := range 4 {
			<-settle.C
			now := p.memory()
			fmt.Printf("  %d chats each, %2d s later: %5.1f KB per connection (%d MB in all, %d MB before)\n",
				each, 10*(n+1), float64(now-before)/1024/sockets, now>>20, before>>20)
		}
		settle.Stop()
		for _, c := range clients {
			_ = c.conn.Close()
		}
		p.stop()
	}
	return nil
}
