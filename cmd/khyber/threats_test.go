package main

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"golang.org/x/sync/errgroup"
)

// pipes is a listener whose connections need no network, so that time is that of
// the bubble.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if c, ok := <-p; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}
func (p pipes) Close() error   { close(p); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

// TestWhoIsSlowIsNotKept: neither one that does not end its request, nor one that
// does not read its answer, nor one that says nothing more.
func TestWhoIsSlowIsNotKept(t *testing.T) {
	for name, c := range map[string]struct {
		says  string
		reads bool
		want  time.Duration // after which the connection is closed
	}{
		"headers without end":  {"GET /large HTTP/1.1\r\nHost: a\r\nX-", true, headerTimeout},
		"a body without end":   {"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx", true, readTimeout},
		"an answer not read":   {"GET /large HTTP/1.1\r\nHost: a\r\n\r\n", false, writeTimeout},
		"silence after it all": {"GET /small HTTP/1.1\r\nHost: a\r\n\r\n", true, idleTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBureau(t)
				d := &daemon{parts: b.parts}
				ctx, cancel := context.WithCancel(t.Context())
				g, ctx := errgroup.WithContext(ctx)
				l := make(pipes, 1)
				d.serve(ctx, g, l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					_, _ = io.Copy(io.Discard, r.Body)
					if r.URL.Path == "/large" {
						_, _ = w.Write(make([]byte, 1<<20))
					}
				}))
				ours, theirs := net.Pipe()
				began := time.Now()
				l <- theirs
				_, err := io.WriteString(ours, c.says)
				must(t, err)
				if c.reads {
					_, _ = io.Copy(io.Discard, ours) // to its end
				} else {
					time.Sleep(2 * writeTimeout)
					n, _ := io.Copy(io.Discard, ours)
					if n > 64<<10 {
						t.Errorf("%d bytes came after all", n)
					}
					began = began.Add(writeTimeout)
				}
				if took := time.Since(began); took != c.want {
					t.Errorf("it was kept for %s, want %s", took, c.want)
				}
				must(t, ours.Close())
				cancel()
				must(t, g.Wait())
			})
		})
	}
}

// TestAnArchiveStaysInItsFolder: what publish unpacks comes from the daemon, or
// from whoever took its place.
func TestAnArchiveStaysInItsFolder(t *testing.T) {
	for _, name := range []string{"../evil", "/evil", "a/../../evil"} {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		must(t, w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: 1}))
		_, err := w.Write([]byte("x"))
		must(t, errors.Join(err, w.Close()))
		dir := t.TempDir()
		if _, err := unpack(&b, dir+"/site", func() {}); err == nil || exists(dir+"/evil") || exists("/evil") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNoSourceSteersATerminal: what a source says of itself is printed without
// the characters that a terminal takes for orders.
func TestNoSourceSteersATerminal(t *testing.T) {
	const order = "\x1b[31m\x1b]0;x\x07\u009b2J"
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/page":
			fmt.Fprintf(w, "<html><head><title>%s&#27;[1m</title></head></html>", order)
		case "/feed":
			w.Header().Set("ETag", `"`+order[len(order)-4:]+`"`)
			text, err := json.Marshal(order)
			must(t, err)
			fmt.Fprintf(w, `{"version":"https://jsonfeed.org/version/1.1","title":%[1]s,"home_page_url":%[1]s,"items":[{"id":%[1]s,"url":%[1]s,"title":%[1]s,"content_text":%[1]s,"date_published":%[1]s,"tags":[%[1]s]}]}`, text)
		default:
			w.Header().Set("Content-Type", "text/plain"+order[len(order)-4:])
			http.Error(w, order, http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(srv.Close)
	d := desk{t: t, dir: t.TempDir()}
	d.write(strings.ReplaceAll("sources:\n"+
		"  - {id: feed, url: \"SITE/feed\", allow_private_network: true}\n  - {id: page, url: \"SITE/page\", allow_private_network: true}\n"+
		"  - {id: sick, url: \"SITE/sick\", allow_private_network: true}\n"+
		"topics: [{id: all, title: All, include: [{name: a, always: true}]}]\n", "SITE", srv.URL))
	for _, args := range [][]string{
		{"poll"},
		{"sources"},
		{"near-misses", "all"},
		{"backtest", "all"},
		{"doctor"},
		{"try", "--allow-private-network", srv.URL + "/feed"},
		{"try", "--allow-private-network", srv.URL + "/page"},
		{"add", "--dry-run", "--id", "x", "--allow-private-network", srv.URL + "/feed?2"},
	} {
		out, errs, _ := d.try(args...)
		if i := strings.IndexFunc(out+errs, func(c rune) bool { return unicode.IsControl(c) && c != '\n' && c != '\t' }); i >= 0 {
			t.Errorf("%v prints %q", args, (out + errs)[i:])
		}
		if args[0] == "poll" && !strings.Contains(out, "ok: 1 new") {
			t.Errorf("nothing was kept:\n%s", out)
		}
	}
}

// TestWhatIsKeptIsForItsOwner: others on the machine read what is published, and
// nothing else.
func TestWhatIsKeptIsForItsOwner(t *testing.T) {
	w := newWorld(t)
	d := desk{t: t, dir: t.TempDir()}
	d.write(w.config())
	d.must("poll", "atom-wire")
	d.must("backup", "copy.db")
	d.must("backup", "copy.jsonl.zst")
	d.must("restore", "copy.db")
	d.must("publish", "site")
	for name, want := range map[string]os.FileMode{
		"khyber.db": 0o600, "khyber.db.before-restore": 0o600, "copy.db": 0o600, "copy.jsonl.zst": 0o600, "site/index.html": publicFile, "site/topics": publicFolder,
	} {
		info, err := os.Stat(d.path(name))
		must(t, err)
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", name, got, want)
		}
	}
}
