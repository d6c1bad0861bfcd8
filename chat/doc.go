// Package chat holds the nouns of Parley, the pure rules over them, the limits, the
// errors, and the contracts that a store must keep. It imports the standard library and
// package textrule, and does no I/O.
//
// A [Chat] is an append-only log of [Event] values numbered 1, 2, 3, … without
// holes. A message is named by its chat and the number of its posted event.
// What a reader sees (a [Message], a [Member], the chat's head) is a projection
// of that log. A [Rule] is judged against the projections at the head that the
// event extends, in the store's transaction. The rules of accounts, invites and
// sessions are judged there too, by values that the store read ([AccountView],
// [InviteView], [RecoveryView]).
//
// A [Signal] (typing, presence, a moved read pointer) and a [Revocation] (ended
// sessions) have no number and are never replayed. Events, signals and revocations
// arrive through the same [Feed].
//
// The field tags of the nouns are their names on the wire, in JSON and in
// MessagePack alike. Times are milliseconds since 1970 UTC.
package chat
