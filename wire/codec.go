package wire

import (
	"bytes"
	"fmt"
	"sync"
)

// Codec is a form in which every value can be written and read. It is a value with
// its functions: a further codec is one more value in Codecs.
type Codec struct {
	Index    int    // position in Codecs, and the hub's index of encoded frames
	Protocol string // WebSocket subprotocol (RFC 6455, section 1.9)
	Text     bool   // values are sent in text messages, one per line

	encode   func(dst []byte, v any) ([]byte, error)        // appends v
	history  func(dst []byte, h History) []byte             // appends a page, as encode would
	check    func(b []byte) (value, rest []byte, err error) // returns the extent of the first value of b
	readItem func(b []byte) (it item, rest []byte)          // reads the first item of checked bytes; cannot fail
	body     func(b []byte) ([]byte, error)                 // returns a request's body as one checked JSON value

	base *Codec // of a codec of Socket.IO (socketio.go), which has only this and readItem: the codec of what its packets hold
}

// MsgPack writes values back to back, in binary messages.
var MsgPack = &Codec{
	Index: 0, Protocol: "parley.v1.msgpack",
	encode: encodeMsgPack, history: historyMsgPack,
	check: checkMsgPack, readItem: readItemMsgPack, body: msgPackToJSON,
}

// JSON writes one value per line, in text messages.
var JSON = &Codec{
	Index: 1, Protocol: "parley.v1.json", Text: true,
	encode: encodeJSON, history: historyJSON,
	check: checkLine, readItem: readItemJSON, body: checkBody,
}

// Codecs are all codecs, by Index.
var Codecs = []*Codec{MsgPack, JSON, SocketIO, SocketIOMsgPack}

// ForProtocol returns the codec of a negotiated subprotocol, and JSON for "", which
// is negotiated when the client asked for none.
func ForProtocol(name string) *Codec {
	for _, c := range Codecs {
		if c.Protocol == name && name != "" {
			return c
		}
	}
	return JSON
}

// Append appends v to dst: a noun of chat, a struct of this package, or one that
// carries json and msgpack tags alike. A nil list in a field of v (or of a Reply's
// OK) is written as an empty one. Encoded values can be concatenated: a JSON value
// ends with a line feed. After an error the returned slice is dst.
func (c *Codec) Append(dst []byte, v any) ([]byte, error) {
	if h, ok := v.(History); ok && c.base == nil {
		return c.history(dst, h), nil
	}
	var b []byte
	var err error
	if c.base != nil {
		b, err = c.appendPackets(dst, v)
	} else {
		b, err = c.encode(dst, normalize(v))
	}
	if err != nil {
		return dst, fmt.Errorf("wire: encode %T: %w", v, err)
	}
	return b, nil
}

// Encode returns v in a new slice without spare capacity, since the hub keeps many of
// them. It panics if v cannot be encoded, which only a mistake in the type of v can
// cause.
func (c *Codec) Encode(v any) (b []byte) {
	c.With(v, func(encoded []byte) { b = bytes.Clone(encoded) })
	return b
}

// With calls f with the encoded v. The buffer is reused after f returns. It is for
// bytes that are written once.
func (c *Codec) With(v any, f func([]byte)) {
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

// maxPooled is the size in bytes above which a buffer is not reused.
const maxPooled = 64 << 10

var buffers = sync.Pool{New: func() any { return new([]byte) }}

type appender struct{ b []byte }

func (a *appender) Write(p []byte) (int, error) {
	a.b = append(a.b, p...)
	return len(p), nil
}

// item is one decoded value. The members of a list or map are not decoded.
type item struct {
	kind    kind
	text    []byte // kindString: its bytes, in MessagePack not yet checked to be UTF-8
	body    []byte // kindList, kindMap: the bytes of the members
	n       uint64 // kindInt: the absolute value
	neg     bool   // kindInt
	boolean bool
	float   float64 // kindFloat
}

type kind uint8

const (
	kindNull kind = iota
	kindString
	kindInt
	kindBool
	kindList
	kindMap
	kindFloat // MessagePack: a float. JSON: a number that is not a 64-bit integer
	kindOther // MessagePack: bin and ext
)

// maxDepth is the greatest nesting of lists and maps.
const maxDepth = 8

// trim removes white space as JSON defines it (RFC 8259, section 2).
func trim(b []byte) []byte { return bytes.Trim(b, " \t\r\n") }
