// Package wire is the bytes on the socket: what a client says (a [Command]),
// what the server says ([Reply], [Signal], and [parley/chat.Event] as it is),
// the close codes, and the two codecs in which all of it can be written.
// docs/protocol.md tells the same to somebody who writes a client.
//
// Encoding trusts its input, since it is ours. Decoding trusts nothing: bytes
// are checked as a whole (depth, lengths, syntax, UTF-8) before a field is
// read, nothing is allocated for a length that is only claimed, and no message
// of an error quotes what the sender wrote.
//
// The package starts no goroutine and keeps no state. What it returns never
// points into the buffer that it read from, but for the rest of a message.
package wire
