// Package storetest is the contract suite that every store must pass: the laws of
// [chat.Log] and [chat.Feed], and the contracts of lists, accounts, sessions and invites.
// A store's test calls Run, and Crash with a TestMain that calls Main.
package storetest

import (
	"testing"

	"parley/chat"
)

// Run runs all cases. open opens the store that keeps its data under dir, the
// same data for the same dir, and closes it when the test ends. A second
// Close must do no harm.
func Run(t *testing.T, open func(t testing.TB, dir string) chat.Store) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, opener)
	}{
		{"Judged", judged}, {"Once", once}, {"Unchanged", unchanged}, {"Done", done}, {"Order", order}, {"Texts", texts},
		{"Page", page}, {"Messages", messages}, {"Removed", removed}, {"Reactions", reactions}, {"After", after}, {"Replay", replay}, {"Kinds", kinds}, {"Forget", forget}, {"Changed", changed},
		{"Admins", admins}, {"DeleteChat", deleteChat}, {"Blocks", blocks}, {"Feed", feed}, {"FeedLost", feedLost}, {"Close", closed},
		{"Chats", chats}, {"ChatLimit", chatLimit}, {"LastAt", lastAt}, {"Reads", reads}, {"Pins", pins}, {"Threads", threads}, {"Inbox", inbox}, {"Mine", mine}, {"Settings", ownSettings}, {"Mentions", mentions}, {"Users", users}, {"Find", find}, {"Sessions", sessions}, {"Invites", invites}, {"Server", server},
		{"Files", files}, {"FileOnce", fileOnce}, {"Uploads", uploads}, {"FileLists", fileLists}, {"FilesOfDeletedChat", filesOfDeletedChat}, {"Pictures", pictures}, {"Leases", leases}, {"Subscriptions", subscriptions}, {"Pushes", pushes},
		{"Index", index}, {"Indexed", indexed},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, open) })
	}
}
