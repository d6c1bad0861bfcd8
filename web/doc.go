// Package web holds the page that people talk through: plain HTML, CSS and
// JavaScript modules, embedded as they are, without a build step. It knows
// nothing of Parley's other packages; the page speaks the public API alone, over
// the same HTTP calls and the same WebSocket as every other client.
//
// The page runs under a policy of 'self' for everything: no inline script, no
// inline style, no foreign host. What people wrote reaches the document as text
// nodes only, never as HTML.
//
// Who owns what in static/: connection.js the socket and its timers, outbox.js
// the messages that the server has not acknowledged yet, model.js what is known
// of chats, messages and people, and the files named after what they show own
// their part of the document. main.js wires them. test/ drives the page with a
// real browser against a real binary.
package web
