//go:build amd64 || arm64

package socket

import (
	"bytes"
	"net"
	"testing"
)

// After a short write of the kernel, the rest is written from where it stopped.
func TestWriteResumesAfterShortWrite(t *testing.T) {
	server, accepted := listen(t, Config{}, false, nil)
	p := dial(t, server, "")
	s := receive(t, accepted)
	big := make([]byte, 32<<20) // more than both kernels' buffers
	for i := range big {
		big[i] = byte(i >> 12)
	}
	wrote := make(chan error, 1)
	go func() { wrote <- s.Write(append(make([]byte, Headroom), big...), false) }()
	_, got, err := p.read()
	if err != nil || !bytes.Equal(got, big) {
		t.Fatalf("%d bytes came, %v", len(got), err)
	}
	if err := receive(t, wrote); err != nil {
		t.Fatal(err)
	}
	small := []byte("all at once")
	if n := s.writeNow(small); n != len(small) {
		t.Errorf("%d bytes of %d were taken without a wait", n, len(small))
	}
}

// A closed descriptor is soon reused by another connection: nothing may be written to it.
func TestNoWriteToReusedDescriptor(t *testing.T) {
	server, accepted := listen(t, Config{}, false, nil)
	dial(t, server, "")
	s := receive(t, accepted)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	was := s.fd
	s.Abort()
	_ = receive(t, s.end)
	var other, far net.Conn
	for tries := 0; other == nil; tries++ { // the lowest free descriptor is given first
		if tries == 100 {
			t.Fatalf("nobody was given descriptor %d", was)
		}
		one, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer one.Close()
		two, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer two.Close()
		switch was {
		case descriptor(one):
			other, far = one, two
		case descriptor(two):
			other, far = two, one
		}
	}
	if err := s.Write(append(make([]byte, Headroom), "secret"...), true); err == nil {
		t.Error("a write to a connection that is closed succeeded")
	}
	if _, err := other.Write([]byte("ok")); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 16)
	if n, err := far.Read(got); err != nil || string(got[:n]) != "ok" {
		t.Errorf("the other one's peer read %q, %v", got[:n], err)
	}
}
