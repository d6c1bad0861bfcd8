package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"parley/chat"
)

// measureStart times exec to the ready line, on an empty store each time.
func measureStart(ctx context.Context, b *bench) error {
	var all latency
	for range 5 * b.repeat {
		p, err := b.start(ctx)
		if err != nil {
			return err
		}
		all.add(p.started)
		p.stop()
	}
	slices.Sort(all)
	fmt.Println(" ", all)
	return nil
}

// measureOne posts one message at a time and waits until the other one has it.
func measureOne(ctx context.Context, b *bench) error {
	p, accounts, chatID, err := b.crowd(ctx, 2)
	if err != nil {
		return err
	}
	defer p.stop()
	ann, err := p.dial(accounts[0].Token, 4096)
	if err != nil {
		return err
	}
	bob, err := p.dial(accounts[1].Token, 4096)
	if err != nil {
		return err
	}
	go drain(ann, nil) // ends with the connection
	for range b.repeat {
		var all latency
		for range 2000 {
			if err := ann.write(ann.post(chatID, text(time.Now(), 150))); err != nil {
				return err
			}
			for seen := false; !seen; {
				message, err := bob.read()
				if err != nil {
					return err
				}
				marks(message, time.Now(), func(d time.Duration) { all.add(d); seen = true })
			}
		}
		slices.Sort(all)
		fmt.Println(" ", all)
	}
	return nil
}

// measurePages reads the newest 50 messages of a chat over kept connections.
func measurePages(ctx context.Context, b *bench) error {
	p, accounts, chatID, err := b.crowd(ctx, 2)
	if err != nil {
		return err
	}
	defer p.stop()
	c, err := p.dial(accounts[0].Token, 65536)
	if err != nil {
		return err
	}
	if err := fill(c, chatID, 2000); err != nil {
		return err
	}
	for _, accept := range []string{"application/json", "application/msgpack"} {
		for range b.repeat {
			l, elapsed, used, err := p.pages(ctx, chatID, accounts[0].Token, accept)
			if err != nil {
				return err
			}
			n := float64(len(l))
			fmt.Printf("  %-19s %6.0f pages/s, %6.0f pages per CPU second of the server  %v\n",
				accept, n/elapsed.Seconds(), n/used.Seconds(), l)
		}
	}
	return nil
}

func (p *process) pages(ctx context.Context, chatID chat.ChatID, token, accept string) (latency, time.Duration, time.Duration, error) {
	const readers, each = 4, 5000
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: readers, DisableCompression: true}}
	defer client.CloseIdleConnections()
	all, errs := make([]latency, readers), make([]error, readers)
	begin, cpu := time.Now(), p.cpu()
	var wg sync.WaitGroup
	for i := range readers {
		wg.Go(func() {
			for range each {
				r, _ := http.NewRequestWithContext(ctx, "GET", p.url+"/api/chats/"+string(chatID)+"/messages?limit=50", nil)
				r.Header.Set("Authorization", "Bearer "+token)
				r.Header.Set("Accept", accept)
				sent := time.Now()
				res, err := client.Do(r)
				if err == nil {
					_, err = io.Copy(io.Discard, res.Body)
					res.Body.Close()
				}
				if err != nil {
					errs[i] = err
					return
				}
				all[i].add(time.Since(sent))
			}
		})
	}
	wg.Wait()
	elapsed, used := time.Since(begin), p.cpu()-cpu
	for _, err := range errs {
		if err != nil {
			return nil, 0, 0, err
		}
	}
	return merge(all), elapsed, used, nil
}
