package wire

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"parley/chat"
)

// PacketType is the type of a Socket.IO packet.
type PacketType uint8

// Types of packets (Socket.IO protocol, version 5). A parsed packet with binary arguments
// has the type of one without them, and Attachments.
const (
	PacketConnect PacketType = iota
	PacketDisconnect
	PacketEvent
	PacketAck
	PacketConnectError
	PacketBinaryEvent
	PacketBinaryAck
)

// Bounds of a packet.
const (
	MaxAttachments = 10
	maxAckDigits   = 15 // an integer in JavaScript
	maxNamespace   = 100
)

// reservedEvents are the names that no client may send.
var reservedEvents = []string{"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"}

// Packet is one packet of Socket.IO. Of one that was parsed, Data points into the message.
type Packet struct {
	Type        PacketType
	Namespace   string // "/" is the main one
	ID          uint64 // of the ack, if HasID
	HasID       bool
	Attachments int    // binary messages that follow
	Data        []byte // checked, in the codec's form; nil: none

	codec *Codec
}

var errNoPacket = fmt.Errorf("wire: no value of Socket.IO")

func errPacket(what string) error { return fmt.Errorf("%w: %s", ErrMalformed, what) }

// ParsePacket parses one message of a client: all of b. c is SocketIO or SocketIOMsgPack.
// Every error wraps ErrMalformed.
func (c *Codec) ParsePacket(b []byte) (p Packet, err error) {
	if c.Text {
		p, err = parseText(b)
	} else {
		p, err = parseMsgPack(b)
	}
	if err != nil {
		return Packet{}, err
	}
	p.codec = c
	if err := p.check(); err != nil {
		return Packet{}, err
	}
	return p, nil
}

// parseText parses TYPE[ATTACHMENTS-][NAMESPACE,][ID][JSON].
func parseText(b []byte) (p Packet, err error) {
	if len(b) == 0 || b[0] < '0' || b[0] > '6' {
		return p, errPacket("unknown type of packet")
	}
	p.Type, b = PacketType(b[0]-'0'), b[1:]
	if p.Type == PacketBinaryEvent || p.Type == PacketBinaryAck {
		digits, rest, found := bytes.Cut(b, []byte{'-'})
		n, err := strconv.ParseUint(string(digits[:min(len(digits), 3)]), 10, 8)
		if !found || err != nil || len(digits) > 2 || n > MaxAttachments {
			return p, errPacket("number of attachments")
		}
		p.Attachments, b = int(n), rest
		p.Type -= PacketBinaryEvent - PacketEvent
	}
	p.Namespace = "/"
	if len(b) > 0 && b[0] == '/' {
		name, rest, _ := bytes.Cut(b, []byte{','})
		name, _, _ = bytes.Cut(name, []byte{'?'})
		if len(name) > maxNamespace {
			return p, errPacket("namespace")
		}
		p.Namespace, b = string(name), rest
	}
	digits := 0
	for digits < len(b) && b[digits] >= '0' && b[digits] <= '9' {
		digits++
	}
	if digits > 0 {
		if digits > maxAckDigits {
			return p, errPacket("ack id")
		}
		p.ID, _ = strconv.ParseUint(string(b[:digits]), 10, 64) // cannot fail
		p.HasID, b = true, b[digits:]
	}
	if len(b) > 0 {
		if err := checkJSON(b); err != nil {
			return p, err
		}
		p.Data = b
	}
	return p, nil
}

// parseMsgPack parses a map of type, nsp, data and id. It has no attachments: binary
// arguments are part of data.
func parseMsgPack(b []byte) (p Packet, err error) {
	value, rest, err := checkMsgPack(b)
	if err != nil {
		return p, err
	}
	top, _ := readItemMsgPack(value)
	if top.kind != kindMap || len(rest) > 0 {
		return p, errPacket("a packet must be one map")
	}
	p.Namespace = "/"
	typed := false
	for body := top.body; len(body) > 0; {
		var key, v item
		key, body = readItemMsgPack(body)
		before := body
		v, body = readItemNotepack(body)
		raw := before[:len(before)-len(body)]
		if key.kind != kindString {
			return p, errPacket("key of a packet")
		}
		switch string(key.text) {
		case "type":
			if v.kind != kindInt || v.neg && v.n != 0 || v.n > uint64(PacketBinaryAck) {
				return p, errPacket("unknown type of packet")
			}
			p.Type, typed = PacketType(v.n), true
		case "nsp":
			if v.kind != kindString || len(v.text) > maxNamespace || !strings.HasPrefix(string(v.text), "/") {
				return p, errPacket("namespace")
			}
			p.Namespace = strings.ToValidUTF8(string(v.text), "?")
		case "data":
			if p.Data = nil; v.kind != kindNull {
				p.Data = raw
			}
		case "id":
			if v.kind == kindNull {
				continue
			}
			if v.kind != kindInt || v.neg && v.n != 0 || v.n > 1<<53 {
				return p, errPacket("ack id")
			}
			p.ID, p.HasID = v.n, true
		}
	}
	if !typed {
		return p, errPacket("unknown type of packet")
	}
	switch p.Type { // of older clients
	case PacketBinaryEvent:
		p.Type = PacketEvent
	case PacketBinaryAck:
		p.Type = PacketAck
	}
	return p, nil
}

// check checks that Data is what the type of the packet needs.
func (p *Packet) check() error {
	var data item
	if p.Data != nil {
		data, _ = p.codec.readItem(p.Data)
	}
	switch p.Type {
	case PacketConnect: // its data are checked by Connect, so that the client is told
	case PacketDisconnect:
		if p.Data != nil {
			return errPacket("DISCONNECT has no data")
		}
	case PacketEvent:
		if data.kind != kindList || len(data.body) == 0 {
			return errPacket("an event must be a list that begins with its name")
		}
		name, _ := p.codec.readItem(data.body)
		if name.kind != kindString && name.kind != kindInt || slices.Contains(reservedEvents, string(name.text)) {
			return errPacket("name of an event")
		}
	case PacketAck:
		if data.kind != kindList || !p.HasID {
			return errPacket("an ack must be a list")
		}
	default:
		return errPacket("a client sends no CONNECT_ERROR")
	}
	return nil
}

// readItemNotepack is readItemMsgPack, but null for the form of undefined that
// JavaScript's notepack writes.
func readItemNotepack(b []byte) (it item, rest []byte) {
	if len(b) >= 3 && b[0] == 0xd4 && b[1] == 0 { // fixext 1, type 0
		return item{}, b[3:]
	}
	return readItemMsgPack(b)
}

// Command returns the command of an event: its name and the fields of its first argument.
// The ID is one more than that of the ack, 0 without one. The command shares no memory with
// the packet. The error is a *chat.Error, as that of Codec.Next.
func (p *Packet) Command(names ...string) (cmd Command, err error) {
	c := p.codec
	list, _ := c.readItem(p.Data)
	name, args := c.readItem(list.body)
	if p.HasID {
		cmd.ID = p.ID + 1
	}
	if name.kind == kindString {
		if fault := cmd.set(c, item{kind: kindString, text: []byte("do")}, name, names); fault != nil {
			return cmd, fault
		}
	}
	if len(args) == 0 {
		return cmd, nil
	}
	arg, _ := c.readItem(args)
	if fault := cmd.setAll(c, arg, func(field string) bool { return field != "id" && field != "do" }); fault != nil {
		return cmd, fault
	}
	return cmd, nil
}

// setAll sets the fields of a map for which wanted returns true. It returns the first
// error, but sets the other fields as well.
func (cmd *Command) setAll(c *Codec, fields item, wanted func(string) bool) (err *chat.Error) {
	switch fields.kind {
	case kindNull:
		return nil
	case kindMap:
	default:
		return chat.Fail(chat.BadInput, "a command takes one argument, a map of fields")
	}
	for body := fields.body; len(body) > 0; {
		var key, v item
		key, body = c.readItem(body)
		v, body = c.readItem(body)
		if key.kind == kindString && !wanted(string(key.text)) {
			continue
		}
		if fault := cmd.set(c, key, v, nil); fault != nil && err == nil {
			err = fault
		}
	}
	return err
}

// ConnectFields are the fields of auth, those of hello and resume.
var ConnectFields = []string{"token", "as", "epoch", "seen", "at", "more"}

// Connect returns the fields of auth in a CONNECT as those of one command, without Do.
// Clients whose auth has strings alone send seen and at as JSON in a string, and more as
// "true". The error is a *chat.Error.
func (p *Packet) Connect() (cmd Command, err error) {
	if p.Data == nil {
		return cmd, nil
	}
	auth, _ := p.codec.readItem(p.Data)
	if auth.kind != kindMap && auth.kind != kindNull {
		return cmd, chat.FailField(chat.BadInput, "auth", "auth must be a map of fields")
	}
	for body := auth.body; len(body) > 0; {
		var key, v item
		key, body = p.codec.readItem(body)
		v, body = p.codec.readItem(body)
		if key.kind != kindString || !slices.Contains(ConnectFields, string(key.text)) {
			continue
		}
		c := p.codec
		switch field := string(key.text); {
		case v.kind != kindString:
		case field == "seen" || field == "at":
			if checkJSON(v.text) != nil {
				return cmd, chat.FailField(chat.BadInput, field, "%s must be a map, or JSON of one in a string", field)
			}
			c = JSON
			v, _ = readItemJSON(v.text)
		case field == "more" && (string(v.text) == "true" || string(v.text) == "false"):
			v = item{kind: kindBool, boolean: string(v.text) == "true"}
		}
		if fault := cmd.set(c, key, v, nil); fault != nil && err == nil {
			err = fault
		}
	}
	return cmd, err
}
