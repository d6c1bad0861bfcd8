package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"parley/chat"
)

// Ann and Bob talk over sockets (JSON and MessagePack), Cleo and Dan with curl.
// In the middle of a burst the server is killed, twice, and started again. Each
// of them keeps sending what was not acknowledged. At the end all four hold the
// same log: every text once, no number missing.
func TestKilledInABurst(t *testing.T) {
	const each, kills = 300, 2
	h := openHouse(t)
	ann := h.owner("ann")
	general := h.chats(ann)[0].ID
	people := []*person{ann, h.guest(ann, general, "bob"), h.guest(ann, general, "cleo"), h.guest(ann, general, "dan")}

	var head struct{ Chat chat.Chat }
	h.must(200, ann.Token, "GET", "/api/chats/"+string(general), nil, &head)
	total := int(head.Chat.Head) + len(people)*each
	var log struct{ Epoch string } // who wants a chat from its beginning names the history
	h.must(200, ann.Token, "GET", "/api/chats/"+string(general)+"/events?after=0", nil, &log)

	ctx, cancel := context.WithTimeout(context.Background(), 45*time.Second)
	defer cancel()
	talkers, wait := h.talk(ctx, people, general, log.Epoch, each, total)
	// The kills come when a third, and two thirds, of the log is written.
	for kill := 1; kill <= kills; kill++ {
		for at := chat.Seq(total * kill / (kills + 1)); head.Chat.Head < at && ctx.Err() == nil; {
			h.call(ann.Token, "GET", "/api/chats/"+string(general), nil, &head)
		}
		h.kill()
		h.start()
	}
	if err := wait(); err != nil {
		t.Fatalf("%v\n%s", err, h.said())
	}
	texts := map[string]int{}
	for _, e := range talkers[0].log {
		if e.Kind == chat.Posted {
			texts[e.Text]++
		}
	}
	if len(texts) != len(people)*each || slices.Max(slices.Collect(maps.Values(texts))) != 1 {
		t.Errorf("%d different texts, want %d, each once", len(texts), len(people)*each)
	}
	want, _ := json.Marshal(talkers[0].log)
	for _, k := range talkers[1:] {
		if got, _ := json.Marshal(k.log); !bytes.Equal(got, want) {
			t.Errorf("%s holds another log than ann", k.p.User.Handle)
		}
	}
}
