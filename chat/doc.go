// Package chat says what Parley's words mean: the nouns, the pure rules over
// them, the limits, the errors, and the contracts that a store must keep. It
// imports only the standard library and does no I/O.
//
// A [Chat] is an append-only log of [Event] values numbered 1, 2, 3, … without
// holes. A message is named by its chat and the number of its posted event.
// What a reader sees (a [Message], a [Member], the chat's head) is a projection
// of that log. A [Rule] is judged against the projections at the very head that
// the event extends, never only beforehand.
//
// Some things pass by without a number and are never replayed: a [Signal]
// (typing, presence, a moved read pointer) and a [Revocation] (sessions that
// ended). All three arrive through the same [Feed].
//
// The field tags of the nouns are their names on the wire, in JSON and in
// MessagePack alike. Times are milliseconds since 1970 UTC.
package chat
