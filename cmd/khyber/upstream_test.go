package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"khyber/internal/feedtest"
)

// TestAPushOfAHubPollsItsSource runs the daemon on a source that is polled once
// an hour and names a hub. The hub verifies, pushes, and the source is read.
func TestAPushOfAHubPollsItsSource(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it takes five seconds until a hub is asked")
	}
	t.Parallel()
	subscribed, read := make(chan url.Values, 4), make(chan struct{}, 16)
	hub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		form, err := url.ParseQuery(string(body))
		if err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusAccepted)
		subscribed <- form
	}))
	t.Cleanup(hub.Close)
	outlet := feedtest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", `<`+hub.URL+`>; rel="hub", <https://mirwal.example/feed>; rel="self"`)
		feedtest.Feed{Host: "mirwal.example", Items: 5}.Page().ServeHTTP(w, r)
		read <- struct{}{}
	}))
	dir := t.TempDir()
	file := filepath.Join(dir, "feeds.yaml")
	config := fmt.Sprintf(`site: {title: River, base_url: "https://river.example"}
sources:
  - {id: mirwal, name: Mirwal Wire, url: %q, every: 1h, allow_private_network: true}
topics:
  - {id: river, title: River, include: [{name: every item, always: true}]}
`, outlet.URL)
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	running, stop := context.WithCancel(ctx)
	said, ended := make(lines, 1), make(chan error, 1)
	a := &app{
		config: file, data: filepath.Join(dir, "khyber.db"), getenv: os.LookupEnv, stdout: said, stderr: io.Discard,
		now: time.Now, random: rand.Float64, egress: http.DefaultTransport,
	}
	go func() { ended <- serveCmd{Listen: "127.0.0.1:0", Keep: span(time.Hour)}.Run(running, a) }()
	base := indexAddress.FindString(<-said)
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
	}()
	await(ctx, t, read, "the source was not read at the start")
	form := await(ctx, t, subscribed, "the hub was not asked")
	callback := base + strings.TrimPrefix(form.Get("hub.callback"), "https://river.example/")
	q := url.Values{"hub.mode": {"subscribe"}, "hub.topic": {"https://mirwal.example/feed"}, "hub.challenge": {"abc"}, "hub.lease_seconds": {"86400"}}
	if body := fetched(ctx, t, http.MethodGet, callback+"?"+q.Encode(), nil, ""); body != "abc" {
		t.Fatalf("the challenge comes back as %q", body)
	}
	mac := hmac.New(sha256.New, []byte(form.Get("hub.secret")))
	_, _ = mac.Write([]byte("pushed"))
	fetched(ctx, t, http.MethodPost, callback, http.Header{"X-Hub-Signature": {"sha256=" + hex.EncodeToString(mac.Sum(nil))}}, "pushed")
	await(ctx, t, read, "the push had nothing read")
}

func await[T any](ctx context.Context, t *testing.T, c <-chan T, failed string) (got T) {
	t.Helper()
	select {
	case <-ctx.Done():
		t.Fatal(failed)
	case got = <-c:
	}
	return got
}

// fetched returns the body of a 2xx answer.
func fetched(ctx context.Context, t *testing.T, method, address string, header http.Header, body string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name := range header {
		r.Header.Set(name, header.Get(name))
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode/100 != 2 {
		t.Fatalf("%s %s: %s %v", method, address, answer.Status, err)
	}
	return string(text)
}
