package storetest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"parley/chat"
)

// Main is the TestMain of a store's tests. In a process that Crash started it writes to
// the store until it is killed, in one that leases started it holds a lease. Else it runs the tests and fails if they left goroutines.
// begin, if not nil, sets up what the tests need and returns its cleanup.
func Main(m *testing.M, open func(t testing.TB, dir string) chat.Store, begin func() (end func(), err error)) {
	if dir := os.Getenv("PARLEY_CRASH_DIR"); dir != "" {
		victim(open(nil, dir), os.Getenv("PARLEY_CRASH_ROUND"))
	}
	if dir := os.Getenv("PARLEY_LEASE_DIR"); dir != "" {
		holder(open(nil, dir))
		return
	}
	end := func() {}
	if begin != nil {
		var err error
		if end, err = begin(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		end()
		os.Exit(code)
	}))
}

// Crash kills a writing process at a random moment, again and again on the same data. Each
// acknowledged event must exist once, with its number; numbers have no holes; the
// projections equal a replay of the log. A clientId whose command was acknowledged to
// change nothing changes nothing later.
func Crash(t *testing.T, kills int, open func(t testing.TB, dir string) chat.Store) {
	dir := t.TempDir()
	s := open(t, dir)
	ann, bob := account(t, s, "ann"), account(t, s, "bob")
	var chats []chat.Chat
	for i := range 4 {
		chats = append(chats, group(t, s, strconv.Itoa(i), ann, bob))
		post(t, s, ann, chats[i], "edited and reacted to")
	}
	must(t, s.Close())
	acked := map[string]chat.Seq{} // chat and clientId → number; 0: it changed nothing
	unchanged := 0
	for round := range kills {
		kill(t, dir, round, acked)
		s := open(t, dir)
		found := 0
		for _, c := range chats {
			for _, e := range checkReplay(t, s, ann.ID, c) {
				if seq, ok := acked[string(c.ID)+e.ClientID]; ok {
					found++
					equal(t, "number of "+e.ClientID, e.Seq, seq)
				}
			}
		}
		events := 0
		for key, seq := range acked {
			if seq != 0 {
				events++
				continue
			}
			unchanged++
			delete(acked, key)
			for _, c := range chats {
				if id, ok := strings.CutPrefix(key, string(c.ID)); ok {
					e := reacting(ann, c, 3, untouched, true)
					e.ClientID = id
					wantUnchanged(t, id, try(t, s, step{e, chat.React}), true)
				}
			}
		}
		if found != events {
			t.Fatalf("round %d: %d of %d acknowledged events are there", round, found, events)
		}
		must(t, s.Close())
	}
	t.Logf("%d acknowledged events, and %d commands that changed nothing, outlived %d kills", len(acked), unchanged, kills)
}

// kill runs a victim, records its acknowledgements and kills it.
func kill(t *testing.T, dir string, round int, acked map[string]chat.Seq) {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	child := exec.Command(self, "-test.run=^$")
	child.Env = append(os.Environ(), "PARLEY_CRASH_DIR="+dir, "PARLEY_CRASH_ROUND="+strconv.Itoa(round))
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	lines := bufio.NewReader(out)
	if _, err := lines.ReadString('\n'); err != nil { // the first ack: the store is open
		t.Fatalf("the victim said nothing: %v", err)
	}
	timer := time.AfterFunc(time.Duration(rand.IntN(120))*time.Millisecond, func() { _ = child.Process.Kill() })
	defer timer.Stop()
	for {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			break // a line cut short was not said
		}
		must(t, err)
		var key string
		var seq chat.Seq
		if _, err := fmt.Sscanf(line, "%s %d", &key, &seq); err != nil {
			t.Fatalf("the victim said %q", line)
		}
		acked[key] = seq
	}
	_ = child.Wait()
}

// victim writes all kinds of events to all chats and prints each acknowledgement on a line
// of its own, until it is killed.
func victim(s chat.Store, round string) {
	ctx := context.Background()
	users, err := s.UsersByHandle(ctx, []string{"ann", "bob"})
	if err != nil || len(users) != 2 {
		panic(fmt.Sprint(users, err))
	}
	ann, bob := users[0], users[1]
	if ann.Handle != "ann" {
		ann, bob = bob, ann
	}
	chats, err := s.ChatsOf(ctx, ann.ID, chat.ChatList{})
	if err != nil {
		panic(err)
	}
	var mu sync.Mutex // of stdout
	say := func(c chat.Chat, id string, ev chat.Event) {
		mu.Lock()
		defer mu.Unlock()
		_, _ = os.Stdout.WriteString(string(c.ID) + id + " " + strconv.FormatUint(uint64(ev.Seq), 10) + "\n")
	}
	_, _ = os.Stdout.WriteString("open\n")
	for caller := range 16 {
		go func() {
			slots := make(chan struct{}, 32)
			for i := 0; ; i++ {
				c := chats[(caller+i)%len(chats)]
				id := round + "-" + strconv.Itoa(caller) + "-" + strconv.Itoa(i)
				st := kindOf(caller+i, ann, bob, c, id)
				slots <- struct{}{}
				err := s.Append(ctx, st.draft, st.rule, func(ev chat.Event, _ bool, err error) {
					switch {
					case chat.Is(err, chat.Internal):
						_, _ = os.Stdout.WriteString(err.Error() + "\n") // the parent fails over this line
					case err == nil && (ev.Seq != 0 || st.draft.Emoji == untouched):
						say(c, id, ev)
					}
					<-slots
				})
				if err != nil {
					panic(err)
				}
			}
		}()
	}
	select {}
}

// untouched is an emoji that commands remove again and again, and that is never added.
const untouched = "❄️"

// kindOf returns mostly posts, and each other kind now and then.
func kindOf(i int, ann, bob chat.User, c chat.Chat, id string) step {
	e := draft(chat.Posted, ann, c, id)
	switch i % 16 {
	case 3, 4:
		e = targeting(chat.Edited, ann, c, 3, id, id)
		return step{e, chat.Edit}
	case 5:
		e = reacting(bob, c, 3, "👍", i%32 < 16)
		e.ClientID = id
		return step{e, chat.React}
	case 6:
		e = reacting(ann, c, 3, untouched, false)
		e.ClientID = id
		return step{e, chat.React}
	case 7:
		e = targeting(chat.Deleted, ann, c, chat.Seq(i), id, "")
		return step{e, chat.Delete}
	case 9:
		e = draft(chat.Left, bob, c, id)
		e.Users = []chat.UserID{bob.ID}
		return step{e, chat.Leave}
	case 11:
		e = draft(chat.Joined, ann, c, id)
		e.Users = []chat.UserID{bob.ID}
		return step{e, chat.Join}
	}
	e.Text = strings.Repeat(id+" @bob ", 1+i%20)
	return step{e, chat.Post}
}
