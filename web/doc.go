// Package web holds the web client: TypeScript and React in src/, and what Vite builds from it in
// dist/, which is committed and embedded, so that the binary needs no Node.js to build. It imports
// none of Parley's other packages; the client uses the public API like every other client.
//
// src/core is the client without views: state.ts reduces what the server sends to one state,
// outbox.ts and outboxSender.ts deliver messages, socket.ts owns the connection, storage.ts what
// outlives the page. The other folders are views, named after what they show; strings/ has all
// texts. A test (src/imports.test.ts) keeps imports free of circles, and core free of views and
// texts. test/ drives the client in a real browser against a real binary.
//
// What the page does not need at its start is one chunk, app/parts.ts, which an idle page loads;
// app/lazyPart.tsx renders a part, or in its place an error with a retry button. core/markdown.ts
// parses untrusted texts in a bounded number of steps into a bounded number of elements. A press is
// ignored if what it was aimed at has just moved away (conversation/useMisclickGuard.ts,
// ui/useReorderGuard.ts).
//
// The page runs under a content security policy of 'self': no inline script, no inline style, no
// foreign host. User texts reach the document as text nodes only, never as HTML.
package web
