// Command echo returns what clients send. It uses the transports of the server, so that
// conformance suites can be run against these: WebSocket, Engine.IO and Socket.IO.
package main

import (
	"context"
	"flag"
	"log"
	"net/http"
	"time"

	"parley/server/engineio"
	"parley/server/socket"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:9001", "address for WebSockets; empty: none")
	engine := flag.String("engine", "", "address for Engine.IO at /engine.io/, such as 127.0.0.1:3000")
	socketio := flag.String("socketio", "", "address for Socket.IO at /socket.io/")
	flag.Parse()
	failed := make(chan error)
	for addr, handler := range map[string]http.Handler{*listen: http.HandlerFunc(upgrade), *engine: newEngine(), *socketio: newSocketIO()} {
		if addr == "" {
			continue
		}
		server := &http.Server{Addr: addr, Handler: handler, ReadHeaderTimeout: 10 * time.Second}
		go func() { failed <- server.ListenAndServe() }()
	}
	log.Fatal(<-failed)
}

// upgrade opens a WebSocket and echoes its messages.
func upgrade(w http.ResponseWriter, r *http.Request) {
	s, err := socket.Accept(w, r, socket.Config{ReadLimit: 16 << 20})
	if err != nil {
		log.Print(err)
		return
	}
	// A new goroutine, so that the HTTP server can release that of the request.
	var out []byte // used by the read loop only
	go s.Serve(func(text bool, message []byte) error {
		out = append(append(out[:0], make([]byte, socket.Headroom)...), message...)
		return s.Write(out, text)
	}, nil, func(err error) { log.Print(err) })
}

// suite are the intervals that the suites of the protocols expect.
var suite = engineio.Config{
	PingInterval: 300 * time.Millisecond,
	PingTimeout:  200 * time.Millisecond,
	MaxPayload:   1_000_000,
	Refuse:       func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusServiceUnavailable) },
}

// serve returns the handler of an engine at one path.
func serve(path string, c engineio.Config) http.Handler {
	e := engineio.New(c)
	go func() { _ = e.Run(context.Background()) }()
	mux := http.NewServeMux()
	mux.Handle(path, e)
	return mux
}
