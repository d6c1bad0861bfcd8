package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	uploadRate   = "upload of 100 MiB, on disk before the answer"
	downloadRate = "download of 100 MiB"
	uploadMemory = "64 uploads of 100 MiB at once: memory above idle"
	thumbCPU     = "12-megapixel JPEG: upload, removal of metadata and thumbnail, CPU"
	thumbMemory  = "12-megapixel JPEG: memory above idle"
	uploadPosts  = ", posts 64 under way on 8 sockets"
	onePostP99   = ", one post to the other socket, p99"
	besideUpload = "while 8 uploads run"
	bareLoop     = "write and fsync"
	alone        = "without uploads"

	// In each repeat: speeds change from second to second.
	uploadRounds   = 5
	downloadRounds = 20
)

// measureFiles measures transfers of files beside dd and net/http's FileServer, the memory of
// many uploads, thumbnails, and posts while files are uploaded.
func measureFiles(ctx context.Context, b *bench) error {
	const people = 16
	pop := population{people: people}
	for i := range people {
		pop.rooms = append(pop.rooms, []int{i})
	}
	pop.rooms = append(pop.rooms, []int{0, 1})
	t := b.parley()
	t.flags = []string{"--limit-uploads", "1024GiB"}
	served := filepath.Join(b.dir, "served")
	big := filepath.Join(served, "big")
	body := make([]byte, b.count(100)<<20)
	_, _ = rand.NewChaCha8([32]byte{}).Read(body)
	if err := os.Mkdir(served, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(big, body, 0o600); err != nil {
		return err
	}
	photo, err := bigPhoto()
	if err != nil {
		return err
	}
	return b.measureEach(ctx, pop, []target{t}, func(_ target, p *process) error {
		if err := b.measureTransfers(ctx, t, p, big, body); err != nil {
			return err
		}
		if err := b.measureUploadMemory(ctx, t, p, body); err != nil {
			return err
		}
		if err := b.measureThumbnails(ctx, t, p, photo); err != nil {
			return err
		}
		return b.measurePostsBeside(ctx, t, p, body, photo)
	})
}

// measureTransfers uploads and downloads a file, in turns with dd and a FileServer.
func (b *bench) measureTransfers(ctx context.Context, t *parley, p *process, path string, body []byte) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	server, err := launch(ctx, exec.CommandContext(ctx, self, "-serve", filepath.Dir(path)))
	if err != nil {
		return err
	}
	defer server.kill()
	var dd, up time.Duration
	for range uploadRounds {
		copied := filepath.Join(filepath.Dir(path), "copy")
		begin := time.Now()
		if out, err := exec.CommandContext(ctx, "dd", "if="+path, "of="+copied, "bs=1M", "conv=fsync").CombinedOutput(); err != nil {
			return fmt.Errorf("dd: %s", out)
		}
		dd += time.Since(begin)
		if err := os.Remove(copied); err != nil {
			return err
		}
		begin = time.Now()
		id, err := t.upload(ctx, p, 0, bytes.NewReader(body), "big")
		if err != nil {
			return err
		}
		up += time.Since(begin)
		if err := t.removeUpload(ctx, p, 0, id); err != nil {
			return err
		}
	}
	id, err := t.upload(ctx, p, 0, bytes.NewReader(body), "big")
	if err != nil {
		return err
	}
	addresses := [2]string{p.url + "/api/chats/" + string(t.chats[0]) + "/files/" + id, server.url + "/" + filepath.Base(path)}
	var down [2]time.Duration
	for n := range 1 + downloadRounds { // the first one fills caches
		for i := range addresses {
			i = (i + n) % 2 // each is first as often
			took, err := download(ctx, addresses[i], t.tokens[0], len(body))
			if err != nil {
				return err
			}
			if n > 0 {
				down[i] += took
			}
		}
	}
	rate := func(took time.Duration, times int) float64 {
		return float64(times) * float64(len(body)) / (1 << 20) / took.Seconds()
	}
	b.add("files", t.name(), uploadRate, "MiB/s", rate(up, uploadRounds))
	b.add("files", "dd conv=fsync", uploadRate, "MiB/s", rate(dd, uploadRounds))
	b.add("files", t.name(), downloadRate, "MiB/s", rate(down[0], downloadRounds))
	b.add("files", "FileServer", downloadRate, "MiB/s", rate(down[1], downloadRounds))
	return t.removeUpload(ctx, p, 0, id)
}

// measureUploadMemory uploads 64 files at once.
func (b *bench) measureUploadMemory(ctx context.Context, t *parley, p *process, body []byte) error {
	const uploads = 64
	var ids [uploads]string
	grown, err := growth(p, func() error {
		g, ctx := errgroup.WithContext(ctx)
		for i := range uploads {
			g.Go(func() (err error) {
				ids[i], err = t.upload(ctx, p, i%len(t.tokens), bytes.NewReader(body), "big")
				return err
			})
		}
		return g.Wait()
	})
	if err != nil {
		return err
	}
	b.add("files", t.name(), uploadMemory, "MiB", grown)
	for i, id := range ids {
		if err := t.removeUpload(ctx, p, i%len(t.tokens), id); err != nil {
			return err
		}
	}
	return nil
}

// measureThumbnails uploads a picture, one after the other and eight at once.
func (b *bench) measureThumbnails(ctx context.Context, t *parley, p *process, photo []byte) error {
	const each = 5
	cpu := p.cpu()
	grown, err := growth(p, func() error {
		for range each {
			if _, err := t.upload(ctx, p, 0, bytes.NewReader(photo), "photo.jpg"); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	b.add("files", t.name(), thumbCPU, "ms", (p.cpu()-cpu).Seconds()*1000/each)
	b.add("files", t.name(), thumbMemory, "MiB", grown)
	grown, err = growth(p, func() error {
		g, ctx := errgroup.WithContext(ctx)
		for i := range 8 {
			g.Go(func() error {
				_, err := t.upload(ctx, p, i, bytes.NewReader(photo), "photo.jpg")
				return err
			})
		}
		return g.Wait()
	})
	b.add("files", t.name(), "8 of them at once: memory above idle", "MiB", grown)
	return err
}

// measurePostsBeside posts without uploads, while files and while pictures are uploaded. Each
// time it also writes and syncs without a server: no durable post can take less.
func (b *bench) measurePostsBeside(ctx context.Context, t *parley, p *process, body, photo []byte) error {
	clients := make([]*client, 8)
	for i := range clients {
		c, err := t.dial(p, i, 65536)
		if err != nil {
			return err
		}
		defer c.conn.Close()
		clients[i] = c
	}
	for _, load := range []struct {
		what string
		file []byte
	}{{alone, nil}, {besideUpload, body}, {"while 8 pictures are uploaded", photo}} {
		uploading, end := context.WithCancel(ctx)
		g, uploading := errgroup.WithContext(uploading)
		var bytesSent atomic.Int64
		begin := time.Now()
		for i := range clients {
			if load.file == nil {
				break
			}
			g.Go(func() error {
				for person := i + len(clients); uploading.Err() == nil; {
					id, err := t.upload(uploading, p, person, &paced{r: bytes.NewReader(load.file), ctx: uploading, sent: &bytesSent}, "file")
					if err == nil {
						err = t.removeUpload(uploading, p, person, id)
					}
					if err != nil && uploading.Err() == nil {
						return err
					}
				}
				return nil
			})
		}
		until := time.Now().Add(b.duration(4 * time.Second))
		one, err := postOneByOne(uploading, t, clients, len(t.chats)-1, func(int) bool { return time.Now().Before(until) })
		if err == nil {
			b.add("files", t.name(), load.what+", one post to the other socket, p50", "ms", float64(one.sum().ValueAtQuantile(50))/1000)
			b.add("files", t.name(), load.what+onePostP99, "ms", float64(one.sum().ValueAtQuantile(99))/1000)
			var floor time.Duration
			floor, err = bareSyncP99(b.dir, b.duration(4*time.Second))
			b.add("files", bareLoop, load.what+onePostP99, "ms", floor.Seconds()*1000)
		}
		if err == nil {
			began := time.Now()
			var n float64
			if n, _, err = postMany(uploading, t, clients, 64, b.duration(4*time.Second)); err == nil {
				b.add("files", t.name(), load.what+uploadPosts, "/s", n/time.Since(began).Seconds())
			}
		}
		took := time.Since(begin)
		end()
		if uploads := g.Wait(); err == nil {
			err = uploads
		}
		if err != nil {
			return err
		}
		if load.file != nil {
			b.add("files", t.name(), load.what+", bytes uploaded", "MiB/s", float64(bytesSent.Load())/(1<<20)/took.Seconds())
		}
	}
	return nil
}
