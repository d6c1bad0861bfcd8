package search

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"parley/chat"
)

// searchCase is a text of testdata/cases.json, which the page's tests read, too, with queries
// that find it and queries that do not.
type searchCase struct {
	Script, Text string
	Found, Not   []string
}

func readCases(t testing.TB) []searchCase {
	b, err := os.ReadFile("testdata/cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var all struct{ Cases []searchCase }
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	return all.Cases
}

// now is a time at which questions are asked.
var now = time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)

func TestCases(t *testing.T) {
	queries, scripts := 0, map[string]bool{}
	for _, c := range readCases(t) {
		scripts[c.Script] = true
		m := chat.Message{ChatID: "c", Seq: 1, By: "u", Text: c.Text}
		for found, list := range map[bool][]string{true: c.Found, false: c.Not} {
			for _, q := range list {
				queries++
				query, _, err := Parse(q, now, false)
				if err != nil {
					t.Errorf("%q: %v", q, err)
				} else if query.Match(m) != found {
					t.Errorf("%q finds %q: %v, want %v (%v in %s)", q, c.Text, !found, found, query.Terms, show(MessageTokens(m)))
				}
			}
		}
	}
	if queries < 300 || len(scripts) < 20 {
		t.Errorf("%d queries in %d scripts", queries, len(scripts))
	}
}
