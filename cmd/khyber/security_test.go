package main

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
)

// secretMarks are the values of the environment: none of them may be seen
// anywhere. They survive every escaping.
var secretMarks = map[string]string{
	"KEY": "mark1querykey", "PASSWORD": "mark2password", "BEARER": "mark3bearer", "PROXY": "mark4proxy",
	"AGENT": "mark5agent", "HOOK": "mark6hook", "NOTIFY": "mark7notify",
}

// secretFile reads sources that fail in every way there is, each with a secret in
// its address or in what is sent to it.
const secretFile = `site: {title: Secrets, base_url: "https://news.example.org", contact: "ops@example.org"}
defaults: {every: 1m, timeout: 1s}
sources:
  - {id: query, url: "SITE/ok?key=${KEY}", allow_private_network: true}
  - {id: user, url: "USERSITE/ok/user", allow_private_network: true}
  - {id: bearer, url: "SITE/ok/bearer", headers: {Authorization: "Bearer ${BEARER}"}, allow_private_network: true}
  - {id: agent, url: "SITE/html/agent", user_agent: "reader ${AGENT}", allow_private_network: true}
  - {id: moved, url: "SITE/moved?key=${KEY}", allow_private_network: true}
  - {id: loop, url: "SITE/loop?key=${KEY}", allow_private_network: true}
  - {id: gone, url: "SITE/gone?key=${KEY}", allow_private_network: true}
  - {id: sick, url: "SITE/sick?key=${KEY}", allow_private_network: true}
  - {id: html, url: "SITE/html?key=${KEY}", allow_private_network: true}
  - {id: cut, url: "SITE/cut?key=${KEY}", allow_private_network: true}
  - {id: private, url: "SITE/private?key=${KEY}"}
  - {id: refused, url: "http://127.0.0.1:1/feed?key=${KEY}", allow_private_network: true}
  - {id: nowhere, url: "https://nobody.invalid/feed?key=${KEY}"}
  - {id: proxied, url: "https://elsewhere.example/feed", proxy: "http://reader:${PROXY}@127.0.0.1:1"}
topics:
  - {id: all, title: All, include: [{name: every item, always: true}]}
notify: [{url: "https://nobody.invalid/hook?key=${HOOK}", secret: "${NOTIFY}"}]
`

// secretSite answers well to those that know the secret only, so that a source
// that works was sent it.
func secretSite(t *testing.T) *httptest.Server {
	t.Helper()
	document := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/rss+xml")
		fmt.Fprintf(w, `<rss version="2.0"><channel><title>%[1]s</title><item><title>Report of %[1]s</title><link>https://%[1]s.example/1</link><guid>%[1]s</guid></item></channel></rss>`, strings.TrimPrefix(r.URL.Path, "/ok"))
	}
	knows := func(w http.ResponseWriter, r *http.Request, known bool) {
		if !known {
			http.Error(w, "who are you?", http.StatusForbidden)
			return
		}
		document(w, r)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/ok", func(w http.ResponseWriter, r *http.Request) { knows(w, r, r.FormValue("key") == secretMarks["KEY"]) })
	mux.HandleFunc("/ok/user", func(w http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth()
		knows(w, r, password == secretMarks["PASSWORD"])
	})
	mux.HandleFunc("/ok/bearer", func(w http.ResponseWriter, r *http.Request) {
		knows(w, r, r.Header.Get("Authorization") == "Bearer "+secretMarks["BEARER"])
	})
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/ok?"+r.URL.RawQuery, http.StatusMovedPermanently)
	})
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/loop?again=1&"+r.URL.RawQuery, http.StatusFound)
	})
	mux.HandleFunc("/gone", func(w http.ResponseWriter, r *http.Request) { http.Error(w, r.URL.String(), http.StatusGone) })
	mux.HandleFunc("/sick", func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, r.URL.String(), http.StatusServiceUnavailable)
	})
	mux.HandleFunc("/html", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "<html><title>%s</title>", r.URL) })
	mux.HandleFunc("/html/agent", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "<html><title>%s</title>", r.UserAgent()) })
	mux.HandleFunc("/cut", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "9999")
		_, _ = io.WriteString(w, "<rss>")
	})
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return srv
}

// TestSecretsAreShownNowhere looks for the secrets in everything that the program
// says to anybody: logs, pages, topic feeds, lists, metrics, errors, files.
func TestSecretsAreShownNowhere(t *testing.T) {
	ctx := patient(t)
	for name, value := range secretMarks {
		t.Setenv(name, value)
	}
	site := secretSite(t)
	d := desk{t: t, dir: t.TempDir()}
	file := strings.ReplaceAll(secretFile, "USERSITE", strings.Replace(site.URL, "http://", "http://reader:${PASSWORD}@", 1))
	d.write(strings.ReplaceAll(file, "SITE", site.URL))

	shown := make(map[string]string)
	said := func(name string, args ...string) {
		out, errs, _ := d.try(args...)
		shown[name+" prints"], shown[name+" complains"] = out, errs
	}
	said("check", "check")
	said("poll", "poll")
	for _, id := range []string{"query", "user", "bearer"} {
		if !strings.Contains(shown["poll prints"], id+" ") || !regexp.MustCompile(`(?m)^`+id+` +ok: 1 new`).MatchString(shown["poll prints"]) {
			t.Errorf("the secret of %s did not arrive:\n%s", id, shown["poll prints"])
		}
	}
	said("poll again", "poll")
	for _, args := range [][]string{
		{"sources"},
		{"doctor"},
		{"export"},
		{"export", "yaml"},
		{"render", "all"},
		{"render", "all", "--format", "json"},
		{"render", "all", "--format", "rss"},
		{"near-misses", "all"},
		{"backtest", "all"},
		{"verify"},
		{"systemd-unit"},
	} {
		said(strings.Join(args, " "), args...)
	}
	var archive bytes.Buffer
	if code := newApp(os.LookupEnv, strings.NewReader(""), &archive, io.Discard).run(ctx, append(d.args(nil), "publish", "-")); code != exitOK {
		t.Fatalf("publish: exit %d", code)
	}
	for files := tar.NewReader(&archive); ; {
		head, err := files.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		must(t, err)
		text, err := io.ReadAll(files)
		must(t, err)
		shown["published "+head.Name] = string(text)
	}
	for _, bad := range []string{"{id: \"${KEY}\", url: 7}", "{id: x, url: \"${KEY}\"}", "{id: x, url: \"ftp://${KEY}\", every: \"${KEY}\"}"} {
		d.write("sources: [" + bad + "]\ntopics: []\n")
		said("check of "+bad, "check")
	}
	d.write(strings.ReplaceAll(file, "SITE", site.URL))
	serveSecrets(ctx, t, d, shown)

	for where, text := range shown {
		for name, mark := range secretMarks {
			if at := strings.Index(text, mark); at >= 0 {
				t.Errorf("%s: the value of %s: …%s…", where, name, text[max(0, at-100):min(len(text), at+60)])
			}
		}
	}
	if len(shown) < 60 {
		t.Errorf("only %d places were looked at", len(shown))
	}
}

// serveSecrets adds what a daemon shows and logs.
func serveSecrets(ctx context.Context, t *testing.T, d desk, shown map[string]string) {
	t.Helper()
	daemon := startServe(ctx, t, d.path("feeds.yaml"), d.path("fresh.db")) // so that all are polled
	daemon.until(ctx, t, "status.json", func(_ int, body string) bool { return strings.Contains(body, `"refused"`) })
	paths := []string{
		"", "sources", "status", "status.json", "status.atom", "sources.opml", "topics.opml", "topics/all", "topics/all.atom", "topics/all.rss",
		"topics/all.json", "search?q=Report", "search.atom?q=Report", "metrics", "healthz", "readyz", "help", "why?topic=all&item=nothing", "nowhere",
	}
	for _, page := range []string{"topics/all", "sources"} {
		for _, link := range regexp.MustCompile(`href="/((?:items|stories|sources)/[^"]+)"`).FindAllStringSubmatch(string(get(ctx, t, daemon.url+page)), -1) {
			paths = append(paths, link[1])
		}
	}
	for _, path := range paths {
		resp, err := http.Get(daemon.url + path)
		must(t, err)
		body, err := io.ReadAll(resp.Body)
		must(t, errors.Join(err, resp.Body.Close()))
		shown["/"+path] = fmt.Sprint(resp.Header, string(body))
	}
	daemon.stop(t)
	shown["the log"] = daemon.stderr.String()
}
