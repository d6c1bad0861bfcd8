// Command echo returns every WebSocket message unchanged. It uses the read and write
// path of the server, so that a conformance suite can be run against that.
package main

import (
	"flag"
	"log"
	"net/http"
	"time"

	"parley/server/socket"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:9001", "address to listen on")
	flag.Parse()
	server := &http.Server{
		Addr:              *listen,
		Handler:           http.HandlerFunc(upgrade),
		ReadHeaderTimeout: 10 * time.Second,
	}
	log.Fatal(server.ListenAndServe())
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
