package webpush

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"code.dny.dev/ssrf"
)

const (
	// Timeout bounds a push, from the look-up of the name to the end of the answer.
	Timeout = 10 * time.Second

	maxAnswer = 1 << 10 // bytes of an answer that are read
	maxReason = 200     // bytes of it that are kept
	// maxRetryAfter bounds what a push service may ask to wait.
	maxRetryAfter = time.Hour
)

// guardian allows only public addresses. It sees the address that is dialled, so that a
// name which leads to another address at each look-up gains nothing.
var guardian = ssrf.New(ssrf.WithPorts(443, 8443))

// PublicTransport returns a transport that connects only to public addresses. It uses no
// proxy, since that would connect for it.
func PublicTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: Timeout, Control: guardian.Safe}
	return &http.Transport{
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    Timeout,
		ResponseHeaderTimeout:  Timeout,
		MaxResponseHeaderBytes: 16 << 10,
		MaxIdleConns:           64,
		MaxIdleConnsPerHost:    4,
		MaxConnsPerHost:        8,
		IdleConnTimeout:        time.Minute,
		ForceAttemptHTTP2:      true,
	}
}

// Push is one message to a subscription.
type Push struct {
	Text    []byte        // at most MaxText bytes
	Topic   string        // replaces a push of this topic that waits at the push service; at most 32 characters of base64url
	TTL     time.Duration // how long the push service keeps it for a browser that is offline
	Urgency Urgency
}

// Urgency says which pushes a device that saves power receives (RFC 8030, section 5.3).
type Urgency string

const (
	Normal Urgency = "normal"
	High   Urgency = "high"
)

// Outcome is what became of a push.
type Outcome string

const (
	Accepted Outcome = "accepted" // by the push service
	Gone     Outcome = "gone"     // the subscription has ended
	Refused  Outcome = "refused"  // this push, or this server: sending it again is of no use
	Failed   Outcome = "failed"   // for now
)

// Result is the outcome of a push.
type Result struct {
	Outcome Outcome
	Status  int           // of the answer; 0: there was none
	Reason  string        // what the push service answered, or why there was no answer; "" if accepted
	After   time.Duration // Failed: when to send it again, at the earliest; 0: not told
}

// Client sends pushes. It is safe for concurrent use.
type Client struct {
	key     *Key
	subject string
	http    *http.Client

	mu     sync.Mutex
	tokens map[string]token // guarded by mu, by host; at most maxTokens
}

// token is an Authorization header, which is used again for a time: RFC 8292, section 2,
// limits the life of a token so that it may be.
type token struct {
	header string
	until  time.Time
}

const (
	maxTokens = 100
	tokenUse  = time.Hour
)

// NewClient returns a client that sends through the transport: PublicTransport, but in tests.
func NewClient(key *Key, subject string, transport http.RoundTripper) *Client {
	return &Client{key: key, subject: subject, tokens: map[string]token{}, http: &http.Client{
		Transport:     transport,
		Timeout:       Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Send sends a push and returns what the push service answered.
func (c *Client) Send(ctx context.Context, s Subscription, p Push) Result {
	r, err := c.request(ctx, s, p)
	if err != nil {
		return Result{Outcome: Refused, Reason: clean(err.Error())}
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return Result{Outcome: failure(err), Reason: failureReason(err)}
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(answer.Body, maxAnswer)) // a broken answer has a status all the same
	return judge(answer, clean(string(body)))
}

func (c *Client) request(ctx context.Context, s Subscription, p Push) (*http.Request, error) {
	endpoint, err := url.Parse(s.Endpoint)
	if err != nil || endpoint.Scheme != "https" {
		return nil, ErrEndpoint
	}
	body, err := Encrypt(s, p.Text)
	if err != nil {
		return nil, err
	}
	authorization, err := c.authorization(endpoint)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Endpoint, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	h := r.Header
	h.Set("Authorization", authorization)
	h.Set("Content-Encoding", "aes128gcm")
	h.Set("Content-Type", "application/octet-stream")
	h.Set("TTL", strconv.Itoa(int(p.TTL/time.Second)))
	h.Set("Urgency", string(p.Urgency))
	if p.Topic != "" {
		h.Set("Topic", p.Topic)
	}
	return r, nil
}

// authorization returns the Authorization header for a push to the endpoint.
func (c *Client) authorization(endpoint *url.URL) (string, error) {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := c.tokens[endpoint.Host]; now.Before(t.until) {
		return t.header, nil
	}
	header, err := c.key.authorization(endpoint, c.subject, now)
	if err != nil {
		return "", err
	}
	if len(c.tokens) >= maxTokens { // hosts come from clients
		clear(c.tokens)
	}
	c.tokens[endpoint.Host] = token{header, now.Add(tokenUse)}
	return header, nil
}

// judge returns the result for an answer (RFC 8030, sections 5 to 8.4).
func judge(answer *http.Response, reason string) Result {
	result := Result{Status: answer.StatusCode, Reason: reason}
	switch code := answer.StatusCode; {
	case code >= 200 && code < 300:
		return Result{Outcome: Accepted, Status: code}
	case code == http.StatusNotFound, code == http.StatusGone:
		result.Outcome = Gone
	case code == http.StatusTooManyRequests, code >= 500:
		result.Outcome, result.After = Failed, retryAfter(answer.Header.Get("Retry-After"), time.Now())
	default: // a redirect too
		result.Outcome = Refused
	}
	if result.Reason == "" {
		result.Reason = http.StatusText(answer.StatusCode)
	}
	return result
}

// retryAfter returns the time to wait that a Retry-After header names (RFC 9110, section
// 10.2.3), in bounds; 0 if it names none.
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(header); err == nil {
		return min(max(time.Duration(min(seconds, 86_400))*time.Second, 0), maxRetryAfter)
	}
	if at, err := http.ParseTime(header); err == nil {
		return min(max(at.Sub(now), 0), maxRetryAfter)
	}
	return 0
}

// failure returns the outcome without an answer: an address that is not public stays so.
func failure(err error) Outcome {
	if errors.Is(err, ssrf.ErrProhibitedIP) || errors.Is(err, ssrf.ErrProhibitedPort) || errors.Is(err, ssrf.ErrProhibitedNetwork) {
		return Refused
	}
	return Failed
}

// failureReason returns why there was no answer, without the endpoint: anyone who knows it can
// send pushes.
func failureReason(err error) string {
	if failure(err) == Refused {
		return "the address of the push service is not public"
	}
	if e := (*url.Error)(nil); errors.As(err, &e) {
		if e.Timeout() {
			return "the push service did not answer in time"
		}
		err = e.Err
	}
	return clean(err.Error())
}

// clean returns the text of a push service as one short line.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if len(s) > maxReason {
		s = strings.ToValidUTF8(s[:maxReason], "")
	}
	return strings.TrimSpace(s)
}
