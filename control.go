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

// controlPath returns the path of the control socket, a Unix socket beside the SQLite
// database; it is empty for MongoDB. Commands use it to reach a running server, which
// has the database locked.
func (c *config) controlPath() string {
	if path, ok := strings.CutPrefix(c.Store, "sqlite:"); ok {
		return path + ".sock"
	}
	return ""
}

// listenControl listens on the control socket; only the user of the process may use
// it. It replaces a file that a crash left behind, because the caller holds the lock
// of the database.
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

// recoverAccount prints a recovery link.
func recoverAccount(ctx context.Context, c *config, stdout io.Writer, stderr *logging.Writer) error {
	return c.control(ctx, stdout, stderr, "/recover", map[string]string{"handle": c.Recover.Handle},
		func(local server.Control) (string, error) {
			link, _, err := local.RecoveryLink(ctx, c.Recover.Handle)
			return link, err
		})
}

// ownerLink prints the owner link.
func ownerLink(ctx context.Context, c *config, stdout io.Writer, stderr *logging.Writer) error {
	return c.control(ctx, stdout, stderr, "/owner-link", struct{}{}, func(local server.Control) (string, error) {
		return local.OwnerLink(ctx)
	})
}

// backupDatabase writes a copy of the database and prints its path.
func backupDatabase(ctx context.Context, c *config, stdout io.Writer, stderr *logging.Writer) error {
	if c.controlPath() == "" {
		return errors.New("backup is only for SQLite; for MongoDB use: mongodump --uri URI --oplog --gzip --archive=FILE " +
			"(docs/operations.md describes the restore)")
	}
	file, err := filepath.Abs(c.Backup.File) // the server may have another working directory
	if err != nil {
		return err
	}
	return c.control(ctx, stdout, stderr, "/backup", map[string]string{"file": file}, func(local server.Control) (string, error) {
		return file, local.Backup(ctx, file)
	})
}

// control lets the running server create a link or a backup, and prints the link or
// the path. If no server is running, it opens the store, calls local and logs to stderr.
func (c *config) control(ctx context.Context, stdout io.Writer, stderr *logging.Writer, path string, body any, local func(server.Control) (string, error)) error {
	result, running, err := c.callServer(ctx, path, body)
	if !running {
		result, err = c.runOnStore(ctx, slog.New(c.handler(stderr)), local)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout, result)
	return err
}

// callServer sends a request over the control socket. running is false if no server
// listens there.
func (c *config) callServer(ctx context.Context, path string, body any) (result string, running bool, err error) {
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
		client.Timeout = 0 // the duration depends on the size of the database
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
		return "", true, fmt.Errorf("reading the server's answer: %w", err)
	}
	if answer.Error != nil {
		return "", true, errors.New(answer.Error.Message)
	}
	return cmp.Or(answer.URL, answer.File), true, nil
}

// runOnStore calls local with the commands of a server on the store and without listeners.
func (c *config) runOnStore(ctx context.Context, log *slog.Logger, local func(server.Control) (string, error)) (result string, err error) {
	if path, ok := strings.CutPrefix(c.Store, "sqlite:"); ok {
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("--store: %w", err) // opening would create an empty database
		}
	}
	db, err := store.Open(ctx, c.Store, c.StorePool, log)
	if err != nil {
		return "", err
	}
	s := server.New(c.server(db, log))
	defer func() { err = errors.Join(err, s.Stop(ctx), db.Close()) }()
	result, err = local(s.Control(&url.URL{Scheme: "http", Host: reachable(c.Listen)}))
	if e := (*chat.Error)(nil); errors.As(err, &e) {
		err = errors.New(e.Message)
	}
	return result, err
}

// health checks whether the server at --listen is ready.
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
	_ = json.NewDecoder(res.Body).Decode(&state) // an older server has no such field
	if state.Disk == "full" {
		_, err = fmt.Fprintln(stdout, "ready, but the disk is full")
		return err
	}
	_, err = fmt.Fprintln(stdout, "ready")
	return err
}
