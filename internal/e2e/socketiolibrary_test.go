package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Unmodified Socket.IO libraries, with both parsers and over each transport, sign in, post,
// receive in order, are cut off, come back, receive each event once, and end with their
// session. The stories are in internal/conformance.
func TestSocketIOLibraries(t *testing.T) {
	folder, err := filepath.Abs(filepath.Join(root, "internal", "conformance"))
	if err != nil {
		t.Fatal(err)
	}
	python, err := filepath.Abs(filepath.Join(root, ".testlibraries", "bin", "python"))
	if err != nil {
		t.Fatal(err)
	}
	s := newTestServer(t, "--registration=open", "--limit-anonymous=off", "--limit-user=off", "--limit-posts=off")
	for name, c := range map[string]struct{ program, story, needs string }{
		"socket.io-client": {"node", "story.js", filepath.Join(folder, "node_modules", "socket.io-client")},
		"python-socketio":  {python, "story.py", python},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := os.Stat(c.needs); err != nil {
				t.Fatalf("%s is not installed: run make testlibraries", name)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
			defer cancel()
			cmd := exec.CommandContext(ctx, c.program, c.story, s.url)
			cmd.Dir = folder
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", c.story, err, out)
			}
		})
	}
}

// What make testlibraries installs is what make conformance installs.
func TestSocketIORequirements(t *testing.T) {
	read := func(name string) map[string]string {
		b, err := os.ReadFile(filepath.Join(root, "internal", "conformance", name))
		if err != nil {
			t.Fatal(err)
		}
		packages := map[string]string{}
		for _, block := range regexp.MustCompile(`(?m)^[a-z].*\\\n(    --hash=.*\n)+`).FindAllString(string(b), -1) {
			name, _, _ := strings.Cut(block, "==")
			packages[name] = block
		}
		return packages
	}
	all, some := read("requirements.txt"), read("socketio.txt")
	if some["python-socketio"] == "" || some["msgpack"] == "" {
		t.Error("socketio.txt has no python-socketio or no msgpack")
	}
	for name, block := range some {
		if all[name] != block {
			t.Errorf("%s is not as in requirements.txt", name)
		}
	}
}
