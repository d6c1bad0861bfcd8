package e2e

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// pushRequest is what a push service sees of a push.
type pushRequest struct {
	device string
	header http.Header
	body   []byte
	at     time.Time
}

// startPushService starts a push service, and makes the processes that start from now on send
// all pushes to it.
func startPushService(t *testing.T) <-chan pushRequest {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	received := make(chan pushRequest, 1000)
	service := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		received <- pushRequest{strings.TrimPrefix(r.URL.Path, "/"), r.Header, body, time.Now()}
		w.WriteHeader(http.StatusCreated)
	})}
	go func() { _ = service.Serve(l) }()
	t.Cleanup(func() { _ = service.Close() })

	usual, binary := parleyBinary, filepath.Join(t.TempDir(), "parley")
	args := []string{"build", "-buildvcs=false", "-o", binary, "-ldflags", "-X parley/server.pushesTo=" + l.Addr().String()}
	if raceEnabled {
		args = append(args, "-race")
	}
	if out, err := exec.Command("go", append(args, root)...).CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	parleyBinary = binary
	t.Cleanup(func() { parleyBinary = usual })
	return received
}

// pushKeys are the keys of a subscription.
type pushKeys struct {
	P256dh string `json:"p256dh"`
	Auth   string `json:"auth"`
}

// subscribe subscribes a session to pushes.
func (s *testServer) subscribe(a *account, device string) {
	s.t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	s.subscribeWith(a, device, pushKeys{base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes()), base64.RawURLEncoding.EncodeToString(make([]byte, 16))})
}

func (s *testServer) subscribeWith(a *account, device string, keys pushKeys) {
	s.t.Helper()
	s.mustCall(200, a.Token, "PUT", "/api/push/subscription", map[string]any{"endpoint": "https://push.example.com/" + device, "keys": keys}, nil)
}

// Messages are posted while the replica that sends pushes is killed, and then while the next
// one is stopped and continued: a push comes for each, and at most the one that was under way
// comes twice. Who signed out gets none.
func TestPushesSurviveTheirReplica(t *testing.T) {
	received := startPushService(t)
	c := newCluster(t, "")
	one, two, three := c.replicas[0], c.replicas[1], c.replicas[2]
	ann := one.createOwner("ann")
	general := one.listChats(ann)[0].ID
	bob, cleo := two.createUser(ann, general, "bob"), two.createUser(ann, general, "cleo")
	one.subscribe(bob, "bob") // one has the lease now
	one.subscribe(cleo, "cleo")
	others := map[string][]pushRequest{} // that came while another device's was awaited
	next := func(device string, within time.Duration) pushRequest {
		t.Helper()
		timeout := time.After(within)
		for {
			if early := others[device]; len(early) > 0 {
				others[device] = early[1:]
				return early[0]
			}
			select {
			case p := <-received:
				others[p.device] = append(others[p.device], p)
			case <-timeout:
				t.Fatalf("%s got no push; the log of the replicas:\n%s\n%s\n%s", device, one.logText(), two.logText(), three.logText())
			}
		}
	}
	made := 0
	post := func(s *testServer) {
		t.Helper()
		made++
		s.mustCall(201, ann.Token, "POST", "/api/chats/"+string(general)+"/messages", map[string]any{"clientId": fmt.Sprint("push ", made), "text": "hello"}, nil)
	}
	began := time.Now()
	post(two)
	if took := next("bob", 20*time.Second).at.Sub(began); took > 2*time.Second && !raceEnabled {
		t.Errorf("the first push took %s", took)
	}
	next("cleo", 20*time.Second)
	two.mustCall(204, cleo.Token, "DELETE", "/api/sessions/current", nil, nil)

	one.kill()
	post(two)
	next("bob", 60*time.Second)
	repeats := drain(t, received, "bob", time.Second)

	// Both of the others are stopped in turn: one of them has the lease.
	for _, s := range []*testServer{two, three} {
		other := three
		if s == three {
			other = two
		}
		if err := s.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		post(other)
		next("bob", 60*time.Second)
		if err := s.cmd.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		repeats += drain(t, received, "bob", 2*time.Second)
	}
	if repeats > 3 {
		t.Errorf("%d pushes came again, after one kill and two stops", repeats)
	}
}

// drain counts the pushes that come to a device within a time, and fails if another gets one.
func drain(t *testing.T, received <-chan pushRequest, device string, within time.Duration) (n int) {
	t.Helper()
	for timeout := time.After(within); ; {
		select {
		case p := <-received:
			if p.device != device {
				t.Errorf("%s got a push", p.device)
			}
			n++
		case <-timeout:
			return n
		}
	}
}
