package mongotest

import (
	"encoding/binary"
	"net"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Hello is what a Fake answers to hello and isMaster. The zero value is a standalone
// server.
type Hello struct {
	SetName      string
	NotInitiated bool // started with --replSet, before rs.initiate
	Router       bool // mongos
	WireVersion  int  // the maximum; 0: that of MongoDB 8.0
}

// Fake is a server that stores nothing: a test chooses its answers.
type Fake struct {
	addr  string
	hello Hello
	reply func(Command) bson.D
}

// StartFake starts a Fake on loopback that is closed at the end of the test. reply returns
// the answer to a command, nil for {ok: 1}; it may be nil, and must be safe for concurrent
// use.
func StartFake(t testing.TB, hello Hello, reply func(Command) bson.D) *Fake {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &Fake{addr: l.Addr().String(), hello: hello, reply: reply}
	var accepting, serving sync.WaitGroup
	var conns []net.Conn // owned by the goroutine that accepts, until it ends
	accepting.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conns = append(conns, conn)
			serving.Go(func() { f.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		accepting.Wait()
		for _, conn := range conns {
			_ = conn.Close()
		}
		serving.Wait()
	})
	return f
}

// Addr returns the host and port of the server.
func (f *Fake) Addr() string { return f.addr }

func (f *Fake) serve(conn net.Conn) {
	defer conn.Close()
	for {
		message, err := readMessage(conn)
		if err != nil {
			return
		}
		answer := f.answer(parseCommand(message))
		if _, err := conn.Write(replyTo(binary.LittleEndian.Uint32(message[4:]), opcode(message), answer)); err != nil {
			return
		}
	}
}

func (f *Fake) answer(c Command) bson.D {
	switch c.Name {
	case "hello", "isMaster", "ismaster":
		return f.helloReply()
	}
	if f.reply != nil {
		if answer := f.reply(c); answer != nil {
			return answer
		}
	}
	return bson.D{{Key: "ok", Value: 1}}
}

func (f *Fake) helloReply() bson.D {
	wire := f.hello.WireVersion
	if wire == 0 {
		wire = 25
	}
	primary := !f.hello.NotInitiated
	d := bson.D{{Key: "helloOk", Value: true}, {Key: "ismaster", Value: primary}, {Key: "isWritablePrimary", Value: primary},
		{Key: "minWireVersion", Value: 0}, {Key: "maxWireVersion", Value: wire}, {Key: "logicalSessionTimeoutMinutes", Value: 30},
		{Key: "maxBsonObjectSize", Value: 16 << 20}, {Key: "maxMessageSizeBytes", Value: 48_000_000}, {Key: "maxWriteBatchSize", Value: 100_000}}
	switch {
	case f.hello.Router:
		d = append(d, bson.E{Key: "msg", Value: "isdbgrid"})
	case f.hello.NotInitiated:
		d = append(d, bson.E{Key: "isreplicaset", Value: true})
	case f.hello.SetName != "":
		d = append(d, bson.E{Key: "setName", Value: f.hello.SetName}, bson.E{Key: "hosts", Value: bson.A{f.addr}}, bson.E{Key: "me", Value: f.addr})
	}
	return append(d, bson.E{Key: "ok", Value: 1})
}
