// Package server wires the server: configuration, lifecycle, the table of HTTP routes
// (routes.go), health, metrics and the page's files. It contains no rules and no codec.
//
//	service   what can be done, once, forevery entry point; limits
//	auth      verifies passwords; bounds attempts at passwords, codes and sign-ups
//	api       HTTP handlers: decode, call service, encode
//	session   one client connection over any transport: hello, resume, commands
//	live      feed → hub; presence, signals, ended sessions
//	socket    WebSocket (RFC 6455) as a transport
//
// They do not import each other, except that api, session and live import service, which
// imports auth.
//
// The path of a message: a session decodes a command, service queues a draft with its
// rule in the store, and the read loop goes on. After the commit the reply is queued. The
// feed yields the event to live, which encodes it once per codec and publishes the bytes
// to the hub. The feed is the only source of what the hub delivers.
//
// Goroutines: those of Run (live's, service's, the release of memory), one per request by
// net/http, and those of each session. Stop closes the sockets and returns when their
// goroutines have ended.
package server
