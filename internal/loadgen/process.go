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

// process is a running server of any kind.
type process struct {
	cmd     *exec.Cmd
	url     string        // the URL that it listens on
	started time.Duration // from exec to the ready line
}

var readyLine = regexp.MustCompile(`\burl=(\S+)`)

// launch starts a command and waits for the line with its URL.
func launch(ctx context.Context, cmd *exec.Cmd) (*process, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = w, w
	p := &process{cmd: cmd}
	begin := time.Now()
	err = cmd.Start()
	w.Close()
	if err != nil {
		r.Close()
		return nil, err
	}
	var output []string
	for lines := bufio.NewScanner(r); lines.Scan(); {
		output = append(output, lines.Text())
		if m := readyLine.FindStringSubmatch(lines.Text()); m != nil {
			p.started, p.url = time.Since(begin), m[1]
			go func() { _, _ = io.Copy(io.Discard, r); r.Close() }() // ends with the process
			return p, nil
		}
	}
	r.Close()
	_ = cmd.Wait()
	return nil, fmt.Errorf("%s did not start: %s", filepath.Base(cmd.Path), strings.Join(output, "; "))
}

// stop sends SIGTERM and waits for the end.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	_ = p.cmd.Wait()
}

// kill sends SIGKILL and waits for the end.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// pids returns the process and its children: a Node.js cluster has several.
func (p *process) pids() []int {
	pids := []int{p.cmd.Process.Pid}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		if f := fields(path); len(f) > 1 && f[1] == strconv.Itoa(pids[0]) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			pids = append(pids, pid)
		}
	}
	return pids
}

// fields returns the fields of a stat file (proc(5)) after the name: state, parent, …
func fields(path string) []string {
	b, _ := os.ReadFile(path)
	if i := strings.LastIndex(string(b), ") "); i >= 0 {
		return strings.Fields(string(b)[i+2:])
	}
	return nil
}

// memory returns the resident memory in bytes (proc(5), status, VmRSS).
func (p *process) memory() (sum int64) {
	for _, pid := range p.pids() {
		b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		for line := range strings.Lines(string(b)) {
			if f := strings.Fields(line); len(f) > 1 && f[0] == "VmRSS:" {
				kb, _ := strconv.ParseInt(f[1], 10, 64)
				sum += kb << 10
			}
		}
	}
	return sum
}

// cpu returns the user and system time (proc(5), stat, fields 14 and 15, in hundredths
// of a second).
func (p *process) cpu() (sum time.Duration) {
	for _, pid := range p.pids() {
		if f := fields(fmt.Sprintf("/proc/%d/stat", pid)); len(f) > 12 {
			user, _ := strconv.ParseInt(f[11], 10, 64)
			system, _ := strconv.ParseInt(f[12], 10, 64)
			sum += time.Duration(user+system) * 10 * time.Millisecond
		}
	}
	return sum
}
