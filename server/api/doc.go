// Package api is the HTTP API: one type and one file per noun. A handler decodes the
// request, calls package service and encodes the answer, in JSON or MessagePack. It has no
// rules.
//
// A handler returns its error, and Handle answers with it. The package starts no
// goroutine: each request runs on that of net/http.
package api
