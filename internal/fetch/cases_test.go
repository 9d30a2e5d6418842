package fetch_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"khyber/internal/feedtest"
	"khyber/internal/fetch"
	"khyber/internal/news"
)

func newClient(web *feedtest.Network) *fetch.Client {
	return fetch.New(fetch.Options{UserAgent: "Khyber/test", Base: web, Now: time.Now})
}

// TestEveryKind polls every misbehaving source, in a bubble without sockets and,
// where that is possible, over a real connection.
func TestEveryKind(t *testing.T) {
	for _, c := range feedtest.Cases() {
		if c.Where != feedtest.OnSocket {
			t.Run("network/"+c.Name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					web := feedtest.NewNetwork()
					web.Handle("herald.example", c.Handler())
					checkCase(t, c, newClient(web), news.Source{ID: "herald", URL: "https://herald.example/feed"})
				})
			})
		}
		if c.Where == feedtest.Everywhere || c.Where == feedtest.OnSocket {
			t.Run("socket/"+c.Name, func(t *testing.T) {
				s := feedtest.Serve(t, c.Handler())
				client := fetch.New(fetch.Options{UserAgent: "Khyber/test", Now: time.Now})
				checkCase(t, c, client, news.Source{ID: "herald", URL: s.URL + "/feed", AllowPrivateNetwork: true})
			})
		}
	}
}

func checkCase(t *testing.T, c feedtest.Case, client *fetch.Client, src news.Source) {
	t.Helper()
	var r fetch.Response
	var err error
	for range c.Polls {
		r, err = client.Get(t.Context(), &src, r.Validators)
	}
	if r.Kind != c.Fetched {
		t.Fatalf("got Kind %q (%v), want %q", r.Kind, err, c.Fetched)
	}
	if r.Kind.Good() {
		if err != nil {
			t.Errorf("got error %v with Kind %s", err, r.Kind)
		}
		return
	}
	e, ok := errors.AsType[*fetch.Error](err)
	if !ok || e.Kind != r.Kind || e.Text == "" {
		t.Errorf("got error %#v, want an *Error of Kind %s with a text", err, r.Kind)
	}
	t.Log(err)
}
