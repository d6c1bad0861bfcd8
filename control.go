package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"parley/chat"
	"parley/internal/logging"
	"parley/server"
	"parley/store"
)

// controlPath is the socket file beside an embedded database, "" for others.
// While a server holds the database, commands ask it through this file.
func (c *config) controlPath() string {
	if path, ok := strings.CutPrefix(c.Store, "sqlite:"); ok {
		return path + ".sock"
	}
	return ""
}

// listenControl makes the socket file, for its owner alone. A file left behind
// by a crash is replaced: whoever gets here holds the database's lock.
func listenControl(path string) (net.Listener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	return l, os.Chmod(path, 0o600)
}

func recoverAccount(ctx context.Context, c *config, stdout io.Writer, _ *logging.Writer) error {
	return c.control(ctx, stdout, "/recover", map[string]string{"handle": c.Recover.Handle},
		func(s *server.Server, here *url.URL) (string, error) {
			link, _, err := s.API.RecoveryLink(ctx, here, c.Recover.Handle)
			return link, err
		})
}

func ownerLink(ctx context.Context, c *config, stdout io.Writer, _ *logging.Writer) error {
	return c.control(ctx, stdout, "/owner-link", struct{}{}, func(s *server.Server, here *url.URL) (string, error) {
		return s.API.OwnerLink(ctx, here)
	})
}

// backUp writes a copy of the database and prints its path.
func backUp(ctx context.Context, c *config, stdout io.Writer, _ *logging.Writer) error {
	if c.controlPath() == "" {
		return errors.New("backup is for SQLite; copy MongoDB with: mongodump --uri URI --oplog --gzip --archive=FILE " +
			"(docs/operations.md says how to go back to it)")
	}
	file, err := filepath.Abs(c.Backup.File) // the server has a working directory of its own
	if err != nil {
		return err
	}
	return c.control(ctx, stdout, "/backup", map[string]string{"file": file}, func(s *server.Server, _ *url.URL) (string, error) {
		return file, s.API.Backup(ctx, file)
	})
}

// control asks the running server for a link or a backup, or makes it on the
// store itself when none runs, and prints the link or the path.
func (c *config) control(ctx context.Context, stdout io.Writer, path string, body any, alone func(*server.Server, *url.URL) (string, error)) error {
	made, running, err := c.askServer(ctx, path, body)
	if !running {
		made, err = c.askStore(ctx, alone)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout, made)
	return err
}

// askServer sends the question through the control socket; running is false if
// nobody listens there.
func (c *config) askServer(ctx context.Context, path string, body any) (made string, running bool, err error) {
	payload, err := json.Marshal(body)
	if err != nil {
		return "", true, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://parley"+path, bytes.NewReader(payload))
	if err != nil {
		return "", true, err
	}
	r.Header.Set("Content-Type", "application/json")
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "unix", c.controlPath())
	}
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}
	if path == "/backup" {
		client.Timeout = 0 // it takes as long as the database is large
	}
	res, err := client.Do(r)
	if err != nil {
		return "", ctx.Err() != nil, err
	}
	defer func() { _ = res.Body.Close() }()
	var answer struct {
		URL   string      `json:"url"`
		File  string      `json:"file"`
		Error *chat.Error `json:"error"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return "", true, fmt.Errorf("read the server's answer: %w", err)
	}
	if answer.Error != nil {
		return "", true, errors.New(answer.Error.Message)
	}
	return cmp.Or(answer.URL, answer.File), true, nil
}

func (c *config) askStore(ctx context.Context, alone func(*server.Server, *url.URL) (string, error)) (link string, err error) {
	if path, ok := strings.CutPrefix(c.Store, "sqlite:"); ok {
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("--store: %w", err) // opening would make an empty one
		}
	}
	log := slog.New(slog.DiscardHandler)
	db, err := store.Open(ctx, c.Store, c.StorePool, log)
	if err != nil {
		return "", err
	}
	s := server.New(c.server(db, log))
	defer func() { err = errors.Join(err, s.Stop(ctx), db.Close()) }()
	link, err = alone(s, &url.URL{Scheme: "http", Host: reachable(c.Listen)})
	if e := (*chat.Error)(nil); errors.As(err, &e) {
		err = errors.New(e.Message)
	}
	return link, err
}

// health asks the server at --listen whether it is ready.
func health(ctx context.Context, c *config, stdout io.Writer, _ *logging.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+reachable(c.Listen)+"/readyz", nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("the server does not answer: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the server is not ready: %s", res.Status)
	}
	var state struct {
		Disk string `json:"disk"`
	}
	_ = json.NewDecoder(res.Body).Decode(&state) // an older server says less
	if state.Disk == "full" {
		_, err = fmt.Fprintln(stdout, "ready, but the disk is full")
		return err
	}
	_, err = fmt.Fprintln(stdout, "ready")
	return err
}
