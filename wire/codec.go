package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/shamaton/msgpack/v2"
)

// Codec is a form in which every value can be written. Its number is also the
// hub's index of encoded frames.
type Codec uint8

const (
	MsgPack Codec = iota // values back to back, in binary messages
	JSON                 // values one a line, in text messages
)

// Codecs counts the codecs.
const Codecs = 2

// The names under which WebSocket negotiates a codec (RFC 6455, section 1.9).
const (
	ProtocolMsgPack = "parley.v1.msgpack"
	ProtocolJSON    = "parley.v1.json"
)

// ForProtocol gives the codec of a negotiated subprotocol; JSON for "", which
// is what a client gets that asked for none.
func ForProtocol(name string) Codec {
	if name == ProtocolMsgPack {
		return MsgPack
	}
	return JSON
}

// Append writes v behind dst: a noun of chat, a struct of this package, or one
// that carries json and msgpack tags alike. A nil list that is a field of v (or
// of a Reply's OK) is written as an empty one. Values can be concatenated: a
// JSON value ends with a line feed. After an error dst is as it was.
func (c Codec) Append(dst []byte, v any) ([]byte, error) {
	if h, ok := v.(History); ok {
		p := pen{b: dst, json: c == JSON}
		p.history(&h)
		if p.json {
			p.b = append(p.b, '\n')
		}
		return p.b, nil
	}
	v = complete(v)
	w := appender{dst}
	var err error
	if c == JSON {
		e := json.NewEncoder(&w)
		e.SetEscapeHTML(false)
		err = e.Encode(v)
	} else {
		// The stream form, because MarshalAsMap of v2.4.1 fails for a struct of
		// more than 15 fields of which 15 or fewer are written.
		err = msgpack.MarshalWriteAsMap(&w, v)
	}
	if err != nil {
		return dst, fmt.Errorf("wire: encode %T: %w", v, err)
	}
	return w.b, nil
}

// Encode is Append to a fresh slice of just the length, since hubs keep many of
// them. It panics if v cannot be encoded, which only a mistake in the type of v
// brings about.
func (c Codec) Encode(v any) (b []byte) {
	c.With(v, func(encoded []byte) { b = bytes.Clone(encoded) })
	return b
}

// With calls f with what Encode gives, in a buffer that is not f's any more when
// f returns. It is for bytes that are written once.
func (c Codec) With(v any, f func([]byte)) {
	buf := buffers.Get().(*[]byte)
	b, err := c.Append((*buf)[:0], v)
	if err != nil {
		panic(err)
	}
	f(b)
	if cap(b) <= maxPooled {
		*buf = b
		buffers.Put(buf)
	}
}

// A buffer that grew above maxPooled bytes is not kept.
const maxPooled = 64 << 10

var buffers = sync.Pool{New: func() any { return new([]byte) }}

type appender struct{ b []byte }

func (a *appender) Write(p []byte) (int, error) {
	a.b = append(a.b, p...)
	return len(p), nil
}

// check gives the extent of the first value of b, which take can then read.
func (c Codec) check(b []byte) (value, rest []byte, err error) {
	if c == JSON {
		return checkLine(b)
	}
	rest, err = skip(b, maxDepth)
	if err != nil {
		return nil, nil, err
	}
	return b[:len(b)-len(rest)], rest, nil
}

// take reads the first item of checked bytes. It cannot fail.
func (c Codec) take(b []byte) (it item, rest []byte) {
	if c == JSON {
		return takeJSON(b)
	}
	return takeMsgPack(b)
}

// item is one value, taken apart by a level.
type item struct {
	kind  kind
	text  []byte // text: its bytes, in MessagePack not yet checked to be UTF-8
	body  []byte // list, table: the bytes of the members
	n     uint64 // whole: the number without its sign
	neg   bool   // whole
	truth bool
	float float64 // fraction
}

type kind uint8

const (
	null kind = iota
	text
	whole
	truth
	list
	table
	fraction // MessagePack: a float. JSON: a number that is no 64-bit integer
	other    // MessagePack: bin and ext
)

// maxDepth is how many lists and tables may stand within each other.
const maxDepth = 8

// trim cuts white space as JSON knows it (RFC 8259, section 2).
func trim(b []byte) []byte { return bytes.Trim(b, " \t\r\n") }
