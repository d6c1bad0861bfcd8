package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// runOnce runs a command and returns its output and its exit code.
func runOnce(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs strings.Builder
	code = run(t.Context(), args, &out, &errs)
	return out.String(), errs.String(), code
}

// An invalid value stops the start with one line that names the flag.
func TestInvalidFlags(t *testing.T) {
	for _, c := range []struct{ flag, value, want string }{
		{"--listen", "nonsense", "HOST:PORT"},
		{"--listen", "", "HOST:PORT"},
		{"--registration", "maybe", "invite"},
		{"--public-url", "ftp://x", "http"},
		{"--public-url", "https://x/path", "no path"},
		{"--trusted-proxies", "everyone", "10.0.0.0/8"},
		{"--trusted-proxies", "10.0.0.1,10.0.0.0/33", "10.0.0.0/8"},
		{"--log-format", "xml", "json"},
		{"--metrics-listen", "nonsense", "HOST:PORT"},
		{"--session-lifetime", "soon", "90d"},
		{"--session-lifetime", "59m", "1h to 400d"},
		{"--session-lifetime", "401d", "1h to 400d"},
		{"--session-lifetime", "-1d", "90d"},
		{"--recovery-lifetime", "59s", "1m to 7d"},
		{"--recovery-lifetime", "8d", "1m to 7d"},
		{"--limit-anonymous", "many", "--limit-anonymous"},
		{"--limit-user", "1200", "--limit-user"},
		{"--limit-posts", "-1/10s", "--limit-posts"},
		{"--limit-chats", "0", "--limit-chats"},
		{"--limit-chats", "2000000000", "--limit-chats"},
		{"--limit-sockets", "0", "--limit-sockets"},
		{"--limit-body", "1KiB", "--limit-body"},
		{"--limit-text", "1GiB", "--limit-text"},
	} {
		store := "sqlite:" + filepath.Join(t.TempDir(), "parley.db")
		_, stderr, code := runOnce(t, "--store", store, c.flag+"="+c.value)
		if code != 1 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, c.want) || !strings.Contains(stderr, c.flag) {
			t.Errorf("%s=%s: exit %d, %q", c.flag, c.value, code, stderr)
		}
	}
	for content, want := range map[string]string{"": "is empty", "mysql://host": "the store must be", "mongodb://parley:hunter2@HOST:x/": "the store's URL"} {
		path := filepath.Join(t.TempDir(), "store")
		if err := os.WriteFile(path, []byte(content+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, stderr, code := runOnce(t, "--listen", "127.0.0.1:0", "--store-file", path)
		if code != 1 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "--store") || !strings.Contains(stderr, want) || strings.Contains(stderr, "hunter2") {
			t.Errorf("a store file with %q: exit %d, %q", content, code, stderr)
		}
	}
	if _, stderr, code := runOnce(t, "--store-file", "/no/such/file"); code != 1 || !strings.Contains(stderr, "--store-file") {
		t.Errorf("a store file that does not exist: exit %d, %q", code, stderr)
	}
	t.Setenv("PARLEY_REGISTRATION", "maybe")
	if _, stderr, code := runOnce(t, "serve"); code != 1 || !strings.Contains(stderr, "registration") {
		t.Errorf("from the environment: exit %d, %q", code, stderr)
	}
}

// The IPv6 form of an IPv4 network matches its clients, which are compared as IPv4.
func TestTrustedProxiesInIPv6Form(t *testing.T) {
	for text, want := range map[string]string{
		"::ffff:10.0.0.1": "10.0.0.1/32", "::ffff:10.0.0.0/104": "10.0.0.0/8", "10.0.0.0/8": "10.0.0.0/8", "fd00::/8": "fd00::/8",
	} {
		var n network
		if err := n.UnmarshalText([]byte(text)); err != nil || prefixes([]network{n})[0].String() != want {
			t.Errorf("%s: %v %v", text, n, err)
		}
	}
}

func TestHelpHasEveryFlagAndDefault(t *testing.T) {
	for _, args := range [][]string{{"help"}, {"--help"}} {
		out, _, code := runOnce(t, args...)
		for _, want := range []string{"--listen", "127.0.0.1:8080", "PARLEY_LISTEN", "--store", "parley-data/parley.db", "--store-file",
			"--registration", "--public-url", "--origins", "--socketio", "auto", "--push", "--replica", "--trusted-proxies", "--log-format", "--metrics-listen", "--session-lifetime", "90d", "--recovery-lifetime", "1h", "--limit-anonymous",
			"100/15m", "--limit-user", "1200/1m", "--limit-posts", "20/10s", "--limit-chats", "2000", "--limit-sockets", "--limit-body", "1MiB",
			"--limit-text", "16KiB", "--files", "--limit-file", "100MiB", "--limit-uploads", "1GiB", "--limit-storage", "recover", "owner-link", "backup", "health", "version"} {
			if code != 0 || !strings.Contains(out, want) {
				t.Errorf("%v: exit %d, %q is missing", args, code, want)
			}
		}
	}
}
