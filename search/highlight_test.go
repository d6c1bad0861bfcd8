package search

import (
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"
)

// marked returns a snippet with its highlights in brackets.
func marked(snippet string, highlights []Highlight) string {
	units := utf16.Encode([]rune(snippet))
	var b strings.Builder
	at := 0
	for _, h := range highlights {
		b.WriteString(string(utf16.Decode(units[at:h[0]])))
		b.WriteString("[" + string(utf16.Decode(units[h[0]:h[0]+h[1]])) + "]")
		at = h[0] + h[1]
	}
	return b.String() + string(utf16.Decode(units[at:]))
}

func parse(t testing.TB, q string) Query {
	query, _, err := Parse(q, now, false)
	if err != nil {
		t.Fatalf("%q: %v", q, err)
	}
	return query
}

func TestSnippet(t *testing.T) {
	long := strings.Repeat("lorem ipsum ", 40)
	for _, c := range []struct{ q, text, want string }{
		{"wor", "Hello world, wonder", "Hello [world], wonder"},
		{"hello world", "Hello, hello world", "[Hello], [hello] [world]"},
		{`"hello world"`, "Hello, hello world", "Hello, [hello] [world]"},
		{"東京都", "今日は東京都です", "今日は[東京都]です"},
		{"東", "東京と東", "[東]京と[東]"},
		{"ガ", "ｶﾞｽ", "[ｶﾞ]ｽ"},
		{"strasse", "Die Straße 🎉 Straße", "Die [Straße] 🎉 [Straße]"},
		{"user", "call getUserName", "call get[User]Name"},
		{"#12", "see #12", "see [#12]"},
		{"12", "see #12", "see #[12]"},
		{"don't", "I don’t", "I [don’t]"},
		{"email", "an e-mail", "an [e-mail]"},
		{"👍", "ok 👍🏽 x", "ok [👍🏽] x"},
		{"second", "first\nsecond\tthird", "first [second] third"},
		{"from:@ann needle", "needle", "[needle]"},
		{"has:link", "https://x.org", "https://x.org"},
	} {
		query := parse(t, c.q)
		if got := marked(query.Snippet(c.text)); got != c.want {
			t.Errorf("%q in %q: %q, want %q", c.q, c.text, got, c.want)
		}
	}
	query := parse(t, "needle")
	snippet, highlights := query.Snippet(long + "the needle is here " + long)
	if m := marked(snippet, highlights); !strings.HasPrefix(m, "…ipsum lorem ipsum lorem ipsum lorem ipsum lorem ipsum the [needle] is here lorem") || !strings.HasSuffix(m, "…") || len(snippet) > MaxSnippet+6 {
		t.Errorf("%q", m)
	}
	// The part with the most of it.
	query = parse(t, "alpha beta")
	snippet, highlights = query.Snippet("alpha " + long + "alpha beta " + long)
	if len(highlights) != 2 || !strings.Contains(snippet, "alpha beta") {
		t.Errorf("%q, %v", snippet, highlights)
	}
	// Text without spaces, cut between characters.
	query = parse(t, "終点")
	snippet, highlights = query.Snippet(strings.Repeat("東京から大阪まで", 40) + "終点" + strings.Repeat("です", 100))
	if m := marked(snippet, highlights); !strings.Contains(m, "[終点]") || !strings.HasPrefix(m, "…") || !strings.HasSuffix(m, "…") || len(snippet) > MaxSnippet+6 {
		t.Errorf("%q", m)
	}
}

// Every query that finds a case highlights something in it, but for filters.
func TestCasesAreHighlighted(t *testing.T) {
	for _, c := range readCases(t) {
		for _, q := range c.Found {
			if q == "has:link" {
				continue
			}
			query := parse(t, q)
			if snippet, highlights := query.Snippet(c.Text); len(highlights) == 0 {
				t.Errorf("%q highlights nothing in %q", q, snippet)
			}
		}
		for _, q := range c.Not {
			query := parse(t, q)
			if len(query.Terms) > 1 {
				continue
			}
			if snippet, highlights := query.Snippet(c.Text); len(highlights) > 0 {
				t.Errorf("%q highlights %q", q, marked(snippet, highlights))
			}
		}
	}
}

func FuzzSnippet(f *testing.F) {
	f.Add("hello", "say hello world")
	f.Add("東", strings.Repeat("東京", 200))
	f.Add("\"a b\"", strings.Repeat("🎉a\u0301 b\n", 60))
	f.Fuzz(func(t *testing.T, q, text string) {
		query, _, err := Parse(q, now, false)
		if err != nil || !utf8.ValidString(text) {
			return
		}
		snippet, highlights := query.Snippet(text)
		units, at := utf16Len(snippet), 0
		if len(snippet) > MaxSnippet+6+3 || !utf8.ValidString(snippet) || strings.ContainsAny(snippet, "\n\r\t") {
			t.Errorf("snippet %q", snippet)
		}
		for _, h := range highlights {
			if h[0] < at || h[1] < 1 || h[0]+h[1] > units {
				t.Errorf("%q: highlights %v of %d units", snippet, highlights, units)
			}
			at = h[0] + h[1]
		}
	})
}
