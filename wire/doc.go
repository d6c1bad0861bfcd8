// Package wire defines the messages of the protocol and encodes them: those of a client
// ([Command]), those of the server ([Reply], [Signal] and [parley/chat.Event]), the close
// codes, and the two codecs. docs/protocol.md describes the same for authors of clients.
//
// Encoding trusts its input, which is the server's own. Decoding does not: it checks all
// bytes (depth, lengths, syntax, UTF-8) before it reads a field, it allocates nothing for
// a length that a header only claims, and no error message quotes the sender's bytes.
//
// The package starts no goroutine and has no state besides caches. Except for the rest of
// a message, no returned value points into the buffer from which it was read.
package wire
