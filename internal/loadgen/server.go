package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// build makes the binary that a release would ship.
func build(ctx context.Context, dir string) (string, error) {
	path := filepath.Join(dir, "parley")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, "parley")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	return path, cmd.Run()
}

// process is a running server on an empty store of its own.
type process struct {
	cmd     *exec.Cmd
	dir     string
	url     string        // where it listens
	started time.Duration // from exec to the ready line
}

var readyLine = regexp.MustCompile(`\burl=(\S+)`)

// start runs the server on an empty store.
func (b *bench) start(ctx context.Context) (*process, error) {
	dir, err := os.MkdirTemp("", "parley-load")
	if err != nil {
		return nil, err
	}
	p := &process{dir: dir}
	return p, b.run(ctx, p)
}

// restart gives a process whose memory has seen no sign-up: hashing a password
// takes 19 MiB, which the old process may keep for a while.
func (b *bench) restart(ctx context.Context, p *process) error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	_ = p.cmd.Wait()
	p.url = ""
	return b.run(ctx, p)
}

// run starts the server with its rates lifted and waits until it is ready.
func (b *bench) run(ctx context.Context, p *process) error {
	p.cmd = exec.CommandContext(ctx, b.binary, "--listen", "127.0.0.1:0", "--store", "sqlite:"+filepath.Join(p.dir, "parley.db"),
		"--registration", "open", "--limit-anonymous", "off", "--limit-user", "off", "--limit-posts", "off",
		"--limit-sockets", "100000")
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		return err
	}
	begin := time.Now()
	if err := p.cmd.Start(); err != nil {
		return err
	}
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		if m := readyLine.FindStringSubmatch(lines.Text()); m != nil {
			p.started, p.url = time.Since(begin), m[1]
			break
		}
	}
	if p.url == "" {
		_ = p.cmd.Wait()
		return fmt.Errorf("the server did not start")
	}
	go func() { _, _ = io.Copy(io.Discard, stderr) }() // ends with the process
	go func() { _, _ = io.Copy(io.Discard, stdout) }()
	return nil
}

func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	_ = p.cmd.Wait()
	_ = os.RemoveAll(p.dir)
}

// memory is the resident set in bytes (proc(5), status, VmRSS).
func (p *process) memory() int64 {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "VmRSS:" {
			kb, _ := strconv.ParseInt(f[1], 10, 64)
			return kb << 10
		}
	}
	return 0
}

// cpu is user and system time together (proc(5), stat, fields 14 and 15, in
// hundredths of a second).
func (p *process) cpu() time.Duration {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	_, rest, _ := strings.Cut(string(b), ") ")
	f := strings.Fields(rest)
	if len(f) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(f[11], 10, 64)
	system, _ := strconv.ParseInt(f[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond
}
