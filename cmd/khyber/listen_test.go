package main

import (
	"net"
	"testing"
)

// A flood of connections takes neither the files nor the memory of the daemon.
func TestConnectionsAreLimited(t *testing.T) {
	l, err := listen(t.Context(), "--listen", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	accepted := make(chan net.Conn, maxConnections+1)
	ended := make(chan bool)
	go func() {
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	var first net.Conn
	for i := range maxConnections + 1 {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if i < maxConnections {
			a := <-accepted
			defer a.Close()
			first = a
		}
	}
	select {
	case <-accepted:
		t.Error("one more than the limit is accepted")
	default:
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	c := <-accepted // the one that waited
	defer c.Close()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	<-ended
}
