// Command bare is a minimal relay: the goroutine that reads a message writes it to each
// member of the room with one write(2) for each. It has no users, no numbers, no limits
// and no store, and it does not handle slow readers. A request without an upgrade is
// answered with as many bytes as a page of fifty messages has. The load generator
// measures it to show what the machine itself needs.
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

// member is a connection in a room.
type member struct {
	mu   sync.Mutex
	conn net.Conn // mu is held for each write
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

// enter upgrades a connection and adds it to the rooms in ?rooms=1,2,3. Its answer fits
// only the example key of RFC 6455, which is the key that the load generator sends.
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
	for room := range strings.SplitSeq(r.URL.Query().Get("rooms"), ",") {
		n, _ := strconv.ParseUint(room, 10, 32)
		rooms[uint32(n)] = append(rooms[uint32(n)], m)
	}
	mu.Unlock()
	go listen(conn, buf.Reader)
}

// listen relays masked frames of 126 to 65,535 bytes, which contain the number of the
// room and a text.
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
