package mongotest

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Command is what a client asks of the server through a Proxy.
type Command struct {
	Name string   // such as insert
	App  string   // the application name of the connection's client
	Body bson.Raw // the whole command
}

// Action is what a Proxy does with a command.
type Action int

const (
	Pass  Action = iota // forward it, and the reply
	Close               // close the connection instead
	Lose                // forward it, and close the connection instead of the reply
	Hang                // forward nothing more of this connection, and keep it open: a line that was cut
	Empty               // answer a getMore with an empty batch
)

// Opcodes and the size of the header of the wire protocol.
// https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/
const (
	opQuery    = 2004
	opMsg      = 2013
	headerSize = 16
)

// Proxy forwards connections to a Server and asks decide about every command.
type Proxy struct {
	addr     string
	target   string
	decide   func(Command) Action
	listener net.Listener

	mu    sync.Mutex
	conns map[net.Conn]struct{} // guarded by mu; nil: closed
	ended sync.WaitGroup
}

// Proxy starts a proxy that ends with the test. decide is called on several
// goroutines.
func (s *Server) Proxy(t testing.TB, decide func(Command) Action) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{addr: l.Addr().String(), target: s.Addr(), decide: decide, listener: l, conns: map[net.Conn]struct{}{}}
	p.ended.Go(p.accept)
	t.Cleanup(p.close)
	return p
}

// URL names a database behind the proxy. The connection is a direct one: a
// client that looks for the replica set's members would go past the proxy.
func (p *Proxy) URL(database string) string { return URL(p.addr, database) + "&directConnection=true" }

func (p *Proxy) close() {
	_ = p.listener.Close()
	p.mu.Lock()
	for c := range p.conns {
		_ = c.Close()
	}
	p.conns = nil
	p.mu.Unlock()
	p.ended.Wait()
}

// keep has close close the connection; false: it is closed already.
func (p *Proxy) keep(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conns == nil {
		_ = c.Close()
		return false
	}
	p.conns[c] = struct{}{}
	return true
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		if !p.keep(client) || !p.keep(server) {
			return
		}
		l := &link{client: client, server: server, lost: map[uint32]bool{}}
		p.ended.Go(func() { l.requests(p.decide) })
		p.ended.Go(l.replies)
	}
}

// link is one connection through a Proxy.
type link struct {
	client, server net.Conn
	app            string

	mu   sync.Mutex
	lost map[uint32]bool // guarded by mu; requests whose reply must not arrive
	hung bool            // guarded by mu
}

func (l *link) close() {
	_ = l.client.Close()
	_ = l.server.Close()
}

// requests forwards the client's messages until the connection ends or hangs.
func (l *link) requests(decide func(Command) Action) {
	for {
		message, err := readMessage(l.client)
		if err != nil {
			l.close()
			return
		}
		id := binary.LittleEndian.Uint32(message[4:])
		c := l.command(message)
		switch decide(c) {
		case Close:
			l.close()
			return
		case Hang:
			l.mu.Lock()
			l.hung = true
			l.mu.Unlock()
			return
		case Lose:
			l.mu.Lock()
			l.lost[id] = true
			l.mu.Unlock()
		case Empty:
			if _, err := l.client.Write(emptyBatch(id, c.Body)); err != nil {
				l.close()
				return
			}
			continue
		}
		if _, err := l.server.Write(message); err != nil {
			l.close()
			return
		}
	}
}

// replies forwards the server's messages until the connection ends.
func (l *link) replies() {
	for {
		message, err := readMessage(l.server)
		l.mu.Lock()
		hung, lost := l.hung, err == nil && l.lost[binary.LittleEndian.Uint32(message[8:])]
		l.mu.Unlock()
		if hung {
			if err != nil {
				return // the client hears nothing of it
			}
			continue
		}
		if err == nil && !lost {
			_, err = l.client.Write(message)
		}
		if err != nil || lost {
			l.close()
			return
		}
	}
}

func readMessage(r io.Reader) ([]byte, error) {
	head := make([]byte, headerSize)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	message := make([]byte, max(headerSize, binary.LittleEndian.Uint32(head)))
	copy(message, head)
	_, err := io.ReadFull(r, message[headerSize:])
	return message, err
}

// command reads a message as far as Command needs it.
func (l *link) command(message []byte) Command {
	body := message[headerSize:]
	switch binary.LittleEndian.Uint32(message[12:]) {
	case opMsg: // flags, then the kind of the first section, which is the command
		body = body[5:]
	case opQuery: // flags, a name that ends with 0, two numbers
		body = body[4+bytes.IndexByte(body[4:], 0)+1+8:]
	default:
		return Command{App: l.app}
	}
	raw := bson.Raw(body[:binary.LittleEndian.Uint32(body)])
	if name, ok := raw.Lookup("client", "application", "name").StringValueOK(); ok {
		l.app = name
	}
	first, err := raw.IndexErr(0)
	if err != nil {
		return Command{App: l.app}
	}
	return Command{Name: first.Key(), App: l.app, Body: raw}
}

// emptyBatch is the reply to a getMore that found nothing, after a moment.
func emptyBatch(id uint32, getMore bson.Raw) []byte {
	<-time.After(20 * time.Millisecond) // a server waits, too: else the client asks in a loop
	cursor := bson.D{{Key: "id", Value: getMore.Lookup("getMore").AsInt64()},
		{Key: "ns", Value: getMore.Lookup("$db").StringValue() + ".$cmd.aggregate"}, {Key: "nextBatch", Value: bson.A{}}}
	body, err := bson.Marshal(bson.D{{Key: "cursor", Value: cursor}, {Key: "ok", Value: 1}})
	if err != nil {
		panic(err)
	}
	var m []byte
	for _, n := range []uint32{uint32(headerSize + 5 + len(body)), 0, id, opMsg, 0} {
		m = binary.LittleEndian.AppendUint32(m, n)
	}
	return append(append(m, 0), body...)
}
