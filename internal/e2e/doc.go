// Package e2e holds the tests that run the whole program. It has test files only.
//
// TestMain builds parley once, with the race detector if the tests run with it.
// Each test starts that binary on an empty SQLite database or on a MongoDB of
// internal/mongotest, talks to it over HTTP and WebSocket as clients do, and
// kills, stops and restarts it.
package e2e
