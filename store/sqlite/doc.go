// Package sqlite keeps everything that Parley keeps in one SQLite file.
//
// It promises what [chat.Store] says. How:
//
//   - All writing is done by one goroutine over one connection (write.go). It
//     takes what is waiting, from all chats, and commits it as one transaction
//     with synchronous=FULL; while it waits for the disk the next batch fills.
//     There is no timer.
//   - Rules are judged in that goroutine, against its cache of the chats at
//     hand (view.go). The cache is part of the batch: a failed commit drops it.
//   - After a commit the events go to the open feeds, then the callbacks run on
//     a second goroutine, in order, while the next batch is on its way.
//   - The writer runs the checkpoints too, so that a text that was deleted or
//     edited away is soon in no file (scrub.go).
//   - Reads run on connections of their own (read.go) and never wait for the
//     writer. Where a chat stands is remembered until the writer changes the
//     chat (readcache.go, snapshot.go, tail.go).
//
// Goroutines: the writer and the notifier, started by Open, ended by Close. A
// feed has none: its queue is filled by the writer and emptied by its reader.
package sqlite
