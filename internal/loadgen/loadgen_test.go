package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parley/chat"
	"parley/wire"
)

// A slow call must neither delay the load nor hide its own latency: the calls that were
// due meanwhile follow at once, with the times at which they were due.
func TestOpenLoopKeepsDueTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var due, at []time.Duration
		err := openLoop(context.Background(), 10, time.Second, func(d time.Time) bool {
			due, at = append(due, d.Sub(begin)), append(at, time.Since(begin))
			if len(due) == 3 {
				time.Sleep(350 * time.Millisecond)
			}
			return true
		})
		if err != nil || len(due) != 10 {
			t.Fatal(len(due), err)
		}
		for i := range due {
			want := time.Duration(i) * 100 * time.Millisecond
			late := max(0, min(550*time.Millisecond-want, 350*time.Millisecond))
			if i < 3 {
				late = 0
			}
			if due[i] != want || at[i] != want+late {
				t.Errorf("message %d was due at %v and left at %v, want %v and %v", i, due[i], at[i], want, want+late)
			}
		}
	})
}

func TestEachDue(t *testing.T) {
	due := time.Unix(1_700_000_000, 123_456_789)
	message := []byte("abc" + dueText(due, textSize) + "due:" + dueText(due, 20) + "due:0")
	var took []time.Duration
	eachDue(message, due.Add(1500*time.Microsecond), func(d time.Duration) { took = append(took, d) })
	if !slices.Equal(took[:1], []time.Duration{1500 * time.Microsecond}) {
		t.Error(took)
	}
	if n := len(dueText(due, textSize)); n != textSize {
		t.Error("a text of", n, "bytes")
	}
}

func TestEachValueOfMessage(t *testing.T) {
	message := wire.MsgPack.Encode(wire.Reply{Re: 1, OK: wire.Hello{Epoch: "e", Chats: []chat.Chat{{ID: "tea", Head: 7, Activity: 1_800_000_000_000}, {ID: "milk", Head: 300}}}})
	message = append(message, wire.MsgPack.Encode(chat.Event{Kind: chat.Posted, ChatID: "tea", Seq: 8, At: 1_800_000_000_001, Text: "hi"})...)
	message = append(message, wire.MsgPack.Encode(wire.Signal{Signal: wire.SignalCaughtUp})...)
	var got []value
	if err := eachValue(message, func(v value) { got = append(got, v) }); err != nil {
		t.Fatal(err)
	}
	want := []value{{Epoch: "e", Heads: map[string]uint64{"tea": 7, "milk": 300}, Times: map[string]int64{"tea": 1_800_000_000_000, "milk": 0}},
		{Event: "posted", ChatID: "tea", Seq: 8, At: 1_800_000_000_001}, {Signal: "caughtUp"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if err := eachValue(message[:len(message)-1], func(value) {}); err == nil {
		t.Error("a truncated message was read")
	}
}

func TestSearch(t *testing.T) {
	for _, capacity := range []float64{20, 49, 60, 777, 1300, 1e9} {
		best := 0.0
		err := searchRate(100, 12_800, func(rate float64) (bool, error) {
			if rate <= capacity {
				best = max(best, rate)
			}
			return rate <= capacity, nil
		})
		if want := min(capacity, 12_800); err != nil || best > want || (want > 63 && best < want*.85) {
			t.Errorf("%v is sustained, %v was found, %v", capacity, best, err)
		}
	}
}

func TestFillRoomsIsEven(t *testing.T) {
	pop := population{people: 1000}
	pop.fillRooms(100, 100)
	for p, rooms := range pop.roomsOf() {
		if len(rooms) != 10 || len(slices.Compact(slices.Clone(rooms))) != 10 {
			t.Fatalf("person %d is in %v", p, rooms)
		}
	}
	known := map[string]bool{}
	for _, room := range pop.rooms {
		slices.Sort(room)
		known[fmt.Sprint(room)] = true
	}
	if len(known) != len(pop.rooms) {
		t.Errorf("%d rooms of %d differ", len(known), len(pop.rooms))
	}
}

func TestDigits(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.61234: "0.612", 12.345: "12.3", 123: "123", 5000: "5,000", 1_234_567: "1,230,000", 34_449: "34,400", 100: "100"} {
		if got := digits(v); got != want {
			t.Errorf("digits(%v) is %s, want %s", v, got, want)
		}
	}
}

// The page has markers forevery scenario, and a second run replaces the tables.
func TestReport(t *testing.T) {
	page, err := os.ReadFile("../../docs/performance.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range scenarios {
		if !strings.Contains(string(page), "<!-- begin "+s.name+" -->") {
			t.Errorf("docs/performance.md has no markers for %s", s.name)
		}
	}
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/performance.md", page, 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(scenario, server, what string, values ...float64) string {
		r := &record{Figures: []*figure{{scenario, server, what, "µs", values}}}
		if err := r.report(dir); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(dir + "/performance.md")
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	run("room", "parley", quietCPU, 3, 1, 2)
	text := run("rooms", "parley", "CPU per delivery", 5)
	for _, want := range []string{"| CPU per delivery at 20 messages/s, µs | 2 (1–3) |", "| CPU per delivery, µs | 5 |", "(performance-room-cpu.svg)"} {
		if strings.Count(text, want) != 1 {
			t.Errorf("%q is %d times on the page", want, strings.Count(text, want))
		}
	}
	if svg, err := os.ReadFile(dir + "/performance-room-cpu.svg"); err != nil || !strings.Contains(string(svg), ">2</text>") {
		t.Error(err, string(svg))
	}
	if _, err := (&record{}).fillMarkers("<!-- begin nothing -->\n<!-- end -->"); err == nil {
		t.Error("an unknown marker was filled")
	}
}

func TestCheckpoint(t *testing.T) {
	r := &record{}
	r.add("room", "parley", "kept", "", 1)
	undo := r.checkpoint()
	r.add("room", "parley", "kept", "", 2)
	r.add("room", "parley", "dropped", "", 3)
	undo()
	if len(r.Figures) != 1 || !slices.Equal(r.Figures[0].Values, []float64{1}) {
		t.Errorf("%+v", r.Figures)
	}
}

func TestGoals(t *testing.T) {
	r := &record{}
	for server, v := range map[string]float64{"parley": 3, "centrifuge": 1, "centrifuge 10ms": 2} {
		r.add("room", server, maxDeliveries, "/s", v)
		r.add("room", server, quietCPU, "µs", v)
	}
	exact := goal{bound: 0}
	if !exact.met(0) || exact.met(1) {
		t.Error("a bound of zero must be met only by zero")
	}
	for i, want := range map[int]struct {
		value float64
		met   bool
	}{0: {math.NaN(), false}, 1: {1.5, true}, 2: {3, false}} {
		v := goals[i].value(r)
		if v != want.value && !math.IsNaN(want.value) || goals[i].met(v) != want.met {
			t.Errorf("%s: %v, %v", goals[i].figure, v, goals[i].met(v))
		}
	}
}

// A rate that no server sustained is told in words, and a ratio to it meets no goal.
func TestNotReached(t *testing.T) {
	r := &record{}
	r.add("socketio", parleySocketIO{}.name(), maxDeliveries, "/s", 1000)
	r.add("socketio", "node", maxDeliveries, "/s", 0)
	if table := r.scenarioTable("socketio"); !strings.Contains(table, "| 1,000 | not reached |") {
		t.Error(table)
	}
	for _, row := range strings.Split(r.goalsTable(), "\n") {
		if strings.Contains(row, "Socket.IO clients: maximum") && !strings.HasSuffix(row, "| not reached |  |") {
			t.Error(row)
		}
	}
}

// A scenario that was not run keeps all its old figures; one that was run keeps none.
func TestKeepOld(t *testing.T) {
	r := record{Figures: []*figure{{Scenario: "page", What: "new"}}}
	r.keepOld([]*figure{{Scenario: "post", What: "a"}, {Scenario: "page", What: "old"}, {Scenario: "post", What: "b"}})
	var got []string
	for _, f := range r.Figures {
		got = append(got, f.Scenario+" "+f.What)
	}
	if want := "page new, post a, post b"; strings.Join(got, ", ") != want {
		t.Errorf("%q, want %q", got, want)
	}
}
