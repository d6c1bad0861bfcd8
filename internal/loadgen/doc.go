// Command loadgen starts a Parley of its own on loopback, drives it from
// outside over real sockets with real accounts, and prints what it measured.
// Every figure in the README comes from it or from a Go benchmark.
//
//	go run ./internal/loadgen              all scenarios
//	go run ./internal/loadgen room idle    some of them
//	go run ./internal/loadgen -short page  a quick look
//	make bench-peers                       all, beside two other servers and a bare loop, for docs/performance.md
//
// room, cores, rooms, scale and day are open loops: messages leave at the times that
// the rate sets, whether or not the server keeps up, and latency counts from the
// time at which a message was due. post and page are closed loops: the next one
// follows when the last one came, and latency counts from the sending. Server
// and load share the machine's cores; the server's CPU time and resident memory
// are read from /proc, for all its processes.
package main
