// Command loadgen starts a Parley of its own on loopback, drives it from
// outside over real sockets with real accounts, and prints what it measured.
// Every figure in the README comes from it or from a Go benchmark.
//
//	go run ./internal/loadgen            all scenarios
//	go run ./internal/loadgen room idle  some of them
//
// The load on a room is open: messages leave at the times that the rate sets,
// whether or not the server keeps up, and latency counts from the time a message
// was due. The others are closed loops (one, page: the next call follows the
// answer; post: 64 under way on each socket), and count from the sending. Server and load share the machine's cores; the server's CPU time and resident
// memory are read from /proc.
package main
