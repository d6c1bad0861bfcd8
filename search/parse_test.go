package search

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/chat"
)

// showTerms returns terms as text: words of a term with + between them, * for a beginning.
func showTerms(terms []Term) string {
	var all []string
	for _, t := range terms {
		var words []string
		for i, w := range t.Words {
			s := strings.ReplaceAll(w.Text, "\x00", "%")
			if w.Prefix {
				s += "*"
			}
			if i > 0 && w.Offset != t.Words[i-1].Offset+1 {
				s = fmt.Sprintf("%d:%s", w.Offset, s)
			}
			words = append(words, s)
		}
		all = append(all, strings.Join(words, "+"))
	}
	return strings.Join(all, " ")
}

func TestParseTerms(t *testing.T) {
	for q, want := range map[string]string{
		"hello world":               "hello world*",
		"hello wo":                  "hello wo",
		"  Hello  ":                 "hello*",
		`"hello world"`:             "hello+world",
		`"hello world`:              "hello+world*",
		`“hello” world`:             "hello world*",
		`hello "big world" x`:       "hello big+world x",
		`world "an"`:                "world an",
		"git.example.com":           "git+example+com*",
		"東京都知事":                     "東京+2:都知+知事",
		"東京都知":                      "東京+2:都知",
		"東京都":                       "東京+京都",
		"東京":                        "東京",
		"東":                         "東*",
		"東 京":                       "東* 京*",
		`"東 京"`:                     "東*+京*",
		"第3回":                       "第+3+回*",
		"#12":                       "#12",
		"#123":                      "#123*",
		"c++":                       "c++",
		"👍🏽":                        "👍🏽",
		"don't":                     "dont*",
		"hello -- world":            "hello world*",
		"10:30 note:this":           "10+30 note+this*",
		"https://x.org":             "https+x+org*",
		"hello has:link":            "hello* %has:link",
		"HAS:Files x":               "%has:file x",
		"has:image has:link":        "%has:image %has:link",
		`""` + ` "hello"`:           "hello",
		"x from:ann":                "x",
		"wor from:@ann has:audio":   "wor* %has:audio",
		`in:"General chat" hello "`: "hello*",
	} {
		query, _, err := Parse(q, now, false)
		if err != nil {
			t.Errorf("%q: %v", q, err)
		} else if got := showTerms(query.Terms); got != want {
			t.Errorf("%q: %q, want %q", q, got, want)
		}
	}
	one, _, _ := Parse("hello wo", now, true)
	in, _, _ := Parse("in:x hello wo", now, false)
	two, _, _ := Parse("in:x in:y hello wo", now, false)
	if showTerms(one.Terms) != "hello wo*" || showTerms(in.Terms) != "hello wo*" || showTerms(two.Terms) != "hello wo" {
		t.Errorf("two letters within a chat: %q, %q, %q", showTerms(one.Terms), showTerms(in.Terms), showTerms(two.Terms))
	}
}

func TestParseNames(t *testing.T) {
	for q, want := range map[string]Names{
		"from:@Ann":                      {From: "ann"},
		"FROM:me x":                      {From: Me, Text: "x"},
		`from:"@ann" x`:                  {From: "ann", Text: "x"},
		"mentions:me":                    {Mentions: Me},
		"mentions:@bob from:ann":         {From: "ann", Mentions: "bob"},
		`x in:"General chat" in:abc-123`: {In: []string{"General chat", "abc-123"}, Text: "x"},
		"x \"y z\" in:“General chat”":    {In: []string{"General chat"}, Text: "x y z"},
		"x in:@bob":                      {In: []string{"@bob"}, Text: "x"},
		`in:"Say \"hi\"" x`:              {In: []string{`Say "hi"`}, Text: "x"},
		`in:"5\" disks" "a b"`:           {In: []string{`5" disks`}, Text: "a b"},
		`in:“A \„B\“ C” x`:               {In: []string{"A „B“ C"}, Text: "x"},
		`in:5"disks x`:                   {In: []string{`5"disks`}, Text: "x"},
		`in:"C:\x" x`:                    {In: []string{`C:\x`}, Text: "x"},
	} {
		_, names, err := Parse(q, now, false)
		if err != nil || fmt.Sprint(names) != fmt.Sprint(want) {
			t.Errorf("%q: %v, %v, want %v", q, names, err, want)
		}
	}
}

func TestParseDates(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	day := func(zone *time.Location, y, m, d int) int64 {
		return time.Date(y, time.Month(m), d, 0, 0, 0, 0, zone).UnixMilli()
	}
	for _, c := range []struct {
		q             string
		zone          *time.Location
		after, before int64
	}{
		{"x", time.UTC, 0, 0},
		{"x before:2026-01-31", time.UTC, 0, day(time.UTC, 2026, 1, 31)},
		{"x after:2026-01-31", time.UTC, day(time.UTC, 2026, 2, 1), 0},
		{"x on:2026-01-31", time.UTC, day(time.UTC, 2026, 1, 31), day(time.UTC, 2026, 2, 1)},
		{"x on:2026-01-31", berlin, day(berlin, 2026, 1, 31), day(berlin, 2026, 2, 1)},
		{"x on:2026-03-29", berlin, day(berlin, 2026, 3, 29), day(berlin, 2026, 3, 30)}, // 23 hours
		{"x after:2025-12", time.UTC, day(time.UTC, 2026, 1, 1), 0},
		{"x before:2025", time.UTC, 0, day(time.UTC, 2025, 1, 1)},
		{"x on:2024-02", time.UTC, day(time.UTC, 2024, 2, 1), day(time.UTC, 2024, 3, 1)},
		{"x on:today", time.UTC, day(time.UTC, 2026, 3, 15), day(time.UTC, 2026, 3, 16)},
		{"x after:Yesterday", time.UTC, day(time.UTC, 2026, 3, 15), 0},
		{"x after:2026-01-01 before:2026-02-01", time.UTC, day(time.UTC, 2026, 1, 2), day(time.UTC, 2026, 2, 1)},
		{"x before:1970-01-01", time.UTC, 0, 1},
		{"x after:1960", time.UTC, 1, 0},
	} {
		query, _, err := Parse(c.q, now.In(c.zone), false)
		if err != nil || query.After != c.after || query.Before != c.before {
			t.Errorf("%q: after %d, before %d, %v; want %d, %d", c.q, query.After, query.Before, err, c.after, c.before)
		}
	}
}

// What is not understood is an error of the field q, with a sentence that names it.
func TestParseErrors(t *testing.T) {
	for q, want := range map[string]string{
		"": "no word", "  ": "no word", "--- !": "no word", `""`: "no word",
		"from:":                          "from: needs a handle",
		"x from:@":                       "from: needs a handle",
		"from:a!b":                       `from: "a!b" is not a handle`,
		"from:ann from:bob":              "from: is there twice",
		"mentions:":                      "mentions: needs a handle",
		"x in:":                          "in: needs a chat",
		`x in:""`:                        "in: needs a chat",
		"has:":                           "has: needs one of file, image, video, audio, link",
		"has:coffee":                     `has: "coffee" is not one of file`,
		"x before:tomorrowish":           `before: "tomorrowish" is not a day`,
		"x after:2026-13-01":             `after: "2026-13-01" is not a day`,
		"x on:31.01.2026":                `on: "31.01.2026" is not a day`,
		"x before:":                      "before: needs a day",
		"x before:2026-02-30":            `before: "2026-02-30" is not a day`,
		"x after:2026-02 before:2026-01": "no day",
		"\xff":                           "UTF-8",
		strings.Repeat("x", MaxQuery+1):  "at most 1000 bytes",
		strings.Repeat("x ", maxWords+1): "too much",
		strings.Repeat("東京", maxWords*2): "too much",
	} {
		_, _, err := Parse(q, now, false)
		e := chat.AsError(err)
		if err == nil || e.Code != chat.BadInput || e.Field != "q" || !strings.Contains(e.Message, want) {
			t.Errorf("%q: %v, want %q", q, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, q := range []string{"hello wor", `"a phrase" x`, "from:@ann in:\"x y\" before:2026-01 has:file", "東京 都", "“x” c++ #12", "x in:„", "has:link\u3000x"} {
		f.Add(q, "some text")
	}
	f.Fuzz(func(t *testing.T, q, text string) {
		query, names, err := Parse(q, now, false)
		if err != nil {
			if e := chat.AsError(err); e.Code != chat.BadInput || e.Field != "q" {
				t.Errorf("%q: %v", q, err)
			}
			return
		}
		if len(query.Terms) == 0 && names.From == "" && names.Mentions == "" && len(names.In) == 0 && query.After == 0 && query.Before == 0 {
			t.Errorf("%q asks for nothing", q)
		}
		words := 0
		for _, term := range query.Terms {
			words += len(term.Words)
			for i, w := range term.Words {
				if w.Text == "" || len(w.Text) > MaxWord || w.Offset < 0 || i == 0 && w.Offset != 0 || i > 0 && w.Offset < term.Words[i-1].Offset {
					t.Errorf("%q: %+v", q, term)
				}
			}
		}
		if words > maxWords+len(kinds) {
			t.Errorf("%q: %d words", q, words)
		}
		query.Match(chat.Message{Text: text})
	})
}
