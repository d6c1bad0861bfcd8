// Package socket is one WebSocket connection (RFC 6455) on the server's side,
// cheap while it idles and cheap to write to. It knows nothing of chat.
//
// Reading goes through coder/websocket. Writing goes around it: a data message
// is one unmasked, unfragmented frame whose header is put into the bytes before
// the payload, so that a message costs one write call, no copy and no
// allocation; what the kernel takes at once does not pass Go's poller. Every
// frame, coder's pongs and close frames included, passes one gate, which keeps
// frames whole and lets nothing follow a close frame.
//
// Promises:
//
//   - Accept holds no HTTP buffers: while a connection idles there remain 256
//     bytes to read, 128 to write and a stack of 2 KB, no timer and no message
//     buffer.
//   - A message begun is a message finished within 30 s, or the connection ends.
//   - Close returns at once and ends within 5 s, also when a Write is stuck.
//   - Text that is not UTF-8 ends with 1007, a message above the limit with
//     1009, any other break of the protocol with 1002, a flood of control frames
//     with 1008; the peer gets a chance to read the code before TCP ends.
//
// Two things that RFC 6455 forbids a peer are let pass: a length that is not in
// its shortest form (section 5.2), and more frames after a close frame (they
// are not read).
//
// Goroutines: one reads. Start Serve on a fresh one after Accept and let the HTTP
// handler return, so that the server's goroutine, with its grown stack and
// buffers, is freed. Serve hands over to another at most once a second, and
// returns then or at the end; the last one calls over. Close starts one goroutine,
// which ends once its frame is written or after 5 s, and a timer. Accept, Write,
// Ping and Abort start none.
//
// Buffers: a message belongs to the Socket and is valid until handle returns.
// What is given to Write is the caller's again when Write returns.
package socket
