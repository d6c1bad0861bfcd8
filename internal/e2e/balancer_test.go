package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// startBalancer starts a load balancer on loopback with a configuration of
// docs/balancer. replicas are the addresses for parley-1:8080, parley-2:8080, ….
func startBalancer(t testing.TB, config string, replicas ...string) (addr string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", "balancer", config))
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr = l.Addr().String()
	_ = l.Close()
	replacements := []string{"bind :8080", "bind " + addr, "listen 8080;", "listen " + addr + ";"}
	for i, r := range replicas {
		replacements = append(replacements, "parley-"+strconv.Itoa(i+1)+":8080", r)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "config")
	if err := os.WriteFile(path, []byte(strings.NewReplacer(replacements...).Replace(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(balancerProgram("haproxy"), "-db", "-f", path)
	if config == "nginx.conf" {
		cmd = exec.Command(balancerProgram("nginx"), "-p", dir, "-c", path, "-e", "stderr", "-g", "daemon off; master_process off; pid nginx.pid;")
	}
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatalf("make test needs HAProxy: apt-get install haproxy (%v)", err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for end := time.Now().Add(20 * time.Second); ; {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			_ = c.Close()
			return addr
		}
		if time.Now().After(end) {
			t.Fatalf("%s does not listen: %v", config, err)
		}
	}
}

// balancerProgram returns the path of a program. Debian installs both in /usr/sbin,
// which is not in every PATH.
func balancerProgram(name string) string {
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	return "/usr/sbin/" + name
}

// TestBalancers tests the configurations of docs/balancer with stub replicas that
// answer with their number. nginx is tested if it is installed.
func TestBalancers(t *testing.T) {
	configs := []string{"haproxy.cfg", "haproxy-sticky.cfg"}
	if _, err := exec.LookPath(balancerProgram("nginx")); err == nil {
		configs = append(configs, "nginx.conf")
	}
	for _, config := range configs {
		t.Run(config, func(t *testing.T) { t.Parallel(); testBalancer(t, config) })
	}
}

func testBalancer(t *testing.T, config string) {
	var toAbort, aborted atomic.Int32 // requests to end without an answer, and that ended so
	var unready atomic.Bool           // of the second replica
	var addrs []string
	var replicas []*httptest.Server
	for i := range 3 {
		mux := http.NewServeMux()
		mux.HandleFunc("/readyz", func(w http.ResponseWriter, r *http.Request) {
			if i == 1 && unready.Load() {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		})
		mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			if toAbort.Add(-1) >= 0 {
				aborted.Add(1)
				panic(http.ErrAbortHandler) // the connection closes without an answer
			}
			if strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
				c, err := websocket.Accept(w, r, nil)
				if err != nil {
					t.Error(err)
					return
				}
				_ = c.Close(4000, "hello")
				return
			}
			fmt.Fprint(w, i, " ", r.Header["X-Forwarded-For"], " ", r.Header["X-Forwarded-Proto"])
		})
		s := httptest.NewServer(mux)
		t.Cleanup(s.Close)
		replicas, addrs = append(replicas, s), append(addrs, s.Listener.Addr().String())
	}
	addr := startBalancer(t, config, addrs...)
	send := func(method string) (int, string) {
		t.Helper()
		r, err := http.NewRequest(method, "http://"+addr+"/", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		r.Close = true // a connection that is used again may end with its replica
		r.Header.Set("X-Forwarded-For", "192.0.2.1")
		r.Header.Add("X-Forwarded-For", "192.0.2.2")
		r.Header.Set("X-Forwarded-Proto", "https")
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(body)
	}
	// count sends n requests and returns how many each replica answered.
	count := func(n int) map[string]int {
		t.Helper()
		byReplica := map[string]int{}
		for range n {
			status, body := send("POST")
			name, rest, _ := strings.Cut(body, " ")
			if status != 200 || rest != "[127.0.0.1] [http]" {
				t.Fatalf("POST: %d, %q: forwarded headers of the client must be replaced", status, body)
			}
			byReplica[name]++
		}
		return byReplica
	}

	// The requests of a Socket.IO client that polls reach the replica that its sid names.
	for i, name := range []string{"one", "two", "three"} {
		for range 4 {
			res, err := http.Get("http://" + addr + "/socket.io/?EIO=4&transport=polling&sid=" + name + ".AAAA")
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(res.Body)
			_ = res.Body.Close()
			if got, _, _ := strings.Cut(string(body), " "); got != strconv.Itoa(i) {
				t.Errorf("sid %s: replica %s, %d", name, got, res.StatusCode)
			}
		}
	}

	sticky := config == "haproxy-sticky.cfg"
	if got := count(30); sticky != (len(got) == 1) || !sticky && len(got) != 3 {
		t.Errorf("30 requests reached %v", got)
	}

	c, _, err := websocket.Dial(t.Context(), "ws://"+addr+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err = c.Read(t.Context()); websocket.CloseStatus(err) != 4000 {
		t.Errorf("the socket ended with %v", err)
	}

	// A replica ends the connection before its answer: the balancer repeats a read at
	// another one; a write gets 503, and its client must repeat it.
	toAbort.Store(1)
	if status, body := send("GET"); status != 200 || aborted.Load() != 1 {
		t.Errorf("GET, aborted once: %d, %q after %d aborted requests", status, body, aborted.Load())
	}
	toAbort.Store(1)
	if status, body := send("POST"); status != 503 || aborted.Load() != 2 {
		t.Errorf("POST, aborted once: %d, %q after %d aborted requests", status, body, aborted.Load())
	}

	if strings.HasPrefix(config, "haproxy") {
		unready.Store(true)
		for end := time.Now().Add(30 * time.Second); count(6)["1"] > 0; {
			if time.Now().After(end) {
				t.Fatal("a replica that is not ready still gets requests")
			}
		}
		unready.Store(false)
		for end := time.Now().Add(30 * time.Second); !sticky && count(6)["1"] == 0; {
			if time.Now().After(end) {
				t.Fatal("a replica that is ready again gets no requests")
			}
		}
	}

	// With two replicas down, each request is answered.
	replicas[0].Close()
	replicas[1].Close()
	if got := count(12); got["2"] != 12 {
		t.Errorf("with one replica left, requests reached %v", got)
	}
	replicas[2].Close()
	if status, _ := send("POST"); status != 503 {
		t.Errorf("with no replica left: %d", status)
	}
}
