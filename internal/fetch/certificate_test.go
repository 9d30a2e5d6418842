package fetch_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"khyber/internal/fetch"
	"khyber/internal/news"
)

func TestCertificateEndIsReadAndNothingAsked(t *testing.T) {
	srv := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request was made") }))
	defer srv.Close()
	client := fetch.New(fetch.Options{Now: time.Now})
	end, err := client.CertificateEnd(t.Context(), &news.Source{URL: srv.URL, AllowPrivateNetwork: true})
	if err != nil || !end.Equal(srv.Certificate().NotAfter) {
		t.Errorf("got %s, %v, want %s", end, err, srv.Certificate().NotAfter)
	}
	if _, err := client.CertificateEnd(t.Context(), &news.Source{URL: srv.URL}); err == nil {
		t.Error("a private address is asked without permission")
	}
	for _, src := range []news.Source{{URL: "http://herald.example/rss"}, {URL: srv.URL, Proxy: "http://proxy.example:8080"}, {URL: "::"}} {
		if end, err := client.CertificateEnd(t.Context(), &src); err != nil || !end.IsZero() {
			t.Errorf("%s: got %s, %v", src.URL, end, err)
		}
	}
}
