// Command loadgen starts a Parley of its own on loopback, drives it from
// outside over real sockets with real accounts, and prints what it measured.
// Every figure in the README comes from it or from a Go benchmark.
//
//	go run ./internal/loadgen            all scenarios
//	go run ./internal/loadgen room idle  some of them
//
// The load is open: messages leave at the times that the rate sets, whether or
// not the server keeps up, and latency counts from the time a message was due.
// Server and load share the machine's cores; the server's CPU time and resident
// memory are read from /proc.
package main
