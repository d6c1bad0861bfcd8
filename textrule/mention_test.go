package textrule

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// mentionCases is testdata/mentions.json, which the tests of the page read, too.
type mentionCases struct {
	Users     []string // whom a text may name
	Strangers []string // users whom it does not name: they are no members
	Cases     []struct {
		Text, Why string
		Names     []string
	}
}

// named returns whom of the users the text names.
func (c *mentionCases) named(text string) []string {
	names := []string{}
	for _, place := range Mentions(text) {
		i := slices.IndexFunc(place, func(h string) bool { return slices.Contains(c.Users, h) || slices.Contains(c.Strangers, h) })
		if i >= 0 && slices.Contains(c.Users, place[i]) && !slices.Contains(names, place[i]) {
			names = append(names, place[i])
		}
	}
	return names
}

func TestMentions(t *testing.T) {
	b, err := os.ReadFile("testdata/mentions.json")
	if err != nil {
		t.Fatal(err)
	}
	var all mentionCases
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	if len(all.Cases) < 80 {
		t.Fatalf("%d cases", len(all.Cases))
	}
	for _, c := range all.Cases {
		if got := all.named(c.Text); !slices.Equal(got, c.Names) {
			t.Errorf("%q names %q, want %q (%s)", c.Text, got, c.Names, c.Why)
		}
	}
}

// The handles of a place, the longest first.
func TestHandlesAt(t *testing.T) {
	for s, want := range map[string]string{
		"bob": "bob", "Bob.Smith-": "bob.smith- bob.smith bob", "bob.-x": "bob.-x bob", "a-b": "a-b",
		"": "", "x": "", "-bob": "", "bob.": "bob",
		strings.Repeat("x", MaxHandle):                strings.Repeat("x", MaxHandle),
		strings.Repeat("x", MaxHandle) + ".":          strings.Repeat("x", MaxHandle),
		strings.Repeat("x", MaxHandle) + "y":          "",
		"ann." + strings.Repeat("x", MaxHandle) + "y": "ann",
	} {
		if got := strings.Join(handlesAt(s), " "); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

// No text of the largest size takes long: the rule runs on the writer's goroutine.
func TestMentionsOfLargeTexts(t *testing.T) {
	const size = 64 << 10
	for _, part := range []string{"@", "@ann ", "@a.", "[](", "[](a", "[@](a ", "[", "]", "`", "`` `", "``` ", "\\", "<", "<http://a", "http://a)", "http://a/(", "> ", "- ",
		"a@b.c ", "@a@b.c", "_", "_@", "\u0301@", "a@", "@a-", "```\n", "~~~\n> ", "\n", "](", "[a](<", "[a](b \"", "1. "} {
		began := time.Now()
		Mentions(strings.Repeat(part, size/len(part)) + "@ann")
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("%q: %v", part, took)
		}
	}
	var runs strings.Builder // of backticks, each of another length
	for n := 1; runs.Len() < size; n++ {
		runs.WriteString(strings.Repeat("`", n) + "@ann ")
	}
	began := time.Now()
	if Mentions(runs.String()); time.Since(began) > 2*time.Second {
		t.Errorf("backticks: %v", time.Since(began))
	}
}

func FuzzMentions(f *testing.F) {
	for _, s := range []string{"hi @ann, mail@x.y and @bob.", "`@a b` [@x](http://y) \\@z", "> - ```\n@ann", "_@bob_ 你@bob", "@a@b.c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, place := range Mentions(s) {
			if len(place) == 0 {
				t.Fatalf("%q has a place that may name nobody", s)
			}
			for i, h := range place {
				if !isHandle(h) || !strings.Contains(strings.ToLower(s), "@"+h) || i > 0 && (len(h) >= len(place[i-1]) || !strings.HasPrefix(place[0], h)) {
					t.Errorf("%q names %q", s, place)
				}
			}
		}
	})
}

// The whole of a message without an @ is not read.
func BenchmarkMentions(b *testing.B) {
	for name, s := range map[string]string{
		"none": strings.Repeat("There is nobody named in here. ", 5),
		"two":  strings.Repeat("There is nobody named in here. ", 4) + "@ann and @bob.smith.",
		"16KB": strings.Repeat("@ann-lee.x ", 1500),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Mentions(s)
			}
		})
	}
}
