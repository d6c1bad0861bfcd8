package wire

import (
	"encoding/json"
	"strconv"
	"unicode/utf8"

	"github.com/tinylib/msgp/msgp"

	"parley/chat"
)

// encoder writes values without reflection, in MessagePack or JSON. The header of a
// MessagePack map contains the number of fields, fewer than 16 here; field increments it.
type encoder struct {
	b     []byte
	json  bool
	mapAt int // MessagePack: index of the open map's header
}

// open begins a map. Its result must be passed to close.
func (e *encoder) open() (outer int) {
	outer, e.mapAt = e.mapAt, len(e.b)
	if e.json {
		e.b = append(e.b, '{')
	} else {
		e.b = append(e.b, 0x80)
	}
	return outer
}

func (e *encoder) close(outer int) {
	e.mapAt = outer
	if e.json {
		e.b = append(e.b, '}')
	}
}

func (e *encoder) field(name string) {
	if !e.json {
		e.b[e.mapAt]++
		e.b = msgp.AppendString(e.b, name)
		return
	}
	e.next()
	e.b = append(e.b, '"')
	e.b = append(e.b, name...)
	e.b = append(e.b, '"', ':')
}

// next separates a member of a JSON map or list from the previous one.
func (e *encoder) next() {
	if last := e.b[len(e.b)-1]; last != '{' && last != '[' {
		e.b = append(e.b, ',')
	}
}

func (e *encoder) integer(name string, n int64) {
	e.field(name)
	switch {
	case e.json:
		e.b = strconv.AppendInt(e.b, n, 10)
	case n < 0:
		e.b = msgp.AppendInt64(e.b, n)
	default:
		e.b = msgp.AppendUint64(e.b, uint64(n))
	}
}

func (e *encoder) boolean(name string, t bool) {
	e.field(name)
	if e.json {
		e.b = strconv.AppendBool(e.b, t)
	} else {
		e.b = msgp.AppendBool(e.b, t)
	}
}

func (e *encoder) text(name, s string) {
	e.field(name)
	e.string(s)
}

func (e *encoder) string(s string) {
	if !e.json {
		e.b = msgp.AppendString(e.b, s)
		return
	}
	if isPlain(s) {
		e.b = append(e.b, '"')
		e.b = append(e.b, s...)
		e.b = append(e.b, '"')
		return
	}
	w := appender{e.b}
	escaping := json.NewEncoder(&w)
	escaping.SetEscapeHTML(false)
	_ = escaping.Encode(s) // a string cannot fail
	e.b = w.b[:len(w.b)-1]
}

// isPlain reports whether JSON needs no escape in s.
func isPlain(s string) bool {
	var seen byte // no branch for each byte: every byte of a page is read here
	rest := s
	for ; len(rest) >= 8; rest = rest[8:] {
		if allPlain(rest) {
			continue
		}
		for i := range 8 {
			seen |= classes[rest[i]]
		}
	}
	for i := range len(rest) {
		seen |= classes[rest[i]]
	}
	return seen&escaped == 0 && (seen == 0 || utf8.ValidString(s))
}

// allPlain reports whether the first eight bytes of s are of no class. It checks all
// at once: subtracting n from a byte below n sets its highest bit, as in bytes beyond
// ASCII, which are of a class too. A byte borrows from the next one only if it is of
// a class itself.
func allPlain(s string) bool {
	const each = 0x0101010101010101
	x := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
	return (x|(x-each*' ')|((x^each*'"')-each)|((x^each*'\\')-each))&(each<<7) == 0
}

// Classes of bytes in a text that is encoded as JSON.
const (
	escaped = 1 << iota // may need an escape. U+2028 and U+2029 begin with 0xe2
	high                // part of a character beyond ASCII
)

var classes = func() (of [256]byte) {
	for c := range of {
		switch {
		case c < ' ', c == '"', c == '\\', c == 0xe2:
			of[c] = escaped
		case c >= utf8.RuneSelf:
			of[c] = high
		}
	}
	return of
}()

// list writes n members; member writes each.
func (e *encoder) list(name string, n int, member func(i int)) {
	e.field(name)
	if e.json {
		e.b = append(e.b, '[')
	} else {
		e.b = msgp.AppendArrayHeader(e.b, uint32(n))
	}
	for i := range n {
		if e.json {
			e.next()
		}
		member(i)
	}
	if e.json {
		e.b = append(e.b, ']')
	}
}

func (e *encoder) ids(name string, ids []chat.UserID) {
	e.list(name, len(ids), func(i int) { e.string(string(ids[i])) })
}
