package engineio

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"time"
)

// overtakeWait is how long a request waits for one that it may have overtaken on another TCP
// connection: a GET for the end of an upgrade, a close for the poll that it ends.
const overtakeWait = 100 * time.Millisecond

// poll answers a GET, once there is a packet.
func (c *Conn) poll(w http.ResponseWriter, r *http.Request) {
	c.hear()
	c.mu.Lock()
	if c.held {
		c.mu.Unlock()
		c.fail(closeFrame)
		refuse(w, badRequest, "two polls at the same time")
		return
	}
	c.held = true
	c.notify()
	upgradeOver := time.Now().Add(overtakeWait)
	for waiting := true; waiting && len(c.frames) == 0; {
		switch c.state {
		case polling:
			waiting = c.waitPoll(r, 0)
		case probing:
			waiting = c.waitPoll(r, max(1, time.Until(upgradeOver)))
			if !waiting && c.state == probing && r.Context().Err() == nil {
				c.frames = append(c.frames, noopFrame...)
			}
		default:
			waiting = false
		}
	}
	c.held = false
	gone := r.Context().Err() != nil
	var payload []byte
	if !gone && c.state != flushing && c.state != webSocket {
		payload, c.frames = takePayload(c.frames)
		if len(c.frames) == 0 {
			c.frames = nil
			if c.state == closing {
				c.end()
			}
		}
		c.notify()
	}
	state := c.state
	c.mu.Unlock()
	switch {
	case gone:
		if state < flushing {
			c.fail(closeFrame)
		}
	case len(payload) > 0:
		answer(w, payload)
	case state == closed:
		refuse(w, unknownSid, "")
	default:
		refuse(w, badRequest, "")
	}
}

// waitPoll waits for a change, for the given time if that is not 0. It reports false if
// the time is over or the client has left. c.mu is held, but not while it waits.
func (c *Conn) waitPoll(r *http.Request, most time.Duration) bool {
	changed := c.nextChange()
	c.mu.Unlock()
	defer c.mu.Lock()
	var over <-chan time.Time
	if most != 0 {
		timer := time.NewTimer(most)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-changed:
		return true
	case <-over:
	case <-r.Context().Done():
	}
	return false
}

// post handles the packets of a POST.
func (c *Conn) post(w http.ResponseWriter, r *http.Request) {
	c.hear()
	c.mu.Lock()
	busy := c.posting
	if !busy && c.state < flushing {
		c.posting = true
	}
	begun := c.posting && !busy
	c.mu.Unlock()
	if !begun {
		if busy {
			c.fail(closeFrame)
		}
		refuse(w, badRequest, "")
		return
	}
	fault, detail := c.receiveBody(w, r)
	if fault != nil {
		c.fail(closeFrame)
	}
	c.mu.Lock()
	c.posting = false // before the answer: the client may send the next one at once
	c.notify()
	c.finish()
	c.mu.Unlock()
	if fault != nil {
		refuse(w, *fault, detail)
		return
	}
	w.Header().Set("Content-Type", "text/html")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = io.WriteString(w, "ok")
}

// receiveBody handles the packets in the body of a POST.
func (c *Conn) receiveBody(w http.ResponseWriter, r *http.Request) (fault *failure, detail string) {
	if t, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); t == "application/octet-stream" {
		return &badRequest, "binary bodies belong to an older protocol"
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(c.engine.config.MaxPayload)))
	if err != nil {
		if tooLong := (*http.MaxBytesError)(nil); errors.As(err, &tooLong) {
			return &tooLarge, "at most maxPayload bytes"
		}
		return &badRequest, ""
	}
	c.handler.Request(r)
	for rest := body; rest != nil; {
		var packet []byte
		packet, rest = cutPacket(rest)
		kind, content, err := decodePacket(packet)
		if err != nil {
			return &badRequest, "malformed packet"
		}
		if !c.isOpen() {
			break // the handler has closed it
		}
		c.hear()
		switch kind {
		case packetMessage:
			c.message(true, content)
		case packetBinary:
			c.message(false, content)
		case packetPong, packetNoop:
			c.packet()
		case packetClose:
			c.awaitPoll(r)
			c.fail(noopFrame)
		default:
			return &badRequest, "unexpected packet"
		}
	}
	return nil, ""
}

// awaitPoll waits a moment for a GET: a client that closes has a poll under way, which its
// POST may overtake.
func (c *Conn) awaitPoll(r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for end := time.Now().Add(overtakeWait); !c.held && c.state == polling; {
		left := time.Until(end)
		if left <= 0 || !c.waitPoll(r, left) {
			return
		}
	}
}

func (c *Conn) isOpen() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state < closing
}
