package chat

import (
	"encoding/csv"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestPushes judges each row of testdata/pushes.csv, which reads like the documentation of
// pushes: what is not named has its default.
func TestPushes(t *testing.T) {
	f, err := os.Open("testdata/pushes.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comment = '#'
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[PushReason]bool{}
	for i, row := range rows {
		c, want := pushCase(t, row[0]), PushReason(row[2])
		push, reason := c.Decide()
		if got := map[bool]string{true: "push", false: "no"}[push]; got != row[1] || push && reason != want || !push && reason != want {
			t.Errorf("row %d: %q: %s, %s; want %s, %s", i+1, row[0], got, reason, row[1], want)
		}
		seen[reason] = true
	}
	for _, r := range []PushReason{PushDirect, PushMention, PushGroup, PushMessage, NoPushOwn, NoPushDeleted, NoPushSilent, NoPushRead, NoPushMuted, NoPushLevel, NoPushQuiet, NoPushActive} {
		if !seen[r] {
			t.Errorf("no row has the reason %s", r)
		}
	}
}

// pushCase returns the case that words describe: a message 10 in a group at noon UTC, which a
// person with the default settings has not read.
func pushCase(t *testing.T, words string) PushCase {
	t.Helper()
	noon := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	c := PushCase{Kind: Group, By: "bob", Seq: 10, Now: noon.UnixMilli(), Target: PushTarget{User: "ann", Settings: DefaultSettings(), ReadUpTo: 9}}
	for _, word := range strings.Fields(words) {
		name, value, _ := strings.Cut(word, "=")
		number := func() int64 {
			n, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				t.Fatalf("%q: %v", words, err)
			}
			return n
		}
		switch name {
		case "group":
		case "direct":
			c.Kind = Direct
		case "own":
			c.By = "ann"
		case "deleted":
			c.Deleted = true
		case "silent":
			c.Silent = true
		case "named":
			c.Concerned = true
		case "@all", "@here":
			c.All = GroupMention(name[1:])
		case "online":
			c.Online = true
		case "read":
			c.Target.ReadUpTo = Seq(number())
		case "level":
			c.Target.Mine.Level = Level(value)
		case "default":
			c.Target.Settings.Level = Level(value)
		case "muted": // for so many ms from now; for-ever, over
			switch value {
			case "for-ever":
				c.Target.Mine.MutedUntil = MutedForEver
			default:
				c.Target.Mine.MutedUntil = c.Now + number()
			}
		case "quiet":
			c.Target.Settings.QuietFrom, c.Target.Settings.QuietTo, _ = strings.Cut(value, "-")
			if c.Target.Settings.TimeZone == "" {
				c.Target.Settings.TimeZone = "UTC"
			}
		case "zone":
			c.Target.Settings.TimeZone = value
		case "active": // so many ms ago
			c.ActiveAt = c.Now - number()
		default:
			t.Fatalf("%q: what is %s?", words, name)
		}
	}
	return c
}
