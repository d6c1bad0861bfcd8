package wire

import (
	"encoding/json"
	"strconv"
	"unicode/utf8"

	"github.com/tinylib/msgp/msgp"

	"parley/chat"
)

// A page of history is what is read most and has the most values, so it is
// written by hand: byte for byte what the reflection of encoding/json and
// shamaton gives (page_test.go compares), in a quarter of its time.

// pen writes one value in either codec. In MessagePack a table's header holds
// its count of fields, fewer than 16 here, which field raises as they come.
type pen struct {
	b     []byte
	json  bool
	table int // MessagePack: place of the open table's header
}

// open begins a table; close takes what it returns.
func (p *pen) open() (outer int) {
	outer, p.table = p.table, len(p.b)
	if p.json {
		p.b = append(p.b, '{')
	} else {
		p.b = append(p.b, 0x80)
	}
	return outer
}

func (p *pen) close(outer int) {
	p.table = outer
	if p.json {
		p.b = append(p.b, '}')
	}
}

func (p *pen) field(name string) {
	if !p.json {
		p.b[p.table]++
		p.b = msgp.AppendString(p.b, name)
		return
	}
	p.next()
	p.b = append(p.b, '"')
	p.b = append(p.b, name...)
	p.b = append(p.b, '"', ':')
}

// next parts a member of a JSON table or list from the one before.
func (p *pen) next() {
	if last := p.b[len(p.b)-1]; last != '{' && last != '[' {
		p.b = append(p.b, ',')
	}
}

func (p *pen) whole(name string, n int64) {
	p.field(name)
	switch {
	case p.json:
		p.b = strconv.AppendInt(p.b, n, 10)
	case n < 0:
		p.b = msgp.AppendInt64(p.b, n)
	default:
		p.b = msgp.AppendUint64(p.b, uint64(n))
	}
}

func (p *pen) truth(name string, t bool) {
	p.field(name)
	if p.json {
		p.b = strconv.AppendBool(p.b, t)
	} else {
		p.b = msgp.AppendBool(p.b, t)
	}
}

func (p *pen) text(name, s string) {
	p.field(name)
	p.string(s)
}

func (p *pen) string(s string) {
	if !p.json {
		p.b = msgp.AppendString(p.b, s)
		return
	}
	if bare(s) {
		p.b = append(p.b, '"')
		p.b = append(p.b, s...)
		p.b = append(p.b, '"')
		return
	}
	w := appender{p.b}
	e := json.NewEncoder(&w)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string cannot fail
	p.b = w.b[:len(w.b)-1]
}

// bare says that JSON needs no escape in s.
func bare(s string) bool {
	var seen byte // no branch a byte: this looks at all that a page holds
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

// allPlain says that the first eight bytes of s are of no class, looking at all at
// once: subtracting one from a byte sets its highest bit if it was 0 or beyond
// ASCII, and here the latter counts too. What a byte borrows from the next it
// borrows only when it is of a class itself.
func allPlain(s string) bool {
	const each = 0x0101010101010101
	x := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
	return (x|(x-each*' ')|((x^each*'"')-each)|((x^each*'\\')-each))&(each<<7) == 0
}

// Classes of bytes in a text that becomes JSON.
const (
	escaped = 1 << iota // never as it is. U+2028 and U+2029 begin with 0xe2
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

// list writes n members, each by a call of member.
func (p *pen) list(name string, n int, member func(i int)) {
	p.field(name)
	if p.json {
		p.b = append(p.b, '[')
	} else {
		p.b = msgp.AppendArrayHeader(p.b, uint32(n))
	}
	for i := range n {
		if p.json {
			p.next()
		}
		member(i)
	}
	if p.json {
		p.b = append(p.b, ']')
	}
}

func (p *pen) ids(name string, ids []chat.UserID) {
	p.list(name, len(ids), func(i int) { p.string(string(ids[i])) })
}

func (p *pen) history(h *History) {
	outer := p.open()
	p.list("messages", len(h.Messages), func(i int) { p.message(&h.Messages[i]) })
	p.list("users", len(h.Users), func(i int) { p.user(&h.Users[i]) })
	p.whole("head", int64(h.Head))
	p.truth("moreBefore", h.MoreBefore)
	p.truth("moreAfter", h.MoreAfter)
	p.close(outer)
}

func (p *pen) message(m *chat.Message) {
	outer := p.open()
	p.text("chatId", string(m.ChatID))
	p.whole("seq", int64(m.Seq))
	p.whole("at", m.At)
	p.text("by", string(m.By))
	p.text("clientId", m.ClientID)
	p.text("text", m.Text)
	if q := m.Reply; q != nil {
		p.field("reply")
		outer := p.open()
		p.whole("seq", int64(q.Seq))
		p.text("by", string(q.By))
		p.text("text", q.Text)
		p.close(outer)
	}
	if len(m.Mentions) > 0 {
		p.ids("mentions", m.Mentions)
	}
	if m.EditedAt != 0 {
		p.whole("editedAt", m.EditedAt)
	}
	if m.DeletedAt != 0 {
		p.whole("deletedAt", m.DeletedAt)
	}
	if len(m.Reactions) > 0 {
		p.list("reactions", len(m.Reactions), func(i int) { p.reaction(&m.Reactions[i]) })
	}
	p.close(outer)
}

func (p *pen) reaction(r *chat.Reaction) {
	outer := p.open()
	p.text("emoji", r.Emoji)
	p.whole("count", int64(r.Count))
	p.truth("mine", r.Mine)
	p.ids("by", r.By)
	p.close(outer)
}

func (p *pen) user(u *chat.User) {
	outer := p.open()
	p.text("id", string(u.ID))
	p.text("handle", u.Handle)
	p.text("name", u.Name)
	p.text("status", u.Status)
	p.text("role", string(u.Role))
	p.truth("active", u.Active)
	p.close(outer)
}
