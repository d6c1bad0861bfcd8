package webpush

import (
	"context"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func bytesOf(t *testing.T, s string) []byte {
	t.Helper()
	b, err := decode(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The example of RFC 8291, section 5 and appendix A.
const (
	exampleText   = "When I grow up, I want to be a watermelon"
	exampleKey    = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
	exampleAuth   = "BTBZMqHH6r4Tts7J_aSIgg"
	exampleServer = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
	exampleSalt   = "DGv6ra1nlYgDCS1FRnbzlw"
	exampleBody   = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)

func example(t *testing.T, endpoint string) Subscription {
	t.Helper()
	return Subscription{Endpoint: endpoint, Key: bytesOf(t, exampleKey), Auth: bytesOf(t, exampleAuth)}
}

func TestEncryptMakesTheExampleOfRFC8291(t *testing.T) {
	key, err := ecdh.P256().NewPrivateKey(bytesOf(t, exampleServer))
	if err != nil {
		t.Fatal(err)
	}
	body, err := encrypt(example(t, ""), []byte(exampleText), key, bytesOf(t, exampleSalt))
	if err != nil {
		t.Fatal(err)
	}
	if got := base64.RawURLEncoding.EncodeToString(body); got != exampleBody {
		t.Errorf("the body is\n%s, want\n%s", got, exampleBody)
	}
}

func TestEncryptBoundsTheText(t *testing.T) {
	s := example(t, "")
	body, err := Encrypt(s, make([]byte, MaxText))
	if err != nil || len(body) != 4096 {
		t.Errorf("the longest push has %d bytes, %v; want 4096", len(body), err)
	}
	if _, err := Encrypt(s, make([]byte, MaxText+1)); err == nil {
		t.Error("a text that is too long is encrypted")
	}
	again, _ := Encrypt(s, make([]byte, MaxText))
	if string(again) == string(body) {
		t.Error("two pushes of one text are the same bytes")
	}
}

func TestNewSubscription(t *testing.T) {
	const endpoint = "https://push.example.com/a/b?c=d"
	for _, c := range []struct {
		name, endpoint, key, auth string
		want                      error
	}{
		{"good", endpoint, exampleKey, exampleAuth, nil},
		{"padded", endpoint, exampleKey + "=", exampleAuth + "==", nil},
		{"http", "http://push.example.com/a", exampleKey, exampleAuth, ErrEndpoint},
		{"no host", "https:///a", exampleKey, exampleAuth, ErrEndpoint},
		{"user", "https://a:b@push.example.com/", exampleKey, exampleAuth, ErrEndpoint},
		{"long", endpoint + strings.Repeat("x", MaxEndpoint), exampleKey, exampleAuth, ErrEndpoint},
		{"loopback", "https://127.0.0.1/a", exampleKey, exampleAuth, ErrEndpoint},
		{"private", "https://10.1.2.3/a", exampleKey, exampleAuth, ErrEndpoint},
		{"mapped", "https://[::ffff:127.0.0.1]/a", exampleKey, exampleAuth, ErrEndpoint},
		{"IPv6 loopback", "https://[::1]/a", exampleKey, exampleAuth, ErrEndpoint},
		{"public address", "https://8.8.8.8/a", exampleKey, exampleAuth, nil},
		{"public IPv6", "https://[2a00:1450:4001:80e::200e]/a", exampleKey, exampleAuth, nil},
		{"no key", endpoint, "", exampleAuth, ErrKey},
		{"no point of the curve", endpoint, base64.RawURLEncoding.EncodeToString(append([]byte{4}, make([]byte, 64)...)), exampleAuth, ErrKey},
		{"no auth", endpoint, exampleKey, "", ErrAuth},
		{"long auth", endpoint, exampleKey, exampleKey, ErrAuth},
	} {
		if _, err := NewSubscription(c.endpoint, c.key, c.auth); err != c.want {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

func newKeyOf(t *testing.T) *Key {
	t.Helper()
	key, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := key.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseKey(raw)
	if err != nil || again.Public() != key.Public() {
		t.Fatalf("a stored key is another one: %v", err)
	}
	return again
}

func TestAuthorizationIsSigned(t *testing.T) {
	key := newKeyOf(t)
	endpoint, _ := url.Parse("https://push.example.com:8443/abc")
	now := time.Unix(1_800_000_000, 0)
	header, err := key.authorization(endpoint, "mailto:ops@example.com", now)
	if err != nil {
		t.Fatal(err)
	}
	rest, public, ok := strings.Cut(strings.TrimPrefix(header, "vapid t="), ", k=")
	parts := strings.Split(rest, ".")
	if !ok || public != key.Public() || len(parts) != 3 {
		t.Fatalf("header %q", header)
	}
	var claims struct {
		Aud, Sub string
		Exp      int64
	}
	if err := json.Unmarshal(bytesOf(t, parts[1]), &claims); err != nil {
		t.Fatal(err)
	}
	if claims.Aud != "https://push.example.com:8443" || claims.Sub != "mailto:ops@example.com" || claims.Exp != now.Unix()+12*3600 {
		t.Errorf("claims %+v", claims)
	}
	verifier, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), bytesOf(t, public))
	if err != nil {
		t.Fatal(err)
	}
	signature := bytesOf(t, parts[2])
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if len(signature) != 64 || !ecdsa.Verify(verifier, digest[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
		t.Error("the signature is wrong")
	}
}

// A token is signed once for a host, and again after a time. Hosts come from clients: the tokens
// of many do not fill the memory.
func TestTokensAreUsedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewClient(newKeyOf(t), "mailto:ops@example.com", nil)
		of := func(host string) string {
			t.Helper()
			header, err := c.authorization(&url.URL{Scheme: "https", Host: host})
			if err != nil {
				t.Fatal(err)
			}
			return header
		}
		first, other := of("push.example.com"), of("other.example.com")
		if first == other || of("push.example.com") != first || of("other.example.com") != other {
			t.Error("not one token for each host")
		}
		time.Sleep(time.Hour)
		if of("push.example.com") == first {
			t.Error("an old token is used")
		}
		for i := range 3 * maxTokens {
			if of(fmt.Sprint(i, ".example.com")); len(c.tokens) > maxTokens {
				t.Fatalf("%d tokens", len(c.tokens))
			}
		}
	})
}

func TestCheckSubject(t *testing.T) {
	for subject, good := range map[string]bool{
		"https://chat.acme.org": true, "mailto:ops@acme.org": true, "https://chat.acme.org:8443/x": true,
		"http://chat.acme.org": false, "https://localhost:8080": false, "https://192.168.1.4": false, "https://[::1]:8080": false,
		"https://chat.local": false, "mailto:root@localhost": false, "mailto:a@b.invalid": false, "https://chat": false, "": false, "mailto:acme.org": false,
	} {
		if reason := CheckSubject(subject); (reason == "") != good {
			t.Errorf("%q: %q", subject, reason)
		}
	}
}

// service starts a push service and returns a client that trusts it.
func service(t *testing.T, h http.HandlerFunc) (*Client, Subscription) {
	t.Helper()
	s := httptest.NewTLSServer(h)
	t.Cleanup(s.Close)
	return NewClient(newKeyOf(t), "https://chat.example.com", s.Client().Transport), example(t, s.URL+"/abc")
}

func TestSendJudgesTheAnswer(t *testing.T) {
	for _, c := range []struct {
		status int
		header string
		body   string
		want   Result
	}{
		{201, "", "", Result{Outcome: Accepted, Status: 201}},
		{204, "", "", Result{Outcome: Accepted, Status: 204}},
		{404, "", "no such\nsubscription\x00", Result{Outcome: Gone, Status: 404, Reason: "no such subscription"}},
		{410, "", "", Result{Outcome: Gone, Status: 410, Reason: "Gone"}},
		{403, "", `{"reason":"BadJwtToken"}`, Result{Outcome: Refused, Status: 403, Reason: `{"reason":"BadJwtToken"}`}},
		{413, "", "", Result{Outcome: Refused, Status: 413, Reason: "Request Entity Too Large"}},
		{302, "", "", Result{Outcome: Refused, Status: 302, Reason: "Found"}},
		{429, "7", "", Result{Outcome: Failed, Status: 429, Reason: "Too Many Requests", After: 7 * time.Second}},
		{429, "999999999", "", Result{Outcome: Failed, Status: 429, Reason: "Too Many Requests", After: maxRetryAfter}},
		{503, "-3", "", Result{Outcome: Failed, Status: 503, Reason: "Service Unavailable"}},
		{500, "soon", strings.Repeat("é", 5000), Result{Outcome: Failed, Status: 500, Reason: strings.Repeat("é", 100)}},
	} {
		var got *http.Request
		client, s := service(t, func(w http.ResponseWriter, r *http.Request) {
			got = r.Clone(context.Background())
			w.Header().Set("Location", "https://127.0.0.1/")
			if c.header != "" {
				w.Header().Set("Retry-After", c.header)
			}
			w.WriteHeader(c.status)
			_, _ = w.Write([]byte(c.body))
		})
		result := client.Send(t.Context(), s, Push{Text: []byte("{}"), Topic: "abc", TTL: time.Hour, Urgency: High})
		if result != c.want {
			t.Errorf("%d: %+v, want %+v", c.status, result, c.want)
		}
		h := got.Header
		if h.Get("TTL") != "3600" || h.Get("Urgency") != "high" || h.Get("Topic") != "abc" || h.Get("Content-Encoding") != "aes128gcm" || !strings.HasPrefix(h.Get("Authorization"), "vapid t=") {
			t.Errorf("headers %v", h)
		}
	}
}

func TestSendReadsLittleOfAnAnswer(t *testing.T) {
	client, s := service(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(400)
		chunk := []byte(strings.Repeat("x", 1<<16))
		for range 1600 { // 100 MiB
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
		t.Error("the whole answer was read")
	})
	if result := client.Send(t.Context(), s, Push{}); result.Outcome != Refused || len(result.Reason) != maxReason {
		t.Errorf("result %+v", result)
	}
}

func TestSendEndsWithItsContext(t *testing.T) {
	asked := make(chan struct{})
	client, s := service(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // the server notices a closed connection only behind the body
		close(asked)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	if result := client.Send(ctx, s, Push{}); result.Outcome != Failed || result.Status != 0 || result.Reason == "" {
		t.Errorf("result %+v", result)
	}
}

func TestPublicTransportRefusesPrivateAddresses(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "10.0.0.1", "169.254.169.254", "192.168.0.1", "100.64.0.1", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "[fe80::1]", "[fd00::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "localhost"} {
		client := NewClient(newKeyOf(t), "https://chat.example.com", PublicTransport())
		result := client.Send(t.Context(), example(t, "https://"+host+"/"), Push{})
		if result.Outcome != Refused || !strings.Contains(result.Reason, "not public") {
			t.Errorf("%s: %+v", host, result)
		}
	}
}

// A name may lead to a public address when the subscription is made, and to a private one later.
func TestTheAddressIsJudgedWhenItIsDialled(t *testing.T) {
	looked := 0
	resolver := &net.Dialer{Timeout: time.Second, Control: guardian.Safe}
	transport := PublicTransport()
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		looked++
		return resolver.DialContext(ctx, network, "127.0.0.1:443") // what a resolver under an attacker's control answers
	}
	client := NewClient(newKeyOf(t), "https://chat.example.com", transport)
	if result := client.Send(t.Context(), example(t, "https://push.example.com/"), Push{}); result.Outcome != Refused || looked != 1 {
		t.Errorf("%+v after %d dials", result, looked)
	}
	transport = PublicTransport()
	client = NewClient(newKeyOf(t), "https://chat.example.com", transport)
	if result := client.Send(t.Context(), example(t, "https://8.8.8.8:22/"), Push{}); result.Outcome != Refused {
		t.Errorf("port 22: %+v", result)
	}
}

func FuzzNewSubscription(f *testing.F) {
	f.Add("https://push.example.com/a", exampleKey, exampleAuth)
	f.Add("https://[::ffff:127.0.0.1]/", "", "==")
	f.Fuzz(func(t *testing.T, endpoint, key, auth string) {
		s, err := NewSubscription(endpoint, key, auth)
		if err != nil {
			return
		}
		if _, err := Encrypt(s, []byte("x")); err != nil {
			t.Errorf("a subscription that was accepted cannot be used: %v", err)
		}
	})
}

func TestMustShow(t *testing.T) {
	for endpoint, want := range map[string]bool{
		"https://web.push.apple.com/abc":                         true,
		"https://api.push.apple.com:443/abc":                     true,
		"https://fcm.googleapis.com/fcm/send/abc":                false,
		"https://updates.push.services.mozilla.com/wpush/v2/abc": false,
		"https://push.apple.com.example/abc":                     false,
		"https://notapush.apple.company/abc":                     false,
		"://":                                                    true,
	} {
		if got := MustShow(endpoint); got != want {
			t.Errorf("%s: %v", endpoint, got)
		}
	}
}
