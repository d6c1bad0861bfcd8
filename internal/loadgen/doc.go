// Command loadgen starts Parley on loopback, puts load on it over sockets and HTTP
// with real accounts, and prints what it measured. Every figure in the README is from
// loadgen or from a Go benchmark.
//
//	go run ./internal/loadgen              all scenarios
//	go run ./internal/loadgen room idle    some of them
//	go run ./internal/loadgen -short page  a quick run
//	make bench-peers                       all, beside two other servers and a bare loop, for docs/performance.md
//
// room, cores, rooms, scale and day are open loops: messages are sent at the times
// that the rate sets, whether or not the server keeps up, and latency is measured from
// the time at which a message was due. post and page are closed loops: a request is
// sent when the previous one was answered, and latency is measured from the sending.
// The server and the load share the cores of the machine. The CPU time and the resident
// memory of the server are those of all its processes, read from /proc.
package main
