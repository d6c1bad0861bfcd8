package wire

import (
	"bytes"
	"crypto/rand"
	"strconv"

	"github.com/tinylib/msgp/msgp"

	"parley/chat"
	"parley/internal/frame"
)

// SocketIO writes values as packets of Socket.IO's default parser, SocketIOMsgPack as those
// of socket.io-msgpack-parser. Each value is one or more whole WebSocket frames, which are
// the same for all connections, so that the hub can join them as it joins values of other
// codecs. Their commands come as packets (ParsePacket); they have no body over HTTP.
var (
	SocketIO        = &Codec{Index: 2, Text: true, base: JSON, readItem: readItemJSON}
	SocketIOMsgPack = &Codec{Index: 3, base: MsgPack, readItem: readItemNotepack}
)

// EventHello and EventFailed are the events of Socket.IO that are not events or signals of
// the protocol: the ok of hello, and the error of a command that was sent without an ack.
const (
	EventHello  = "hello"
	EventFailed = "failed"
)

// Failed is the argument of EventFailed.
type Failed struct {
	Do    string      `json:"do" msgpack:"do"`
	Error *chat.Error `json:"error" msgpack:"error"`
}

// Disconnect is the value that ends a Socket.IO connection for good: its client does not
// reconnect. The other codecs do not have it.
type Disconnect struct{}

// appendPackets appends v as the frames of packets, or nothing: a command without an ack
// gets no reply.
func (c *Codec) appendPackets(dst []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case chat.Event:
		return c.appendEvent(dst, string(v.Kind), v)
	case *chat.Event:
		return c.appendEvent(dst, string(v.Kind), v)
	case Signal:
		return c.appendEvent(dst, v.Signal, v)
	case Disconnect:
		return c.AppendPacket(dst, &Packet{Type: PacketDisconnect}), nil
	case Failure:
		return c.appendFailure(dst, v)
	case Reply:
		if hello, ok := v.OK.(*Hello); ok {
			dst = c.AppendPacket(dst, &Packet{Type: PacketConnect, Data: c.field("sid", c.text(rand.Text()))})
			return c.appendEvent(dst, EventHello, hello)
		}
		if v.Re == 0 {
			return dst, nil
		}
		ok := v.OK
		if ok == nil {
			ok = struct{}{}
		}
		return c.appendAck(dst, v.Re, "ok", ok)
	}
	return dst, errNoPacket
}

func (c *Codec) appendFailure(dst []byte, f Failure) ([]byte, error) {
	switch {
	case f.Closes && (f.Error.Code == chat.Unavailable || f.Error.Code == chat.Internal):
		return dst, nil // the client reconnects when the connection closes, but not after a CONNECT_ERROR
	case f.Closes:
		fault, err := c.base.Append(nil, f.Error)
		return c.AppendPacket(dst, &Packet{Type: PacketConnectError, Data: c.fields("message", c.text(f.Error.Message), "data", c.trim(fault))}), err
	case f.Re == 0:
		return c.appendEvent(dst, EventFailed, Failed{chat.Cut(f.Do, 64), f.Error})
	}
	return c.appendAck(dst, f.Re, "error", f.Error)
}

// ConnectError returns the refusal of a CONNECT to a namespace.
func (c *Codec) ConnectError(namespace, message string) []byte {
	return c.AppendPacket(nil, &Packet{Type: PacketConnectError, Namespace: namespace, Data: c.field("message", c.text(message))})
}

func (c *Codec) appendEvent(dst []byte, name string, v any) ([]byte, error) {
	value, err := c.base.Append(nil, v)
	return c.AppendPacket(dst, &Packet{Type: PacketEvent, Data: c.list(c.text(name), c.trim(value))}), err
}

// appendAck appends the ack of the command with the ID re.
func (c *Codec) appendAck(dst []byte, re uint64, key string, v any) ([]byte, error) {
	value, err := c.base.Append(nil, v)
	return c.AppendPacket(dst, &Packet{Type: PacketAck, HasID: true, ID: re - 1, Data: c.list(c.field(key, c.trim(value)))}), err
}

// trim removes the line feed that ends a value in JSON.
func (c *Codec) trim(value []byte) []byte {
	if c.Text {
		return bytes.TrimSuffix(value, []byte{'\n'})
	}
	return value
}

// text returns a string as a value.
func (c *Codec) text(s string) []byte {
	e := encoder{json: c.Text}
	e.string(s)
	return e.b
}

// list returns encoded values as a list.
func (c *Codec) list(values ...[]byte) []byte {
	if c.Text {
		return append(append([]byte{'['}, bytes.Join(values, []byte{','})...), ']')
	}
	return append(msgp.AppendArrayHeader(nil, uint32(len(values))), bytes.Join(values, nil)...)
}

// field returns a map of one encoded value, fields one of two.
func (c *Codec) field(name string, value []byte) []byte {
	if c.Text {
		return append(append(append([]byte{'{'}, c.text(name)...), ':'), append(value[:len(value):len(value)], '}')...)
	}
	return append(msgp.AppendString([]byte{0x81}, name), value...)
}

func (c *Codec) fields(name string, value []byte, name2 string, value2 []byte) []byte {
	first, second := c.field(name, value), c.field(name2, value2)
	if c.Text {
		return append(append(first[:len(first)-1], ','), second[1:]...)
	}
	first[0] = 0x82
	return append(first, second[1:]...)
}

// AppendPacket appends p as one frame. Data is in the codec's form.
func (c *Codec) AppendPacket(dst []byte, p *Packet) []byte {
	if c.Text {
		return frame.Append(dst, true, p.appendText(append(make([]byte, 0, 64+len(p.Data)), engineMessage)))
	}
	return frame.Append(dst, false, p.appendMsgPack(make([]byte, 0, 64+len(p.Data))))
}

// engineMessage begins the text of an Engine.IO message; a binary one has no such mark.
const engineMessage = '4'

func (p *Packet) appendText(b []byte) []byte {
	kind := p.Type
	if p.Attachments > 0 {
		kind += PacketBinaryEvent - PacketEvent
	}
	b = append(b, '0'+byte(kind))
	if p.Attachments > 0 {
		b = append(strconv.AppendInt(b, int64(p.Attachments), 10), '-')
	}
	if p.Namespace != "" && p.Namespace != "/" {
		b = append(append(b, p.Namespace...), ',')
	}
	if p.HasID {
		b = strconv.AppendUint(b, p.ID, 10)
	}
	return append(b, p.Data...)
}

func (p *Packet) appendMsgPack(b []byte) []byte {
	namespace, size := p.Namespace, byte(2)
	if namespace == "" {
		namespace = "/"
	}
	if p.Data != nil {
		size++
	}
	if p.HasID {
		size++
	}
	b = msgp.AppendUint64(msgp.AppendString(append(b, 0x80|size), "type"), uint64(p.Type))
	if p.Data != nil {
		b = append(msgp.AppendString(b, "data"), p.Data...)
	}
	if p.HasID {
		b = msgp.AppendUint64(msgp.AppendString(b, "id"), p.ID)
	}
	return msgp.AppendString(msgp.AppendString(b, "nsp"), namespace)
}
