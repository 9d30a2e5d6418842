package config

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // so that a machine without zone files tests the same

	"khyber/internal/news"
)

func TestShippedFileHasNoProblem(t *testing.T) {
	c, problems := Load("../../feeds.yaml", Options{})
	for _, p := range problems {
		t.Error(p)
	}
	if c == nil {
		t.Fatal("the shipped file is refused")
	}
	polled := 0
	for _, s := range c.Sources {
		if s.Name == s.ID || s.Country == "" || s.Type == "" || s.Lang == "" || s.Timezone == nil {
			t.Errorf("%s: name, country, kind, lang or timezone is not filled in", s.ID)
		}
		if !s.Disabled {
			polled++
		}
	}
	if polled < 60 {
		t.Errorf("%d sources of the shipped file are polled, want 60 or more", polled)
	}
}

// goodOptions is a world in which testdata/good/full.yaml is valid.
func goodOptions() Options {
	o := testOptions()
	o.Getenv = func(name string) (string, bool) {
		v, ok := map[string]string{"HOST": "news.example.org", "KEY_FILE": "key", "TOKEN": "s3cret token", "TOKEN_PATH": "a/b"}[name]
		return v, ok
	}
	o.ReadFile = func(path string) ([]byte, error) {
		if path == "key" {
			return []byte("k€y\n"), nil
		}
		return os.ReadFile(filepath.Join("testdata", "good", path))
	}
	o.Glob = func(pattern string) ([]string, error) {
		found, err := filepath.Glob(filepath.Join("testdata", "good", pattern))
		for i := range found {
			found[i], _ = filepath.Rel(filepath.Join("testdata", "good"), found[i])
		}
		return found, err
	}
	return o
}

func loadGood(t *testing.T) *Config {
	t.Helper()
	c, problems := Load("full.yaml", goodOptions())
	for _, p := range problems {
		t.Error(p)
	}
	if c == nil {
		t.Fatal("there is no Config")
	}
	return c
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestEveryKeyReachesItsField(t *testing.T) {
	c := loadGood(t)
	karachi, kabul := zone(t, "Asia/Karachi"), zone(t, "Asia/Kabul")
	usual := func(s news.Source) news.Source {
		s.Timezone, s.HostGap = karachi, 10*time.Second
		if s.Lang == "" {
			s.Lang = "en"
		}
		s.Timing.Location = karachi
		if s.Timing.MinEvery == 0 {
			s.Timing.MinEvery = 10 * time.Minute
		}
		if s.Timing.MaxEvery == 0 {
			s.Timing.MaxEvery = time.Hour
		}
		return s
	}
	want := []news.Source{
		usual(news.Source{
			ID: "amber", Name: "amber", URL: "https://amber.example.org/rss.xml", Publisher: "example.org", Domain: "example.org",
			Timing: news.Timing{Every: 30 * time.Minute},
		}),
		{
			ID: "birch", Name: "Birch – خبر", URL: "https://www.birch.example.co.uk/feed?key=k€y", Private: true,
			Publisher: "birch-group", Domain: "example.co.uk", Lang: "no", Country: "NO", Type: news.ThinkTank,
			Timing: news.Timing{
				Schedule: "*/20 6-23 * * *", Location: kabul, MinEvery: 10 * time.Minute, MaxEvery: time.Hour, IgnoreHints: true,
			},
			Timezone: kabul, UserAgent: "Birch s3cret token",
			Headers: map[string]string{"X-Key": "s3cret token", "Accept-Language": "ps"},
			Proxy:   "socks5://user:password@127.0.0.1:1080", AllowPrivateNetwork: true,
			MaxBytes: 16 << 20, Timeout: 90 * time.Second, HostGap: time.Minute, Disabled: true,
		},
		usual(news.Source{
			ID: "cedar", Name: "cedar", URL: "http://127.0.0.1:8080/cedar", Publisher: "127.0.0.1", Domain: "127.0.0.1",
			AllowPrivateNetwork: true, Timing: news.Timing{Every: 5 * time.Second, MinEvery: time.Minute, MaxEvery: 2 * time.Minute},
		}),
		usual(news.Source{
			ID: "0x10", Name: "0x10", URL: "https://user:pa%20ss@dogwood.example.org/", Private: true, Publisher: "example.org",
			Domain: "example.org", Type: news.Agency, Timing: news.Timing{Every: 30 * time.Minute},
		}),
		usual(news.Source{
			ID: "elm", Name: "elm", URL: "https://elm.example.org/rss.xml", Publisher: "elm", Domain: "example.org",
			Timing: news.Timing{Schedule: "0 * * * *", MaxEvery: 3 * time.Hour},
		}),
		usual(news.Source{
			ID: "elm-2", Name: "elm-2", URL: "https://elm.example.org/rss2.xml", Publisher: "elm", Domain: "example.org", Lang: "ps",
			Timing: news.Timing{Every: 24 * time.Hour, MaxEvery: 3 * time.Hour},
		}),
		usual(news.Source{
			ID: "fir", Name: "Fir Post", URL: "https://fir.example.org/rss.xml", Publisher: "example.org", Domain: "example.org",
			Timing: news.Timing{Every: 30 * time.Minute},
		}),
	}
	if len(c.Sources) != len(want) {
		t.Fatalf("got %d sources, want %d", len(c.Sources), len(want))
	}
	for i, got := range c.Sources {
		if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want[i]) {
			t.Errorf("got  %+v\nwant %+v", got, want[i])
		}
	}
	site := Site{
		Title: "Khyber – خیبر", BaseURL: "https://news.example.org/news", Contact: "ops@example.org",
		Hub: Hub{Hosts: []string{"reader.example.org"}},
	}
	if got := fmt.Sprintf("%+v", c.Site); got != fmt.Sprintf("%+v", site) {
		t.Errorf("site: got %s, want %+v", got, site)
	}
	notify := []Notify{
		{URL: "https://alerts.example.org/a/b", Secret: "s3cret token"}, {URL: "https://alerts.example.org/plain"},
	}
	if !reflect.DeepEqual(c.Notify, notify) {
		t.Errorf("notify: got %+v, want %+v", c.Notify, notify)
	}
}

// TestWrittenFormHoldsNoSecret holds what goes to the database and into an
// export: the texts of the files, never the values of variables.
func TestWrittenFormHoldsNoSecret(t *testing.T) {
	c := loadGood(t)
	var stored strings.Builder
	stored.WriteString(fmt.Sprintf("%+v", c.Written))
	for _, f := range c.Revision.Files {
		stored.WriteString(string(f.Text))
	}
	for _, secret := range []string{"s3cret token", "k€y", "a/b", "news.example.org"} {
		if strings.Contains(stored.String(), secret) {
			t.Errorf("%q is written", secret)
		}
	}
	if got, want := c.Written[1].URL, "https://www.birch.example.co.uk/feed?key=${KEY}"; got != want {
		t.Errorf("got the URL %s, want %s", got, want)
	}
	if got := c.Written[1].Headers["X-Key"]; got != "${TOKEN}" {
		t.Errorf("got the header %s, want ${TOKEN}", got)
	}
}

func TestSecretsListAllThatMustNotBeShown(t *testing.T) {
	c := loadGood(t)
	want := []string{"s3cret%20token", "s3cret token", "s3cret+token", "k%E2%82%ACy", "password", "pa%20ss", "pa+ss", "pa ss", "k€y"}
	for _, s := range want {
		if !slices.Contains(c.Secrets, s) {
			t.Errorf("%q is not in %q", s, c.Secrets)
		}
	}
	if slices.Contains(c.Secrets, "news.example.org") {
		t.Error("the site's address is taken for a secret")
	}
	for i := range c.Secrets[1:] {
		if len(c.Secrets[i]) < len(c.Secrets[i+1]) {
			t.Errorf("%q stands before the longer %q", c.Secrets[i], c.Secrets[i+1])
		}
	}
}

func TestSecretHidesItself(t *testing.T) {
	n := Notify{URL: "https://alerts.example.org/token", Secret: "s3cret"}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("notify", "target", n.URL, "all", n)
	for _, shown := range []string{fmt.Sprint(n), fmt.Sprintf("%+v %#v %q %s", n, n, n.URL, n.Secret), log.String()} {
		if strings.Contains(shown, "s3cret") || strings.Contains(shown, "token") {
			t.Errorf("a secret is shown: %s", shown)
		}
	}
}

// TestMissingVariableDisablesItsSource holds that one credential that is not
// there stops one source and not the service.
func TestMissingVariableDisablesItsSource(t *testing.T) {
	opts := goodOptions()
	opts.Getenv = func(name string) (string, bool) { return "news.example.org", name == "HOST" }
	c, problems := Load("full.yaml", opts)
	if c == nil {
		t.Fatal(problems)
	}
	for _, s := range c.Sources {
		if want := s.ID == "birch"; s.Disabled != want {
			t.Errorf("%s: disabled is %t, want %t", s.ID, s.Disabled, want)
		}
	}
	if len(c.Notify) != 1 {
		t.Errorf("got %d targets of notices, want the one without a variable", len(c.Notify))
	}
}

func TestStoredFilesLoadAsTheFilesDid(t *testing.T) {
	c := loadGood(t)
	opts := goodOptions()
	disk := opts.ReadFile
	opts.ReadFile = func(path string) ([]byte, error) {
		if strings.HasSuffix(path, ".yaml") {
			t.Errorf("%s is read from the disk", path)
		}
		return disk(path)
	}
	again, problems := LoadFiles(c.Revision.Files, opts)
	if again == nil {
		t.Fatal(problems)
	}
	if got, want := fmt.Sprintf("%+v", again.Revision), fmt.Sprintf("%+v", c.Revision); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestHashTellsFilesApart(t *testing.T) {
	seen := map[uint64]string{}
	for _, files := range [][]news.File{
		nil,
		{{Path: "a", Text: []byte("b")}},
		{{Path: "ab"}},
		{{Path: "a"}, {Path: "b"}},
		{{Path: "a", Text: []byte("c")}},
	} {
		h := Hash(files)
		if other, ok := seen[h]; ok {
			t.Errorf("%v has the hash of %s", files, other)
		}
		seen[h] = fmt.Sprint(files)
	}
}

func TestDomain(t *testing.T) {
	for url, want := range map[string]string{
		"https://www.Dawn.example.com/feeds":     "example.com",
		"https://feeds.example.co.uk:8443/x":     "example.co.uk",
		"https://someone.blogspot.com/feed":      "someone.blogspot.com", // private section
		"https://blogspot.com/feed":              "blogspot.com",
		"https://news.example.com./":             "example.com",
		"http://127.0.0.1:8080/":                 "127.0.0.1",
		"http://[2001:db8::1]:8080/":             "2001:db8::1",
		"http://localhost/":                      "localhost",
		"https://example.com.pk/rss":             "example.com.pk",
		"no address":                             "",
		"https://user:pass@news.example.org/rss": "example.org",
	} {
		if got := Domain(url); got != want {
			t.Errorf("Domain(%s) = %s, want %s", url, got, want)
		}
	}
}

func TestParseDuration(t *testing.T) {
	for s, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "1h30m": 90 * time.Minute, "400d": 400 * day, "1d12h": 36 * time.Hour, "1.5d": 36 * time.Hour, "0s": 0,
	} {
		if got, err := ParseDuration(s); got != want || err != nil {
			t.Errorf("ParseDuration(%s) = %v, %v, want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"", "15", "d", "-1h", "1d-1h", "1d+1h", "+1h", "1h1d", "999999999d", "1w", "1 h", "106751d24h"} {
		if got, err := ParseDuration(s); err == nil {
			t.Errorf("ParseDuration(%s) = %v, want an error", s, got)
		}
	}
}

func TestParseSize(t *testing.T) {
	for s, want := range map[string]int64{"8MiB": 8 << 20, "1.5 KB": 1500, "0B": 0, "2TiB": 2 << 40} {
		if got, err := ParseSize(s); got != want || err != nil {
			t.Errorf("ParseSize(%s) = %v, %v, want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"", "8", "MiB", "-1MiB", "8 mib", "99999999999TiB"} {
		if got, err := ParseSize(s); err == nil {
			t.Errorf("ParseSize(%s) = %v, want an error", s, got)
		}
	}
}

func TestDurationsAreShownAsTheyAreWritten(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Minute: "1m", 90 * time.Second: "1m30s", time.Hour: "1h", 90 * time.Minute: "1h30m", 31 * day: "31d",
		20 * time.Minute: "20m", 10 * time.Hour: "10h", time.Second: "1s", 0: "0s", 100 * time.Minute: "1h40m",
	} {
		if got := short(d); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestSuggestionsAreNear(t *testing.T) {
	known := names(sourceKeys())
	for word, want := range map[string]string{
		"ulr": "url", "uzr_agent": "user_agent", "schedul": "schedule", "x": "", "idd": "id", "ids": "id", "URL": "", "evry": "every",
	} {
		if got := nearest(word, known); got != want {
			t.Errorf("nearest(%s) = %q, want %q", word, got, want)
		}
	}
}
