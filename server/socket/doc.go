// Package socket is the server's side of one WebSocket connection (RFC 6455). It takes
// little memory while idle and little CPU for a write. It is independent of chat.
//
// Reading uses coder/websocket. Writing bypasses it: a data message is one unmasked,
// unfragmented frame whose header is written into the bytes before the payload, so that
// a message takes one write call, no copy and no allocation. What the kernel accepts at
// once does not pass Go's poller. Every frame, also coder's pongs and close frames, is
// written under one mutex, which keeps frames whole and lets none follow a close frame.
//
// Guarantees:
//
//   - Accept keeps no HTTP buffers: an idle connection holds 256 bytes to read, 128 to
//     write and a stack of 2 KB, no timer and no message buffer.
//   - A message must be complete within 30 s after its first byte, else the connection
//     is closed.
//   - Close returns at once, and TCP is closed within 5 s, also when a Write is stuck.
//   - Text that is not UTF-8 is closed with 1007, a message above the limit with 1009,
//     any other protocol error with 1002, too many control frames with 1008. The peer
//     has time to read the code before TCP is closed.
//
// Two things that RFC 6455 forbids a peer are accepted: a length that is not in its
// shortest form (section 5.2), and frames after a close frame (they are not read).
//
// Goroutines: one reads. Start Serve on a new goroutine after Accept and let the HTTP
// handler return, so that the server's goroutine, with its grown stack and buffers, is
// freed. Serve continues on another goroutine at most once a second; the last one calls
// over. Close starts one goroutine, which ends when its frame is written or after 5 s,
// and a timer. Accept, Write, Ping and Abort start none.
//
// Buffers: a message belongs to the Socket and is valid until handle returns. The caller
// owns what it passed to Write again when Write returns.
package socket
