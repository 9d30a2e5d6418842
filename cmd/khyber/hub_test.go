package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// lines is a writer that hands on what is printed.
type lines chan string

func (l lines) Write(b []byte) (int, error) {
	l <- string(b)
	return len(b), nil
}

// growing is an invented outlet whose document has one more report each time it
// is read.
type growing struct {
	*httptest.Server
	read atomic.Int64 // when it was read last
}

func newGrowing(t *testing.T) *growing {
	g := &growing{}
	n := 0 // the poller asks a source once at a time
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n++
		now := time.Now()
		w.Header().Set("Content-Type", "application/rss+xml")
		fmt.Fprint(w, `<rss version="2.0"><channel><title>Mirwal Wire</title><link>https://mirwal.example/</link><description>invented</description>`)
		for i := n; i > 0; i-- {
			fmt.Fprintf(w, "<item><title>%s</title><link>https://mirwal.example/%d</link><pubDate>%s</pubDate></item>",
				invented(i), i, now.Add(-time.Minute).Format(time.RFC1123Z))
		}
		fmt.Fprint(w, "</channel></rss>")
		g.read.Store(now.UnixNano())
	}))
	t.Cleanup(g.Close)
	return g
}

// invented returns a headline that no other number has, nor one like it: what
// reads alike is one story.
func invented(n int) string {
	syllables := []string{"ba", "do", "fi", "gu", "ke", "lo", "mi", "na", "pe", "ru", "sa", "ti", "vo", "wa", "ze", "hu"}
	words := []string{"Mirwal"}
	for sum := sha256.Sum256(fmt.Append(nil, n)); len(words) < 6; {
		var word strings.Builder
		for _, b := range sum[4*len(words) : 4*len(words)+4] {
			word.WriteString(syllables[b%16])
		}
		words = append(words, word.String())
	}
	return strings.Join(words, " ")
}

// delivery is what a subscriber is sent.
type delivery struct {
	at     time.Time
	header http.Header
	body   string
}

// newSubscriber agrees to every subscription and hands on what it is sent.
func newSubscriber(t *testing.T) (*httptest.Server, chan delivery) {
	got := make(chan delivery, 64)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			fmt.Fprint(w, r.URL.Query().Get("hub.challenge"))
			return
		}
		at := time.Now()
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		select {
		case got <- delivery{at, r.Header, string(body)}:
		default: // more than anybody waits for
		}
	}))
	t.Cleanup(s.Close)
	return s, got
}

// TestASubscriberGetsNewsFromTheHub runs the daemon with a hub whose calls may
// reach this machine, subscribes, and waits for the next report.
func TestASubscriberGetsNewsFromTheHub(t *testing.T) {
	outlet := newGrowing(t)
	subscriber, got := newSubscriber(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "feeds.yaml")
	config := fmt.Sprintf(`site: {title: River, base_url: "https://river.example"}
defaults: {every: 1s, allow_private_network: true}
sources:
  - {id: mirwal, name: Mirwal Wire, url: %q}
topics:
  - {id: river, title: River, include: [{name: every item, always: true}]}
`, outlet.URL)
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	running, stop := context.WithCancel(ctx)
	said, ended := make(lines, 1), make(chan error, 1)
	a := &app{
		config: file, data: filepath.Join(dir, "khyber.db"), getenv: os.LookupEnv, stdout: said, stderr: io.Discard,
		now: time.Now, random: rand.Float64, egress: http.DefaultTransport,
	}
	go func() { ended <- serveCmd{Listen: "127.0.0.1:0", Keep: span(time.Hour)}.Run(running, a) }()
	var base string
	select {
	case err := <-ended:
		t.Fatalf("serve: %v", err)
	case line := <-said:
		// The line names base_url; where it listens stands behind it.
		base = indexAddress.FindString(line)
	}
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
	}()
	topic := "https://river.example/topics/river.atom"
	asked, err := http.PostForm(base+"hub", url.Values{"hub.mode": {"subscribe"}, "hub.topic": {topic}, "hub.callback": {subscriber.URL}, "hub.secret": {"shared"}})
	if err != nil {
		t.Fatal(err)
	}
	if asked.Body.Close(); asked.StatusCode != http.StatusAccepted {
		t.Fatalf("the hub answers %s", asked.Status)
	}
	select {
	case <-ctx.Done():
		t.Fatal("nothing is delivered")
	case d := <-got:
		t.Logf("delivered %v after the source was read", d.at.Sub(time.Unix(0, outlet.read.Load())).Round(time.Millisecond))
		wantLink := `<https://river.example/hub>; rel="hub", <` + topic + `>; rel="self"`
		if link := d.header.Get("Link"); link != wantLink {
			t.Errorf("Link: %s\nwant  %s", link, wantLink)
		}
		if !strings.HasPrefix(d.header.Get("X-Hub-Signature"), "sha256=") || !strings.Contains(d.body, "Mirwal ") {
			t.Errorf("delivered: %v\n%s", d.header, d.body)
		}
	}
}
