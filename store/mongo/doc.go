// Package mongo is a [chat.Store] in a MongoDB database that any number of replicas share.
// It needs a replica set of MongoDB 5.0 or newer, for transactions and change streams;
// sharded clusters are refused (deployment.go).
//
//   - A document of events is an entry of a chat's log; a post's is also the
//     message. The unique index on chat and seq assigns the numbers: the replica
//     that inserts head+1 first has it, and others read the new events and judge
//     again. What was judged at head h is written at h+1 or not at all, so a stale
//     state never leads to an event.
//   - A post is that one insert. All that follows from it is derived on read:
//     head and activity from the last event, the author's own read pointer from
//     their last post, unread from n, quotes from the quoted message. Everything
//     else that an event changes is written with it in one transaction
//     (project.go).
//   - _id consists of chat, author and clientId. A known clientId is a duplicate
//     key, forever. A command that changed nothing leaves a document with its _id
//     in events, which no read of the log returns.
//   - Each chat with something to write has a queue on this replica (write.go): one
//     batch at a time, so that a replica does not compete with itself.
//   - Writes wait for a majority and its journals. Reads go to the primary with
//     majority read concern, causally after all that this process has seen (clock in
//     open.go): no client receives what could be rolled back, and a client that
//     received something can read it.
//   - The feed is one change stream on a client of its own (feed.go).
//   - A call is tried again within its time. An attempt has five seconds, so that a server
//     that gives no answer does not use up the call (open.go, retry.go).
//
// Goroutines: one for each chat queue, while it has work; two for each feed, from OpenFeed
// to the end of its context; one that updates when sessions were seen; after an upgrade one
// that removes old texts (texts.go). Close waits for all. During Open one logs the progress
// of index builds.
package mongo
