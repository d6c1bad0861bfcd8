package search

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"parley/chat"
)

// Bounds of a query.
const (
	MaxQuery = 1000 // bytes
	maxWords = 50
)

// MinPrefix is how many letters the last word needs to find the words that begin with it:
// in all chats, and in one chat.
const (
	MinPrefix        = 3
	MinPrefixOneChat = 2
)

// Names are the people and chats of a query as they were typed. Package find looks
// them up for the viewer, and adds what they mean to the Query.
type Names struct {
	From, Mentions string // a handle, or me; "": not given
	In             []string
	Text           string // the words, without filters and quotes, which may be names themselves
}

// Parse returns what a person typed as a query. Dates are days in the zone, that of now.
// oneChat: one chat is searched, without an in: in q.
//
//	word "a phrase" from:@ann in:"a title" before:2026-01-31 after:2026-01 on:yesterday
//	has:file mentions:me
//
// What is written without a space is one term: "git.example.com" is a phrase of three words.
// A colon after another word has no meaning.
func Parse(q string, now time.Time, oneChat bool) (Query, Names, error) {
	p := parser{now: now, oneChat: oneChat, given: map[string]bool{}, last: -1}
	switch {
	case len(q) > MaxQuery:
		return Query{}, Names{}, fail("a search has at most %d bytes", MaxQuery)
	case !utf8.ValidString(q):
		return Query{}, Names{}, fail("q must be UTF-8")
	}
	for rest := strings.TrimLeftFunc(q, unicode.IsSpace); rest != ""; rest = strings.TrimLeftFunc(rest, unicode.IsSpace) {
		var err error
		if rest, err = p.next(rest); err != nil {
			return Query{}, Names{}, err
		}
	}
	return p.finish()
}

func fail(format string, args ...any) error {
	return chat.FailField(chat.BadInput, "q", format, args...)
}

type parser struct {
	now     time.Time
	oneChat bool
	query   Query
	names   Names
	given   map[string]bool // the filters that were given
	last    int             // index of the term whose last word may be a beginning; -1: none
	words   int
}

// next reads one phrase, filter or word, and returns what follows it.
func (p *parser) next(s string) (rest string, err error) {
	if r, size := utf8.DecodeRuneInString(s); quote(r) {
		phrase, rest, closed := quoted(s[size:])
		return rest, p.text(phrase, !closed)
	}
	end := strings.IndexFunc(s, unicode.IsSpace)
	if end < 0 {
		end = len(s)
	}
	name, value, ok := strings.Cut(s[:end], ":")
	if name = strings.ToLower(name); !ok || !slices.Contains(filters, name) {
		return s[end:], p.text(s[:end], true)
	}
	rest = s[end:]
	if r, size := utf8.DecodeRuneInString(value); quote(r) {
		value, rest = quotedValue(s[len(name)+1+size:])
	}
	return rest, p.filter(name, strings.TrimSpace(value))
}

// quote reports whether r begins and ends a phrase. Phones write curly ones.
func quote(r rune) bool { return strings.ContainsRune("\"“”„‟＂", r) }

// quoted returns what s has up to a closing quote, and what follows that.
func quoted(s string) (phrase, rest string, closed bool) {
	for i, r := range s {
		if quote(r) {
			return s[:i], s[i+utf8.RuneLen(r):], true
		}
	}
	return s, "", false
}

// quotedValue returns the value of a filter up to a closing quote, and what follows that. A quote
// after a backslash is a part of the value.
func quotedValue(s string) (value, rest string) {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if next, n := utf8.DecodeRuneInString(s[i+size:]); r == '\\' && quote(next) {
			b.WriteRune(next)
			i += size + n
			continue
		}
		if quote(r) {
			return b.String(), s[i+size:]
		}
		b.WriteRune(r)
		i += size
	}
	return b.String(), ""
}

// text adds a term for words that stand together. open says that the last one may be the
// beginning of a word.
func (p *parser) text(s string, open bool) error {
	t := term(s)
	if len(t.Words) == 0 {
		return nil
	}
	p.names.Text = strings.TrimLeft(p.names.Text+" "+s, " ")
	if p.words += len(t.Words); p.words > maxWords {
		return fail("that is too much to search for at once: leave some words out")
	}
	p.last = -1
	if open {
		p.last = len(p.query.Terms)
	}
	p.query.Terms = append(p.query.Terms, t)
	return nil
}

// term returns the term for words that stand together.
func term(s string) (t Term) {
	tokens := slices.DeleteFunc(Tokens(s), func(t Token) bool { return t.kind == beside })
	for i := 0; i < len(tokens); i++ {
		w := Word{Text: tokens[i].Word, Offset: tokens[i].Pos - tokens[0].Pos}
		switch tokens[i].kind {
		case lastIdeograph: // the only one of its run
			w.Prefix = endsWord(s[tokens[i].End:])
			t.Words = append(t.Words, w)
		case ideographs:
			last := i // of two
			for last+1 < len(tokens) && tokens[last+1].kind == ideographs {
				last++
			}
			for ; i < last; i += 2 { // each character is in one word
				t.Words = append(t.Words, Word{Text: tokens[i].Word, Offset: tokens[i].Pos - tokens[0].Pos})
			}
			t.Words = append(t.Words, Word{Text: tokens[last].Word, Offset: tokens[last].Pos - tokens[0].Pos})
			i = last + 1 // without the last ideograph alone
		default:
			t.Words = append(t.Words, w)
		}
	}
	return t
}

// endsWord reports whether what is written as one word ends before s.
func endsWord(s string) bool {
	r, size := utf8.DecodeRuneInString(s)
	return size == 0 || unicode.IsSpace(r)
}

// finish returns the query.
func (p *parser) finish() (Query, Names, error) {
	if p.last >= 0 {
		p.openLast()
	}
	if len(p.query.Terms) == 0 && len(p.given) == 0 {
		return Query{}, Names{}, fail("there is no word to search for")
	}
	if p.query.After != 0 && p.query.Before != 0 && p.query.After >= p.query.Before {
		return Query{}, Names{}, fail("no day is in this range of dates")
	}
	return p.query, p.names, nil
}

// openLast makes the last word a beginning, if it is long enough.
func (p *parser) openLast() {
	words := p.query.Terms[p.last].Words
	w := &words[len(words)-1]
	last, _ := utf8.DecodeLastRuneInString(w.Text)
	least := MinPrefix
	if p.oneChat || len(p.names.In) == 1 {
		least = MinPrefixOneChat
	}
	if classOf(last) != ideograph && classOf(last) != separator && utf8.RuneCountInString(strings.TrimLeft(w.Text, "#@")) >= least {
		w.Prefix = true
	}
}
