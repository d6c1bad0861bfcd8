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

// Command is a command that a client sends through a Proxy.
type Command struct {
	Name string   // for example insert
	App  string   // application name of the client
	Body bson.Raw // the whole command
}

// Action is what a Proxy does with a command.
type Action int

const (
	Pass  Action = iota // forward the command and its reply
	Close               // close the connection without forwarding the command
	Lose                // forward the command, and close the connection instead of forwarding its reply
	Hang                // forward nothing more on this connection and keep it open, as a network failure does
	Empty               // answer a getMore with an empty batch
)

// Opcodes and header size of the wire protocol.
// https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/
const (
	opReply    = 1
	opQuery    = 2004
	opMsg      = 2013
	headerSize = 16
)

// Proxy forwards connections to a Server. It calls decide forevery command.
type Proxy struct {
	addr     string
	target   string
	decide   func(Command) Action
	listener net.Listener

	mu    sync.Mutex
	conns map[net.Conn]struct{} // guarded by mu; nil after close
	ended sync.WaitGroup
}

// Proxy starts a proxy that is closed at the end of the test. decide must be safe for
// concurrent use.
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

// URL returns the URL of a database behind the proxy. The connection is direct: a client
// that discovers the members of the replica set would bypass the proxy.
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

// track registers a connection for close. It returns false, and closes the connection,
// if the proxy is closed.
func (p *Proxy) track(c net.Conn) bool {
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
		if !p.track(client) || !p.track(server) {
			return
		}
		conn := &proxiedConn{client: client, server: server, dropReply: map[uint32]bool{}}
		p.ended.Go(func() { conn.forwardRequests(p.decide) })
		p.ended.Go(conn.forwardReplies)
	}
}

// proxiedConn is one connection through a Proxy.
type proxiedConn struct {
	client, server net.Conn
	app            string

	mu        sync.Mutex
	dropReply map[uint32]bool // guarded by mu; ids of requests whose reply is not forwarded
	hung      bool            // guarded by mu
}

func (c *proxiedConn) close() {
	_ = c.client.Close()
	_ = c.server.Close()
}

// forwardRequests forwards the client's messages until the connection ends or hangs.
func (c *proxiedConn) forwardRequests(decide func(Command) Action) {
	for {
		message, err := readMessage(c.client)
		if err != nil {
			c.close()
			return
		}
		id := binary.LittleEndian.Uint32(message[4:])
		command := parseCommand(message)
		if command.App != "" {
			c.app = command.App
		}
		command.App = c.app
		switch decide(command) {
		case Close:
			c.close()
			return
		case Hang:
			c.mu.Lock()
			c.hung = true
			c.mu.Unlock()
			return
		case Lose:
			c.mu.Lock()
			c.dropReply[id] = true
			c.mu.Unlock()
		case Empty:
			if _, err := c.client.Write(emptyBatch(id, command.Body)); err != nil {
				c.close()
				return
			}
			continue
		}
		if _, err := c.server.Write(message); err != nil {
			c.close()
			return
		}
	}
}

// forwardReplies forwards the server's messages until the connection ends.
func (c *proxiedConn) forwardReplies() {
	for {
		message, err := readMessage(c.server)
		c.mu.Lock()
		hung, lost := c.hung, err == nil && c.dropReply[binary.LittleEndian.Uint32(message[8:])]
		c.mu.Unlock()
		if hung {
			if err != nil {
				return // the client must not notice it
			}
			continue
		}
		if err == nil && !lost {
			_, err = c.client.Write(message)
		}
		if err != nil || lost {
			c.close()
			return
		}
	}
}

// readMessage reads one message of the wire protocol.
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

// parseCommand returns the command in a message, with an empty Name if there is none. App
// is set only in the handshake of a connection.
func parseCommand(message []byte) Command {
	body := message[headerSize:]
	switch opcode(message) {
	case opMsg: // flags, then the kind of the first section, which is the command
		body = body[5:]
	case opQuery: // flags, a name that ends with a zero byte, two numbers
		body = body[4+bytes.IndexByte(body[4:], 0)+1+8:]
	default:
		return Command{}
	}
	raw := bson.Raw(body[:binary.LittleEndian.Uint32(body)])
	app, _ := raw.Lookup("client", "application", "name").StringValueOK()
	first, err := raw.IndexErr(0)
	if err != nil {
		return Command{App: app}
	}
	return Command{Name: first.Key(), App: app, Body: raw}
}

func opcode(message []byte) uint32 { return binary.LittleEndian.Uint32(message[12:]) }

// emptyBatch waits 20 ms and returns the reply to a getMore without results.
func emptyBatch(id uint32, getMore bson.Raw) []byte {
	<-time.After(20 * time.Millisecond) // MongoDB waits too; otherwise the client would send getMore in a tight loop
	cursor := bson.D{{Key: "id", Value: getMore.Lookup("getMore").AsInt64()},
		{Key: "ns", Value: getMore.Lookup("$db").StringValue() + ".$cmd.aggregate"}, {Key: "nextBatch", Value: bson.A{}}}
	return replyTo(id, opMsg, bson.D{{Key: "cursor", Value: cursor}, {Key: "ok", Value: 1}})
}

// replyTo returns the message that answers a request. The handshake, an OP_QUERY, is
// answered by an OP_REPLY.
func replyTo(id, opcode uint32, reply bson.D) []byte {
	body, err := bson.Marshal(reply)
	if err != nil {
		panic(err)
	}
	head := make([]byte, 5) // flags and the kind of the section
	code := uint32(opMsg)
	if opcode == opQuery {
		head, code = make([]byte, 20), opReply // flags, cursor, offset, and the number of documents
		head[16] = 1
	}
	var m []byte
	for _, n := range []uint32{uint32(headerSize + len(head) + len(body)), 0, id, code} {
		m = binary.LittleEndian.AppendUint32(m, n)
	}
	return append(append(m, head...), body...)
}
