// Package api is the HTTP API: one file per noun. A handler decodes the request, calls
// package service and encodes the answer, in JSON or MessagePack. It has no rules.
//
// A handler returns its error; Handle answers it. It starts no goroutine: each request
// has that of net/http.
package api
