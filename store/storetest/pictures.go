package storetest

import (
	"context"
	"testing"

	"parley/chat"
)

// picture uploads a picture and returns its id.
func picture(t testing.TB, s chat.Store, by chat.User) chat.FileID {
	t.Helper()
	u := chat.NewPicture(by.ID, 1000)
	must(t, s.CreateUpload(context.Background(), u, 0))
	u.Type, u.Size, u.Cleaned = "image/jpeg", 900, true
	_, err := s.CompleteUpload(context.Background(), u)
	must(t, err)
	return u.ID
}

// picturing is a draft that changes the picture of a chat.
func picturing(by chat.User, c chat.Chat, id chat.FileID) step {
	e := draft(chat.Renamed, by, c, "")
	e.Picture = &id
	return step{e, chat.Rename}
}

// pictures tests that pictures of users and chats are shown everywhere, stay, and are
// removed with the commit that replaces them.
func pictures(t *testing.T, open opener) {
	ctx := context.Background()
	dir := t.TempDir()
	s := open(t, dir)
	ann, bob, eve := account(t, s, "ann"), account(t, s, "bob"), account(t, s, "eve")
	c := group(t, s, "garden", ann, bob)
	patch := func(u chat.User, id chat.FileID) error {
		got, err := s.PatchUser(ctx, u.ID, chat.UserPatch{Picture: &id})
		if err == nil {
			equal(t, "picture of the patched user", got.Picture, id)
		}
		return err
	}
	wantUsage := func(files int64) {
		t.Helper()
		usage, err := s.FileUsage(ctx)
		must(t, err)
		equal(t, "usage", usage, chat.FileUsage{Files: files, Bytes: 900 * files})
	}
	mine, tea := picture(t, s, ann), picture(t, s, ann)
	_, err := s.Picture(ctx, mine)
	wantError(t, err, chat.NotFound, "pictureId") // not in use
	must(t, patch(ann, mine))
	must(t, try(t, s, picturing(ann, c, tea)).err)

	// Everywhere.
	users, err := s.Users(ctx, []chat.UserID{ann.ID})
	must(t, err)
	equal(t, "picture of the user", users[0].Picture, mine)
	me, _, err := s.Identify(ctx, chat.SecretHash("token of ann"))
	must(t, err)
	equal(t, "picture of the caller", me.Picture, mine)
	list, err := s.ChatsOf(ctx, bob.ID, chat.ChatList{})
	must(t, err)
	equal(t, "picture in the list of chats", list[0].Picture, tea)
	one, err := s.Chat(ctx, bob.ID, c.ID)
	must(t, err)
	equal(t, "picture of the chat", one.Picture, tea)
	events, _, err := s.After(ctx, bob.ID, c.ID, 2, 10, 1<<20)
	must(t, err)
	equal(t, "picture, title and topic in the log", string(*events[0].Picture)+*events[0].Title+*events[0].Topic, string(tea)+"garden")
	for _, id := range []chat.FileID{mine, tea} {
		u, err := s.Picture(ctx, id)
		must(t, err)
		equal(t, "picture", u.Type, "image/jpeg")
	}

	// Nobody else's, no other file, none twice, none as a file.
	wantError(t, patch(bob, mine), chat.BadInput, "picture")
	wantError(t, patch(ann, tea), chat.Conflict, "picture")
	wantError(t, patch(ann, upload(t, s, ann, c, "f", "image/png", false).ID), chat.BadInput, "picture")
	wantError(t, patch(ann, "none"), chat.BadInput, "picture")
	wantError(t, try(t, s, picturing(ann, c, mine)).err, chat.Conflict, "picture")
	wantError(t, try(t, s, picturing(bob, c, picture(t, s, bob))).err, chat.Forbidden)
	wantError(t, try(t, s, picturing(eve, c, picture(t, s, eve))).err, chat.NotFound, "chatId")
	_, err = s.Upload(ctx, ann.ID, mine)
	wantError(t, err, chat.NotFound)
	wantError(t, s.RemoveUpload(ctx, ann.ID, tea), chat.NotFound)
	_, err = s.File(ctx, ann.ID, c.ID, tea)
	wantError(t, err, chat.NotFound)
	wantRemovals(t, s)

	// What is in use does not expire; what is not does.
	tomorrow := chat.Now() + chat.UploadLife.Milliseconds() + 1
	n, err := s.ExpireUploads(ctx, tomorrow, 10)
	must(t, err)
	equal(t, "expired", n, 3) // f, and the pictures of bob and eve that were refused
	must(t, s.EndRemovals(ctx, removals(t, s)))
	wantUsage(2)

	// Replaced, by another name unchanged, removed.
	next := picture(t, s, ann)
	must(t, patch(ann, next))
	wantRemovals(t, s, mine)
	_, err = s.Picture(ctx, mine)
	wantError(t, err, chat.NotFound)
	name := "Ann Other"
	got, err := s.PatchUser(ctx, ann.ID, chat.UserPatch{Name: &name})
	must(t, err)
	equal(t, "picture after a new name", got.Picture, next)
	title := draft(chat.Renamed, ann, c, "")
	title.Title = &name
	must(t, try(t, s, step{title, chat.Rename}).err)
	must(t, s.Close())
	s = open(t, dir)
	one, err = s.Chat(ctx, bob.ID, c.ID)
	must(t, err)
	equal(t, "picture after a new title", one.Picture, tea)
	other := picture(t, s, ann)
	received := listen(t, s)
	must(t, try(t, s, picturing(ann, c, other)).err)
	for _, n := range received() {
		if n.Event != nil {
			equal(t, "picture on the feed", *n.Event.Picture, other)
		}
	}
	wantRemovals(t, s, mine, tea)
	log, _, err := s.After(ctx, bob.ID, c.ID, 2, 10, 1<<20)
	must(t, err)
	for _, e := range log[:len(log)-1] {
		if e.Picture != nil {
			t.Errorf("the log still has %q", *e.Picture)
		}
	}
	must(t, patch(ann, ""))
	wantRemovals(t, s, mine, tea, next)
	must(t, s.EndRemovals(ctx, removals(t, s)))

	// Deleted with its chat.
	must(t, try(t, s, step{draft(chat.Left, ann, c, "deleted"), chat.DeleteChat}).err)
	wantRemovals(t, s, other)
	_, err = s.Picture(ctx, other)
	wantError(t, err, chat.NotFound)
	purge(t, s)
	wantUsage(0)
}
