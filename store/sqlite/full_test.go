//go:build linux

package sqlite

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/chat"
)

// filled is a store on a disk that posts have filled: it refuses further ones.
type filled struct {
	*DB
	disk               *smallDisk
	path               string
	ann, bob, eve, joe chat.UserID // ann is an admin of the server
	bobs, eves         chat.SessionID
	chat               chat.ChatID
	invite             chat.InviteID
	posts              []chat.Seq
}

func fullStore(t *testing.T, total int64) *filled {
	t.Helper()
	f := &filled{disk: newSmallDisk(t, total)}
	f.path = filepath.Join(f.disk.dir, "parley.db")
	f.DB = opened(t, f.path)
	f.ann = account(t, f.DB, "ann")
	admin := chat.RoleAdmin
	if _, err := f.PatchUser(t.Context(), f.ann, chat.UserPatch{Role: &admin}); err != nil {
		t.Fatal(err)
	}
	f.bob, f.eve, f.joe = account(t, f.DB, "bob"), account(t, f.DB, "eve"), account(t, f.DB, "joe")
	for user, to := range map[chat.UserID]*chat.SessionID{f.bob: &f.bobs, f.eve: &f.eves} {
		s, err := f.CreateSession(t.Context(), user, chat.NewSession{TokenHash: chat.SecretHash("of " + string(user))})
		if err != nil {
			t.Fatal(err)
		}
		*to = s.ID
	}
	made, _, err := f.CreateChat(t.Context(), chat.NewChat{Kind: chat.Group, Title: "garden", By: f.ann, ClientID: "1", Members: []chat.UserID{f.bob, f.eve}})
	if err != nil {
		t.Fatal(err)
	}
	f.chat = made.ID
	eves := func(e *chat.Event) { e.Users, e.Role = []chat.UserID{f.eve}, chat.RoleAdmin }
	if err := f.act(t, chat.RoleChanged, chat.SetRole, f.ann, eves); err != nil {
		t.Fatal(err)
	}
	i, err := f.CreateInvite(t.Context(), chat.Invite{By: f.ann, Uses: 5, ExpiresAt: chat.Now() + chat.MaxInviteLife}, chat.SecretHash("code"))
	if err != nil {
		t.Fatal(err)
	}
	f.invite = i.ID
	for n := 0; !f.Full(); n++ {
		var texts []string
		for i := range 20 {
			texts = append(texts, fmt.Sprintf("%d-%d %s", n, i, strings.Repeat("x", 2000)))
		}
		texts[0] = "SECRET " + texts[0]
		acked, failed := post(t, f.DB, f.bob, f.chat, texts...)
		if seq, ok := acked[texts[0]]; ok {
			f.posts = append(f.posts, seq)
		}
		for _, err := range failed {
			diskFull(t, err)
		}
	}
	return f
}

func diskFull(t testing.TB, err error) {
	t.Helper()
	var e *chat.Error
	if !errors.As(err, &e) || e.Code != chat.Unavailable || !strings.Contains(e.Message, "disk is full") {
		t.Fatalf("a full disk gave %v", err)
	}
}

// act appends a draft to the chat and waits for the outcome.
func (f *filled) act(t testing.TB, kind chat.Kind, rule chat.Rule, by chat.UserID, change func(*chat.Event)) error {
	t.Helper()
	e, done := chat.Event{Kind: kind, ChatID: f.chat, By: by}, make(chan error, 1)
	change(&e)
	if err := f.Append(t.Context(), e, rule, func(_ chat.Event, _ bool, err error) { done <- err }); err != nil {
		return err
	}
	return <-done
}

// revoke makes all writes that are done on a full disk, and checks that the disk is full.
func (f *filled) revoke(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	if !f.Full() {
		t.Fatal("the disk is not full")
	}
	must(f.Ping(ctx))
	_, failed := post(t, f.DB, f.bob, f.chat, "too much")
	diskFull(t, failed["too much"])
	_, err := f.CreateSession(ctx, f.eve, chat.NewSession{TokenHash: chat.SecretHash("new")})
	diskFull(t, err)
	_, _, err = f.CreateAccount(ctx, chat.NewAccount{Handle: "zoe", Name: "Zoe"})
	diskFull(t, err)
	_, err = f.CreateSession(ctx, f.ann, chat.NewSession{TokenHash: chat.SecretHash("admin again")})
	must(err)
	must(f.EndSession(ctx, f.bob, f.bobs))
	must(f.EndOthers(ctx, f.ann, ""))
	no := false
	_, err = f.PatchUser(ctx, f.eve, chat.UserPatch{Active: &no})
	must(err)
	must(f.EndInvite(ctx, f.ann, f.invite))
	must(f.CreateRecovery(ctx, chat.Recovery{User: f.bob, ExpiresAt: chat.Now() + chat.RecoveryLife}, chat.SecretHash("recovery")))
	for _, seq := range f.posts {
		must(f.act(t, chat.Deleted, chat.Delete, f.bob, func(e *chat.Event) { e.Target = seq }))
	}
	put := func(user chat.UserID) func(e *chat.Event) {
		return func(e *chat.Event) { e.Users, e.Role = []chat.UserID{user}, chat.RoleMember }
	}
	must(f.act(t, chat.Joined, chat.PutMember, f.ann, put(f.eve))) // takes the role of an admin away
	must(f.act(t, chat.Left, chat.Leave, f.ann, func(e *chat.Event) { e.Users = []chat.UserID{f.bob} }))
	diskFull(t, f.act(t, chat.Joined, chat.PutMember, f.ann, put(f.bob)))        // would add him
	diskFull(t, f.act(t, chat.Deleted, chat.Delete, f.ann, func(e *chat.Event) { // nothing changes but what would be kept of it
		e.Target, e.ClientID = f.posts[0], "once more"
	}))
	f.revoked(t)
}

func (f *filled) revoked(t *testing.T) {
	t.Helper()
	for _, user := range []chat.UserID{f.bob, f.eve} {
		if _, _, err := f.Identify(t.Context(), chat.SecretHash("of "+string(user))); !chat.Is(err, chat.NoIdentity) {
			t.Errorf("%s is known: %v", user, err)
		}
	}
	if _, err := f.PeekInvite(t.Context(), chat.SecretHash("code")); !chat.Is(err, chat.NotFound) {
		t.Errorf("the invite: %v", err)
	}
	if _, err := f.Chat(t.Context(), f.bob, f.chat); !chat.Is(err, chat.NotFound) {
		t.Errorf("bob sees the chat: %v", err)
	}
	page, err := f.Page(t.Context(), f.ann, f.chat, chat.Window{Limit: chat.MaxPage})
	if err != nil || len(page.Messages) == 0 {
		t.Fatal(err)
	}
	for _, m := range page.Messages {
		if strings.HasPrefix(m.Text, "SECRET") {
			t.Fatalf("message %d has its text", m.Seq)
		}
	}
	f.CheckIntegrity(t)
}

// gone fails the test if a file has a deleted text after the next checkpoint.
func (f *filled) gone(t *testing.T) {
	t.Helper()
	checkpointNow(t, f.DB)
	files, err := filepath.Glob(f.path + "*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if b, err := os.ReadFile(name); err != nil || bytes.Contains(b, []byte("SECRET")) {
			t.Errorf("%s holds deleted texts, %v", filepath.Base(name), err)
		}
	}
}

// On a full disk users are removed, sign out, leave and delete; all of it is there after a
// restart; and once the disk has room all writes are done.
func TestFullDiskRevocations(t *testing.T) {
	f := fullStore(t, 10<<20)
	f.disk.fillUp(0) // whoever else writes there does not stop either
	f.revoke(t)
	f.gone(t)

	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	f.disk.fillUp(0)
	f.DB = opened(t, f.path)
	if !f.Full() {
		t.Fatal("a restart made room")
	}
	f.revoked(t)
	diskFull(t, f.act(t, chat.Posted, chat.Post, f.ann, func(e *chat.Event) { e.ClientID, e.Text = "client-id-1", "no" }))
	if err := f.act(t, chat.Left, chat.Leave, f.ann, func(e *chat.Event) { e.Users = []chat.UserID{f.eve} }); err != nil {
		t.Fatal(err)
	}

	f.disk.others.Store(0)
	f.disk.total *= 2
	checkpointNow(t, f.DB)
	if f.Full() {
		t.Fatal("there is room and the disk is full")
	}
	if acked, failed := post(t, f.DB, f.ann, f.chat, "room again"); len(acked) != 1 {
		t.Fatal(failed)
	}
	if err := f.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.CheckIntegrity(t)
}

// While others fill and free the disk at random: acknowledged posts are there, and no
// others, and the file is intact, also after a restart.
func TestFullDiskAtRandom(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	disk := newSmallDisk(t, 12<<20)
	path := filepath.Join(disk.dir, "parley.db")
	db := opened(t, path)
	ann := account(t, db, "ann")
	made, _, err := db.CreateChat(t.Context(), chat.NewChat{Kind: chat.Group, Title: "garden", By: ann, ClientID: "1"})
	if err != nil {
		t.Fatal(err)
	}
	f := &filled{DB: db, disk: disk, path: path, ann: ann, chat: made.ID}
	texts, refused := map[chat.Seq]string{}, 0
	for round := range 40 {
		disk.others.Store(0)
		disk.fillUp(random.Int64N(2<<20) * random.Int64N(2))
		if random.IntN(3) == 0 {
			disk.others.Store(0)
		}
		var some []string
		for i := range 1 + random.IntN(40) {
			some = append(some, fmt.Sprintf("%d-%d %s", round, i, strings.Repeat("x", random.IntN(6000))))
		}
		acked, failed := post(t, f.DB, ann, f.chat, some...)
		for text, seq := range acked {
			texts[seq] = text
		}
		for _, err := range failed {
			refused++
			diskFull(t, err)
		}
		for seq, text := range texts {
			if text == "" || random.IntN(10) > 0 {
				continue
			}
			if err := f.act(t, chat.Deleted, chat.Delete, ann, func(e *chat.Event) { e.Target = seq }); err == nil {
				texts[seq] = ""
			} else {
				diskFull(t, err)
			}
			break
		}
		checkpointNow(t, f.DB)
		if random.IntN(10) == 0 {
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			f.DB = opened(t, path)
		}
	}
	f.CheckIntegrity(t)
	if refused == 0 || len(texts) == 0 {
		t.Fatalf("%d posts and %d refused", len(texts), refused)
	}
	events, _, err := f.After(t.Context(), "", f.chat, 0, 100_000, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range events {
		if e.Seq != chat.Seq(i+1) {
			t.Fatalf("event %d has number %d", i+1, e.Seq)
		}
		if e.Kind == chat.Posted {
			if want, ok := texts[e.Seq]; !ok || e.Text != want {
				t.Fatalf("post %d is %.20q, want %.20q", e.Seq, e.Text, want)
			}
			delete(texts, e.Seq)
		}
	}
	if len(texts) > 0 {
		t.Fatalf("%d acknowledged posts are lost", len(texts))
	}
}

// While posts do not fit under a limit of the process on the size of files, Ping fails,
// also where its own short row would fit. When the limit is lifted all is well again.
func TestPingFailsWhilePostsFail(t *testing.T) {
	disk := newSmallDisk(t, 1<<30)
	db := opened(t, filepath.Join(disk.dir, "parley.db"))
	ann := account(t, db, "ann")
	made, _, err := db.CreateChat(t.Context(), chat.NewChat{Kind: chat.Group, Title: "garden", By: ann, ClientID: "1"})
	if err != nil {
		t.Fatal(err)
	}
	disk.longest.Store(2 << 20)
	long := func(i int) string { return fmt.Sprint(i) + strings.Repeat("x", 15<<10) }
	failures, acked := 0, 0
	for i := 0; failures < 20; i++ {
		_, failed := post(t, db, ann, made.ID, long(i))
		if err := failed[long(i)]; err == nil {
			acked++
			if failures > 0 {
				t.Fatal("a post was written after one had failed")
			}
			continue
		}
		failures++
		if err := db.Ping(t.Context()); !chat.Is(err, chat.Unavailable) {
			t.Fatalf("failure %d: Ping returns %v", failures, err)
		}
	}
	if acked == 0 {
		t.Error("no post was written before the limit")
	}
	disk.longest.Store(0)
	for i := range 2 {
		if err := db.Ping(t.Context()); err != nil {
			t.Fatal(i, err)
		}
	}
	if acked, failed := post(t, db, ann, made.ID, long(0)); len(acked) != 1 {
		t.Fatal(failed)
	}
	db.CheckIntegrity(t)
}
