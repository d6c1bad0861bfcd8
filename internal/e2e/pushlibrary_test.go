package e2e

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"parley/server/push/payload"
)

// pushReader is the program of unmodified libraries that reads pushes.
type pushReader struct {
	t    *testing.T
	in   *json.Encoder
	out  *json.Decoder
	keys pushKeys
}

func startPushReader(t *testing.T) *pushReader {
	t.Helper()
	python, err := filepath.Abs(filepath.Join(root, ".testlibraries", "bin", "python"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(python); err != nil {
		t.Fatal("http-ece and py-vapid are not installed: run make testlibraries")
	}
	cmd := exec.Command(python, filepath.Join(root, "internal", "conformance", "push.py"))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil && !t.Failed() {
			t.Errorf("push.py: %v", err)
		}
	})
	r := &pushReader{t: t, in: json.NewEncoder(in), out: json.NewDecoder(bufio.NewReader(out))}
	if err := r.out.Decode(&r.keys); err != nil {
		t.Fatal(err)
	}
	return r
}

// readPush is what the libraries read of a push.
type readPush struct {
	Header struct{ Typ, Alg string }
	Claims struct {
		Aud, Sub string
		Exp      int64
	}
	Key     string
	Payload payload.Payload
}

func (r *pushReader) read(p pushRequest) (got readPush) {
	r.t.Helper()
	if err := r.in.Encode(map[string]string{"authorization": p.header.Get("Authorization"), "body": base64.RawURLEncoding.EncodeToString(p.body)}); err != nil {
		r.t.Fatal(err)
	}
	if err := r.out.Decode(&got); err != nil {
		r.t.Fatalf("the libraries refuse a push: %v", err)
	}
	return got
}

// Unmodified libraries check who sent the pushes of the whole program, and decrypt them.
func TestPushLibraries(t *testing.T) {
	received := startPushService(t)
	reader := startPushReader(t)
	s := newTestServer(t, "--public-url=https://chat.example.com")
	ann := s.createOwner("ann")
	general := s.listChats(ann)[0].ID
	bob := s.createUser(ann, general, "bob")
	s.subscribeWith(bob, "bob", reader.keys)
	var info struct{ Key string }
	s.mustCall(200, bob.Token, "GET", "/api/push", nil, &info)
	for i, text := range []string{"Grüße, 世界 👋", "@bob **lunch** at one?"} {
		s.mustCall(201, ann.Token, "POST", "/api/chats/"+string(general)+"/messages", map[string]any{"clientId": fmt.Sprint("push ", i), "text": text}, nil)
		var p pushRequest
		select {
		case p = <-received:
		case <-time.After(30 * time.Second):
			t.Fatalf("no push came; the log:\n%s", s.logText())
		}
		got := reader.read(p)
		if got.Header.Alg != "ES256" || got.Header.Typ != "JWT" || got.Key != info.Key {
			t.Errorf("the token: %+v, key %s, want %s", got.Header, got.Key, info.Key)
		}
		if c := got.Claims; c.Aud != "https://push.example.com" || c.Sub != "https://chat.example.com" || c.Exp <= p.at.Unix() || c.Exp > p.at.Add(24*time.Hour).Unix() {
			t.Errorf("the claims: %+v", c)
		}
		if n := got.Payload.Notification; n == nil || n.Body != "ANN: "+text || n.Tag != string(general) {
			t.Errorf("the payload: %+v %+v", got.Payload, n)
		}
		if h := p.header; h.Get("Content-Encoding") != "aes128gcm" || h.Get("TTL") == "" {
			t.Errorf("the header: %v", h)
		}
	}
}
