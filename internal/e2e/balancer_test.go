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

// balance starts a load balancer on loopback with one of the configurations in
// docs/balancer; replicas take the places of parley-1:8080 and so on.
func balance(t testing.TB, config string, replicas ...string) (addr string) {
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
	changes := []string{"bind :8080", "bind " + addr, "listen 8080;", "listen " + addr + ";"}
	for i, r := range replicas {
		changes = append(changes, "parley-"+strconv.Itoa(i+1)+":8080", r)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "config")
	if err := os.WriteFile(path, []byte(strings.NewReplacer(changes...).Replace(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(balancer("haproxy"), "-db", "-f", path)
	if config == "nginx.conf" {
		cmd = exec.Command(balancer("nginx"), "-p", dir, "-c", path, "-e", "stderr", "-g", "daemon off; master_process off; pid nginx.pid;")
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

// balancer is where a program is; not everybody's PATH has Debian's place for it.
func balancer(name string) string {
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	return "/usr/sbin/" + name
}

// What the configurations promise to Parley, with replicas that only say who
// they are. nginx is tried where it is installed.
func TestBalancers(t *testing.T) {
	configs := []string{"haproxy.cfg", "haproxy-sticky.cfg"}
	if _, err := exec.LookPath(balancer("nginx")); err == nil {
		configs = append(configs, "nginx.conf")
	}
	for _, config := range configs {
		t.Run(config, func(t *testing.T) { t.Parallel(); tryBalancer(t, config) })
	}
}

func tryBalancer(t *testing.T, config string) {
	var deaths, died atomic.Int32 // requests that kill the connection; and that did
	var unready atomic.Bool       // the second one
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
			if deaths.Add(-1) >= 0 {
				died.Add(1)
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
	addr := balance(t, config, addrs...)
	ask := func(method string) (int, string) {
		t.Helper()
		r, err := http.NewRequest(method, "http://"+addr+"/", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		r.Close = true // on an older connection the end of a replica may be the end of it
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
	// met gives who answered n requests.
	met := func(n int) map[string]int {
		t.Helper()
		who := map[string]int{}
		for range n {
			status, body := ask("POST")
			name, rest, _ := strings.Cut(body, " ")
			if status != 200 || rest != "[127.0.0.1] [http]" {
				t.Fatalf("POST: %d, %q: what a stranger says of addresses must be replaced", status, body)
			}
			who[name]++
		}
		return who
	}

	sticky := config == "haproxy-sticky.cfg"
	if who := met(30); sticky != (len(who) == 1) || !sticky && len(who) != 3 {
		t.Errorf("30 requests met %v", who)
	}

	c, _, err := websocket.Dial(t.Context(), "ws://"+addr+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err = c.Read(t.Context()); websocket.CloseStatus(err) != 4000 {
		t.Errorf("the socket got %v", err)
	}

	// A replica that dies before its answer: a read is asked of another, a write
	// is its client's to repeat.
	deaths.Store(1)
	if status, body := ask("GET"); status != 200 || died.Load() != 1 {
		t.Errorf("GET, and the replica dies: %d, %q after %d deaths", status, body, died.Load())
	}
	deaths.Store(1)
	if status, body := ask("POST"); status != 503 || died.Load() != 2 {
		t.Errorf("POST, and the replica dies: %d, %q after %d deaths", status, body, died.Load())
	}

	if strings.HasPrefix(config, "haproxy") {
		unready.Store(true)
		for end := time.Now().Add(30 * time.Second); met(6)["1"] > 0; {
			if time.Now().After(end) {
				t.Fatal("a replica that is not ready is still asked")
			}
		}
		unready.Store(false)
		for end := time.Now().Add(30 * time.Second); !sticky && met(6)["1"] == 0; {
			if time.Now().After(end) {
				t.Fatal("a replica that is ready again is not asked")
			}
		}
	}

	// Two that are gone: nobody notices.
	replicas[0].Close()
	replicas[1].Close()
	if who := met(12); who["2"] != 12 {
		t.Errorf("with one replica left, requests met %v", who)
	}
	replicas[2].Close()
	if status, _ := ask("POST"); status != 503 {
		t.Errorf("with none left: %d", status)
	}
}
