// Package mongo keeps everything that Parley keeps in a MongoDB database, which
// any number of replicas share. It needs a replica set or a sharded cluster's
// router: transactions and change streams exist nowhere else.
//
// It promises what [chat.Store] says. How:
//
//   - One document of events is one entry of a chat's log; a post's is also the
//     message. The unique index on chat and seq gives the numbers: whoever
//     inserts head+1 first has it, the others read on and judge again. What was
//     judged at head h is written at h+1 or not at all, so a cached judgement
//     cannot outlive the state it was made from.
//   - A post is that one insert. All that follows from it is derived on read:
//     head and activity from the last event, the author's own read pointer from
//     their last post, unread from n, quotes from the quoted message. Everything
//     else that an event changes is written with it in one transaction
//     (project.go).
//   - _id says who sent what: chat, author and clientId. A known clientId is a
//     duplicate key, for ever. A command that changed nothing leaves a document
//     with its _id in events, which no reader of the log meets.
//   - Each chat with something to write has a chatQueue on this replica (write.go):
//     one batch at a time, so that no replica races itself.
//   - Writes wait for a majority and its journals; reads ask the primary for
//     what a majority has, causally after all that this process has seen
//     (clock in open.go): nobody is told what could be rolled back, and whoever
//     was told can read it.
//   - The feed is one change stream on a client of its own (feed.go).
//
// Goroutines: a chatQueue's, while it has work; a feed's, from OpenFeed to the end
// of its context; one that notes when sessions were seen. Close waits for all.
package mongo
