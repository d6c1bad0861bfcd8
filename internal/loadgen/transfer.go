package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"
)

// upload uploads a file to the room of a person in one call, and returns its id.
func (t *parley) upload(ctx context.Context, p *process, person int, body io.Reader, name string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+"/api/chats/"+string(t.chats[person])+"/files?name="+name, body)
	if err != nil {
		return "", err
	}
	r.Header.Set("Authorization", "Bearer "+t.tokens[person])
	res, err := httpClient.Do(r)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	var out struct{ File struct{ ID string } }
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil || out.File.ID == "" {
		return "", fmt.Errorf("upload: %s, %w", res.Status, err)
	}
	return out.File.ID, nil
}

func (t *parley) removeUpload(ctx context.Context, p *process, person int, id string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodDelete, p.url+"/api/uploads/"+id, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+t.tokens[person])
	r.Header.Set("Tus-Resumable", "1.0.0")
	res, err := httpClient.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusNoContent {
		return fmt.Errorf("remove an upload: %s", res.Status)
	}
	return nil
}

// download reads a whole answer and returns how long it took.
func download(ctx context.Context, url, token string, size int) (time.Duration, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	begin := time.Now()
	res, err := httpClient.Do(r)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, res.Body, make([]byte, 256<<10))
	if err != nil || n != int64(size) || res.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("download: %s, %d bytes, %w", res.Status, n, err)
	}
	return time.Since(begin), nil
}

// serveFolder serves a folder with net/http's FileServer. It prints where, and returns only
// if that fails.
func serveFolder(dir string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "serving url=http://%s\n", l.Addr())
	return http.Serve(l, http.FileServer(http.Dir(dir)))
}

// growth returns how many MiB the memory of a server grew at most while f ran.
func growth(p *process, f func() error) (float64, error) {
	idle := p.memory()
	peak, done, sampled := idle, make(chan struct{}), make(chan struct{})
	go func() {
		defer close(sampled)
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				peak = max(peak, p.memory())
			case <-done:
				return
			}
		}
	}()
	err := f()
	close(done)
	<-sampled
	return float64(peak-idle) / (1 << 20), err
}

// paced reads at most 100 Mbit/s, as over a line.
type paced struct {
	r     io.Reader
	ctx   context.Context
	sent  *atomic.Int64
	begin time.Time
	n     int64
}

const lineRate = 100e6 / 8 // bytes a second

func (p *paced) Read(b []byte) (int, error) {
	if p.begin.IsZero() {
		p.begin = time.Now()
	}
	due := p.begin.Add(time.Duration(float64(p.n) / lineRate * float64(time.Second)))
	if err := sleep(p.ctx, time.Until(due)); err != nil {
		return 0, err
	}
	n, err := p.r.Read(b[:min(len(b), 64<<10)])
	p.n += int64(n)
	p.sent.Add(int64(n))
	return n, err
}

// bigPhoto returns a JPEG of 12 megapixels with the detail of a photo.
func bigPhoto() ([]byte, error) {
	img := image.NewYCbCr(image.Rect(0, 0, 4000, 3000), image.YCbCrSubsampleRatio420)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range img.Y {
		img.Y[i] = byte(128 + 60*((i/4000/40+i%4000/40)%2) + random.IntN(24))
	}
	for i := range img.Cb {
		img.Cb[i], img.Cr[i] = byte(100+i%2000/40), byte(150-i/2000/40)
	}
	var out bytes.Buffer
	err := jpeg.Encode(&out, img, &jpeg.Options{Quality: 85})
	return out.Bytes(), err
}
