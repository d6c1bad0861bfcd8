package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"

	"parley/chat"
	"parley/wire"
)

// post sends a message and gives its event's number and time.
func (h *house) post(p *person, id chat.ChatID, text string) (m chat.Message) {
	h.t.Helper()
	var out struct{ Message chat.Message }
	h.must(201, p.Token, "POST", "/api/chats/"+string(id)+"/messages", map[string]any{"clientId": text, "text": text}, &out)
	return out.Message
}

// restore puts a copy in the place of the stopped server's database, as
// docs/operations.md says.
func (h *house) restore(file string) {
	h.t.Helper()
	path := strings.TrimPrefix(h.store, "sqlite:")
	for _, beside := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(path + beside); err != nil && !os.IsNotExist(err) {
			h.t.Fatal(err)
		}
	}
	b, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(path, b, 0o600)
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

// resumes says hello and resumes, and gives the values up to caughtUp.
func (h *house) resumes(p *person, codec *wire.Codec, cmd wire.Command) (got []wire.Signal) {
	h.t.Helper()
	protocol, typ := wire.JSON.Protocol, websocket.MessageText
	if codec == wire.MsgPack {
		protocol, typ = wire.MsgPack.Protocol, websocket.MessageBinary
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c, _, err := websocket.Dial(ctx, "ws://"+h.addr+"/api/socket", &websocket.DialOptions{Subprotocols: []string{protocol}})
	if err != nil {
		h.t.Fatal(err)
	}
	defer c.CloseNow()
	c.SetReadLimit(-1)
	hello := codec.Encode(wire.Command{ID: 1, Do: "hello", Token: p.Token})
	if err := c.Write(ctx, typ, append(hello, codec.Encode(cmd)...)); err != nil {
		h.t.Fatal(err)
	}
	for {
		_, message, err := c.Read(ctx)
		if err != nil {
			h.t.Fatal(err)
		}
		for _, value := range split(codec, message) {
			var v wire.Signal
			if err := json.Unmarshal(value, &v); err != nil {
				h.t.Fatal(err)
			}
			got = append(got, v)
			if v.Signal == wire.SignalCaughtUp {
				return got
			}
		}
	}
}

// A copy is made while posts run, and put back: it has all that was acknowledged
// before, and whoever saw anything gets a reset, with times or without.
func TestBackupAndRestore(t *testing.T) {
	h := openHouse(t)
	ann := h.owner("ann")
	general := h.chats(ann)[0]
	first := h.post(ann, general.ID, "before the backup")
	ctx, cancel := context.WithCancel(context.Background())
	var posting sync.WaitGroup
	posting.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			h.call(ann.Token, "POST", "/api/chats/"+string(general.ID)+"/messages", map[string]any{"clientId": fmt.Sprint(i), "text": "more"}, nil)
		}
	})
	dir := t.TempDir()
	file := filepath.Join(dir, "copy.db")
	out, stderr, code := parleySays(t, "backup", file, "--store", h.store)
	cancel()
	posting.Wait()
	if code != 0 || out != file+"\n" {
		t.Fatalf("exit %d, %q, %q", code, out, stderr)
	}
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
	last := h.post(ann, general.ID, "behind the backup")
	var before struct{ Epoch string }
	events := "/api/chats/" + string(general.ID) + "/events?"
	h.must(200, ann.Token, "GET", events+"after=0", nil, &before)

	for name, args := range map[string][]string{"running": {"--store", h.store}, "stopped": {"--store", h.store, "--listen", h.addr}} {
		if name == "stopped" {
			h.stop()
		}
		another := filepath.Join(dir, name)
		if out, stderr, code := parleySays(t, append([]string{"backup", another}, args...)...); code != 0 || out != another+"\n" {
			t.Errorf("%s: exit %d, %q, %q", name, code, out, stderr)
		}
		if _, stderr, code := parleySays(t, append([]string{"backup", file}, args...)...); code != 1 || !strings.Contains(stderr, file+" exists already") || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s, a file that is there: exit %d, %q", name, code, stderr)
		}
		if name == "stopped" {
			h.start()
		}
	}
	h.stop()
	h.restore(file)
	h.start()
	var page struct {
		Epoch  string
		Events []chat.Event
		Head   chat.Seq
	}
	h.must(200, ann.Token, "GET", events+"after=0&limit=1000", nil, &page)
	if page.Epoch == before.Epoch || page.Head < first.Seq || page.Head >= last.Seq || page.Events[first.Seq-1].Text != first.Text {
		t.Errorf("epoch %q after %q, head %d, first %d, last %d", page.Epoch, before.Epoch, page.Head, first.Seq, last.Seq)
	}
	h.must(409, ann.Token, "GET", fmt.Sprintf("%safter=%d&epoch=%s", events, first.Seq, before.Epoch), nil, nil)
	for _, codec := range wire.Codecs {
		for _, at := range []map[chat.ChatID]int64{nil, {general.ID: first.At}} {
			got := h.resumes(ann, codec, wire.Command{ID: 2, Do: "resume", Epoch: before.Epoch, Seen: map[chat.ChatID]chat.Seq{general.ID: first.Seq}, At: at})
			resets := 0
			for _, v := range got {
				if v.Signal == wire.SignalReset && v.ChatID == general.ID && v.Head == page.Head && v.Epoch == page.Epoch {
					resets++
				}
			}
			if resets != 1 {
				t.Errorf("codec %s, at %v: %+v", codec.Protocol, at, got)
			}
		}
	}
	h.post(ann, general.ID, "goes on")
}

func TestBackupOfWhatIsNoFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "copy")
	for store, says := range map[string]string{
		"mongodb://ann:hunter2@127.0.0.1:1/parley?replicaSet=rs0": "mongodump --uri",
		"sqlite:" + filepath.Join(t.TempDir(), "none.db"):         "none.db",
	} {
		_, stderr, code := parleySays(t, "backup", file, "--store", store)
		if code != 1 || !strings.Contains(stderr, says) || strings.Count(stderr, "\n") != 1 || strings.Contains(stderr, "hunter2") {
			t.Errorf("%s: exit %d, %q", store, code, stderr)
		}
	}
	if _, stderr, code := parleySays(t, "backup"); code != 1 || !strings.Contains(stderr, "<file>") {
		t.Errorf("without a file: exit %d, %q", code, stderr)
	}
}
