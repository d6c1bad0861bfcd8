package server

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
)

// BenchmarkNewestPage is the newest page over a kept connection, beside what a
// handler costs there that does nothing but write as many bytes: the floor.
func BenchmarkNewestPage(b *testing.B) {
	x := start(b)
	ann := x.person("ann")
	id := ann.group()
	for range 60 {
		ann.post(id, strings.Repeat("Fifty bytes of a message that somebody has typed. ", 3))
	}
	path := "/api/chats/" + string(id) + "/messages"
	page := ann.call("GET", path, nil).want(200).body
	for name, h := range map[string]http.Handler{
		"parley": x.s.Handler(),
		"floor": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", strconv.Itoa(len(page)))
			_, _ = w.Write(page)
		}),
	} {
		b.Run(name, func(b *testing.B) {
			srv := httptest.NewServer(h)
			defer srv.Close()
			conn, err := net.Dial("tcp", srv.Listener.Addr().String())
			if err != nil {
				b.Fatal(err)
			}
			defer conn.Close()
			r := bufio.NewReaderSize(conn, 64<<10)
			b.ReportAllocs()
			for b.Loop() {
				fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", path, ann.token)
				res, err := http.ReadResponse(r, nil)
				if err != nil || res.StatusCode != 200 {
					b.Fatal(res, err)
				}
				if _, err := io.Copy(io.Discard, res.Body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
