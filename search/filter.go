package search

import (
	"slices"
	"strings"
	"time"

	"parley/chat"
)

// A filter of a query asks for a word that no text has.
func fromWord(u chat.UserID) string     { return "\x00from:" + string(u) }
func mentionsWord(u chat.UserID) string { return "\x00mentions:" + string(u) }
func hasWord(what string) string        { return "\x00has:" + what }

const (
	hasFile = "file"
	hasLink = "link"
)

// kinds are what a message may have, by a filter of a query.
var kinds = []string{hasFile, string(chat.ImageFile), string(chat.VideoFile), string(chat.AudioFile), hasLink}

// Filters returns the words by which the filters of a query find a message.
func Filters(m chat.Message) []string {
	words := []string{fromWord(m.By)}
	for _, u := range m.Mentions {
		words = append(words, mentionsWord(u))
	}
	for i := range m.Files {
		for _, what := range []string{hasFile, string(m.Files[i].Kind())} {
			if w := hasWord(what); slices.Contains(kinds, what) && !slices.Contains(words, w) {
				words = append(words, w)
			}
		}
	}
	if link(m.Text) {
		words = append(words, hasWord(hasLink))
	}
	return words
}

// link reports whether a text has an address that the page shows as a link.
func link(text string) bool {
	for rest := text; ; {
		_, after, ok := strings.Cut(rest, "://")
		if !ok {
			return false
		}
		scheme := strings.ToLower(rest[:len(rest)-len(after)-len("://")])
		if (strings.HasSuffix(scheme, "http") || strings.HasSuffix(scheme, "https")) && after != "" && after[0] > ' ' {
			return true
		}
		rest = after
	}
}

// AddFrom restricts the query to what a user posted.
func (q *Query) AddFrom(u chat.UserID) { q.Terms = append(q.Terms, filterTerm(fromWord(u))) }

// AddMentions restricts the query to what names a user.
func (q *Query) AddMentions(u chat.UserID) { q.Terms = append(q.Terms, filterTerm(mentionsWord(u))) }

// filters are the names before a colon that have a meaning in a query.
var filters = []string{"from", "in", "before", "after", "on", "has", "mentions"}

// filter adds what name:value means.
func (p *parser) filter(name, value string) error {
	if p.given[name] && name != "in" && name != "has" {
		return fail("%s: is there twice", name)
	}
	p.given[name] = true
	switch name {
	case "from", "mentions":
		handle, ok := who(value)
		switch {
		case value == "" || value == "@":
			return fail("%s: needs a handle, as in %s:@ann, or me", name, name)
		case !ok:
			return fail("%s: %q is not a handle", name, value)
		case name == "from":
			p.names.From = handle
		default:
			p.names.Mentions = handle
		}
	case "in":
		if value == "" {
			return fail(`in: needs a chat, as in in:"General"`)
		}
		p.names.In = append(p.names.In, value)
	case "has":
		what := strings.ToLower(value)
		what = strings.TrimSuffix(what, "s")
		switch {
		case value == "":
			return fail("has: needs one of %s", strings.Join(kinds, ", "))
		case !slices.Contains(kinds, what):
			return fail("has: %q is not one of %s", value, strings.Join(kinds, ", "))
		}
		if !p.given[hasWord(what)] {
			p.given[hasWord(what)] = true
			p.query.Terms = append(p.query.Terms, filterTerm(hasWord(what)))
		}
	default:
		from, to, ok := p.days(value)
		switch {
		case value == "":
			return fail("%s: needs a day, a month or a year, as in %s:2026-01-31", name, name)
		case !ok:
			return fail("%s: %q is not a day, a month or a year, as in %s:2026-01-31", name, value, name)
		}
		p.bound(name, from, to)
	}
	return nil
}

// Me is the name of the viewer in from: and mentions:.
const Me = "me"

// who returns the handle that was typed, or Me. An account with that handle is of an older
// server, and found as @me.
func who(value string) (handle string, ok bool) {
	if strings.EqualFold(value, Me) {
		return Me, true
	}
	handle, err := chat.ParseHandle(value)
	return handle, err == nil
}

// days returns the time from the beginning of the days that value names to the end of them.
func (p *parser) days(value string) (from, to time.Time, ok bool) {
	year, month, day := p.now.Date()
	switch strings.ToLower(value) {
	case "today":
		return p.date(year, month, day), p.date(year, month, day+1), true
	case "yesterday":
		return p.date(year, month, day-1), p.date(year, month, day), true
	}
	for _, form := range []struct {
		layout              string
		years, months, days int
	}{{"2006-01-02", 0, 0, 1}, {"2006-01", 0, 1, 0}, {"2006", 1, 0, 0}} {
		if t, err := time.Parse(form.layout, value); err == nil && t.Year() > 0 {
			year, month, day := t.Date()
			return p.date(year, month, day), p.date(year+form.years, month+time.Month(form.months), day+form.days), true
		}
	}
	return from, to, false
}

// date returns the beginning of a day in the zone of the question.
func (p *parser) date(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, p.now.Location())
}

// bound applies the filters of dates. What is after a day is after its end.
func (p *parser) bound(name string, from, to time.Time) {
	if name != "before" {
		start := to
		if name == "on" {
			start = from
		}
		p.query.After = max(p.query.After, start.UnixMilli(), 1)
	}
	if name != "after" {
		end := from
		if name == "on" {
			end = to
		}
		if at := max(1, end.UnixMilli()); p.query.Before == 0 || at < p.query.Before {
			p.query.Before = at
		}
	}
}
