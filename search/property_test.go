package search

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"parley/chat"
)

// Words of the random texts, without a common beginning of three letters within a script
// but for those that are meant.
var randomWords = []string{"apple", "applet", "banana", "an", "über", "straße", "ıstanbul", "переговоры", "перец", "αθήνα", "مرحبا", "שלום", "हिन्दी", "தமிழ்", "12345", "1234", "naïve", "o", "don't", "x2"}

const (
	randomHan  = "東京都大阪府会議明日今"
	randomThai = "กขคงจชซญดต"
)

// find reports whether the query finds a message with the text.
func find(t *testing.T, q, text string) bool {
	query := parse(t, q)
	return query.Match(chat.Message{Text: text})
}

// A random text is found by each of its words, each beginning of three letters, each
// neighbours as a phrase, each run of its ideographs; and by nothing else.
func TestEveryWordIsFoundAndNothingElse(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(list string, n int) string {
		runes, b := []rune(list), strings.Builder{}
		for range n {
			b.WriteRune(runes[r.IntN(len(runes))])
		}
		return b.String()
	}
	separators := []string{" ", ", ", "\n", " — ", " (", "! ", "\u3000", "、 "}
	for range 300 {
		var words, runs []string
		var text strings.Builder
		for range 1 + r.IntN(8) {
			var w string
			switch r.IntN(4) {
			case 0:
				w = pick(randomHan, 1+r.IntN(5))
				runs = append(runs, w)
			case 1:
				w = pick(randomThai, 1+r.IntN(6))
				runs = append(runs, w)
			default:
				w = randomWords[r.IntN(len(randomWords))]
			}
			words = append(words, w)
			text.WriteString(w + separators[r.IntN(len(separators))])
		}
		s := text.String()
		for _, w := range append(slices.Clone(randomWords), words...) {
			if has := slices.Contains(words, w); !strings.ContainsAny(w, randomHan+randomThai) && find(t, `"`+w+`"`, s) != has {
				t.Fatalf("%q in %q: %v", w, s, !has)
			}
			for n := MinPrefix; n <= utf8.RuneCountInString(w); n++ {
				begin := string([]rune(w)[:n])
				has := slices.ContainsFunc(words, func(x string) bool { return strings.HasPrefix(x, begin) })
				if !strings.ContainsAny(w, randomHan+randomThai) && find(t, begin, s) != has {
					t.Fatalf("the beginning %q in %q: %v", begin, s, !has)
				}
			}
		}
		for i := range words[1:] {
			if q := `"` + words[i] + " " + words[i+1] + `"`; !find(t, q, s) {
				t.Fatalf("%q does not find %q", q, s)
			}
		}
		for _, alphabet := range []string{randomHan, randomThai} {
			for n := 1; n <= 5; n++ {
				for range 20 {
					run := pick(alphabet, n)
					if r.IntN(2) == 0 && len(runs) > 0 { // one that is there
						whole := []rune(runs[r.IntN(len(runs))])
						at := r.IntN(len(whole))
						run = string(whole[at:min(at+n, len(whole))])
					}
					has := slices.ContainsFunc(runs, func(x string) bool { return strings.Contains(x, run) })
					if find(t, run, s) != has {
						t.Fatalf("the run %q in %q: %v", run, s, !has)
					}
				}
			}
		}
	}
}

// Tokens are in ascending order of position, within the text and without control characters.
func FuzzTokens(f *testing.F) {
	for _, c := range readCases(f) {
		f.Add(c.Text)
	}
	f.Add("0\u1a60 x\u1a60\u0e01")
	f.Add("a.b-c_d.e #1 @x c++ 1,000 👍🏽\u200b東\u3099京")
	f.Add("00¼ ¼x")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 2000 {
			return // its words are searched for one by one
		}
		pos := 0
		for i, tok := range Tokens(text) {
			if tok.Pos < pos || tok.Pos > pos+1 || i == 0 && tok.Pos != 0 {
				t.Errorf("%q: position %d after %d", text, tok.Pos, pos)
			}
			pos = tok.Pos
			if tok.Start < 0 || tok.Start >= tok.End || tok.End > len(text) {
				t.Errorf("%q: range %d to %d", text, tok.Start, tok.End)
			}
			if tok.Word == "" || len(tok.Word) > MaxWord || !utf8.ValidString(tok.Word) || strings.ContainsFunc(tok.Word, func(r rune) bool { return r <= ' ' }) {
				t.Errorf("%q: word %q", text, tok.Word)
			}
		}
		// Each word of the text, as it is written, finds it.
		for _, w := range strings.Fields(text) {
			if len(w) > 200 || strings.ContainsFunc(w, quote) || strings.Contains(w, ":") || len(Tokens(w)) == 0 {
				continue
			}
			query, _, err := Parse(w, now, false)
			if err != nil || !utf8.ValidString(w) {
				continue
			}
			if !query.Match(chat.Message{Text: text}) {
				t.Errorf("%q does not find %q: %s in %s", w, text, showTerms(query.Terms), show(Tokens(text)))
			}
		}
	})
}

// A search in a text of the largest size takes no time to speak of, whatever is in it.
func TestMatchOfLargeTexts(t *testing.T) {
	for _, part := range []string{"a b ", "a ", "東", "a'", "a-", "aB", "#a ", "👍🏽", "1,000", "é", "\u0301", "กำ"} {
		text := strings.Repeat(part, (16<<10)/len(part))
		began := time.Now()
		for _, q := range []string{`"a b a a b c"`, "東東東東大", "กำกำกก", "a", "aab"} {
			query := parse(t, q)
			query.Match(chat.Message{Text: text})
			query.Snippet(text)
		}
		if took := time.Since(began); took > 10*time.Second { // far more than a busy machine needs, with the race detector too
			t.Errorf("%q: %v", part, took)
		}
	}
}
