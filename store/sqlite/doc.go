// Package sqlite is a [chat.Store] in one SQLite file.
//
//   - One goroutine writes, over one connection (write.go). It takes all jobs that
//     wait, of all chats, and commits them as one transaction with
//     synchronous=FULL; while it waits for the disk the next batch fills. There
//     is no timer.
//   - Rules are judged in that goroutine, against its cache of chats (view.go).
//     The cache is part of the batch: a failed commit drops it.
//   - After a commit the events go to the open feeds, then the callbacks run on
//     a second goroutine, in order, while the next batch is on its way.
//   - The writer also runs the checkpoints, and scrubs pages before them, so that
//     a text that was deleted or edited away is soon in no file (scrub.go).
//   - Reads run on connections of their own (read.go) and never wait for the
//     writer. The head, a snapshot and the newest events of a chat are cached until
//     the writer changes the chat (readcache.go, snapshot.go, tail.go).
//
// Goroutines: the writer and the notifier, started by Open, ended by Close. A
// feed has none: its queue is filled by the writer and emptied by its reader.
package sqlite
