// Package web holds the client that people talk through: TypeScript and React in
// src/, and what Vite makes of it in dist/, which is committed and embedded, so
// that the binary needs no Node.js to build. It knows nothing of Parley's other
// packages; the client speaks the public API alone, over the same HTTP calls and
// the same WebSocket as every other client.
//
// src/core is the client without looks: state.ts folds what the server says into
// one state, outboxSender.ts and outbox.ts bring messages to it, socket.ts owns the
// connection, storage.ts what outlives the page. The other folders are views,
// each named after what it shows; strings/ is the one catalogue of texts.
// test/ drives the client in a real browser against a real binary.
//
// What the page does not need at its start is one file, app/parts.ts, which an
// idle page loads; app/lazyPart.tsx shows a part, or in its place that it could not
// be loaded. core/markdown.ts reads what people wrote in a bounded number of
// steps and makes a bounded number of elements of it. A press is ignored when
// what it was aimed at has just moved away (conversation/useMisclickGuard.ts,
// ui/useReorderGuard.ts).
//
// The page runs under a policy of 'self' for everything: no inline script, no
// inline style, no foreign host. What people wrote reaches the document as text
// nodes only, never as HTML.
package web
