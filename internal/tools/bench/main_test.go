package main

import (
	"compress/gzip"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

var epoch = time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)

func start(t *testing.T) *sim {
	t.Helper()
	s, err := serve(12, 5, 1, epoch)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// ask asks for a source and returns the document, unpacked.
func ask(t *testing.T, address, etag string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "gzip")
	r.Header.Set("If-None-Match", etag)
	transport := &http.Transport{DisableCompression: true}
	defer transport.CloseIdleConnections()
	answer, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return answer, ""
	}
	z, err := gzip.NewReader(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(body)
}

func TestEverySourceIsWellFormedAndSaysWhenNothingChanged(t *testing.T) {
	s := start(t)
	for i := range s.sources {
		first, body := ask(t, s.address(i), "")
		if got := wellFormed(body); got != nil {
			t.Errorf("source %d: %v", i, got)
		}
		if got, want := strings.Count(body, "courier"), s.sources[i].items; got < len(want) {
			t.Errorf("source %d: %d addresses for %d items", i, got, len(want))
		}
		if again, _ := ask(t, s.address(i), first.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
			t.Errorf("source %d: got %d, want 304", i, again.StatusCode)
		}
	}
}

func wellFormed(body string) error {
	if strings.HasSuffix(body, "}") {
		return json.Unmarshal([]byte(body[strings.Index(body, "{"):]), new(any))
	}
	d := xml.NewDecoder(strings.NewReader(body))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func TestOneSourceOfTenGainsItems(t *testing.T) {
	s := start(t)
	before := make([]string, len(s.sources))
	for i := range s.sources {
		_, before[i] = ask(t, s.address(i), "")
	}
	s.tick()
	for i := range s.sources {
		_, after := ask(t, s.address(i), "")
		if got, want := after != before[i], i%changed == 0; got != want {
			t.Errorf("source %d changed: got %v, want %v", i, got, want)
		}
	}
	if got, want := s.sources[0].items[gained].number, 5; got != want || len(s.sources[0].items) != 5 {
		t.Errorf("behind the new items stands item %d of %d, want item %d", got, len(s.sources[0].items), want)
	}
}

func TestTheSameSeedGivesTheSameDocuments(t *testing.T) {
	a, b := start(t), start(t)
	for i := range a.sources {
		if x, y := string(a.sources[i].body), string(b.sources[i].body); x != y {
			t.Errorf("source %d differs:\n%s\n%s", i, x, y)
		}
	}
}

func TestLinesOfAPollAreAddedUp(t *testing.T) {
	got := read("a  ok: 30 new, 0 known; next 10:00:00 UTC (every 15m)\nb  ok: 2 new, 3 known, 1 repeated\nc  unchanged; next 1\nd  timeout: slow\ne  unchanged\n")
	if want := (found{ok: 2, unchanged: 2, items: 32}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
