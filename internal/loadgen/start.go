package main

import (
	"context"
	"os"
	"path/filepath"
)

// measureStart measures the time from exec to the ready line, on empty stores and on one
// with a million messages, and the size of the binary.
func measureStart(ctx context.Context, b *bench) error {
	info, err := os.Stat(b.binary)
	if err != nil {
		return err
	}
	t := b.parley()
	b.add("start", t.name(), "the binary", "MB", float64(info.Size())/1e6)
	for range 5 * b.repeat {
		dir, err := os.MkdirTemp(b.dir, "empty")
		if err != nil {
			return err
		}
		if err := b.timeStart(ctx, t, filepath.Join(dir, "parley.db"), "exec to ready, empty"); err != nil {
			return err
		}
	}
	full, err := b.storeWithLongChat(ctx)
	if err != nil {
		return err
	}
	for range 5 * b.repeat {
		if err := b.timeStart(ctx, full, full.path(), "exec to ready, 1 million messages"); err != nil {
			return err
		}
	}
	return nil
}

// timeStart starts and stops a server and records how long the start took.
func (b *bench) timeStart(ctx context.Context, t *parley, path, what string) error {
	p, err := t.run(ctx, path, "127.0.0.1:0")
	if err != nil {
		return err
	}
	p.stop()
	b.add("start", t.name(), what, "ms", p.started.Seconds()*1000)
	return nil
}
