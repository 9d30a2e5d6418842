package feedtest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"hash/fnv"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"khyber/internal/feedtest"
	"khyber/internal/news"
)

var langs = []string{"ar", "en", "fa", "hi", "ps", "ru", "ur"}

// elements counts the elements of a well-formed document by their local name.
func elements(t *testing.T, body []byte) map[string]int {
	t.Helper()
	n := make(map[string]int)
	for d := xml.NewDecoder(bytes.NewReader(body)); ; {
		token, err := d.Token()
		if err == io.EOF {
			return n
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok {
			n[e.Name.Local]++
		}
	}
}

func TestDocumentsAreWellFormed(t *testing.T) {
	for _, format := range feedtest.Formats() {
		for _, lang := range langs {
			f := feedtest.Feed{Host: "herald.example", Format: format, Lang: lang, Items: 30}
			got := 0
			if format == feedtest.JSON {
				var doc struct{ Items []struct{ ID, Title string } }
				if err := json.Unmarshal(f.Bytes(), &doc); err != nil {
					t.Fatal(err)
				}
				got = len(doc.Items)
			} else {
				n := elements(t, f.Bytes())
				got = n["item"] + n["entry"]
			}
			if got != 30 {
				t.Errorf("%s in %s: got %d items, want 30", format, lang, got)
			}
		}
	}
}

func TestTheSameValuesMakeTheSameItems(t *testing.T) {
	f := feedtest.Feed{Host: "herald.example", Items: 30}
	again := feedtest.Feed{Host: "herald.example", Items: 30}
	if !bytes.Equal(f.Bytes(), again.Bytes()) || f.Page().ETag != again.Page().ETag {
		t.Error("two documents of one Feed differ")
	}
	grown := f.Grown(3)
	if f.Page().ETag == grown.Page().ETag || f.Page().LastModified == grown.Page().LastModified {
		t.Error("a grown document has the validators of the old one")
	}
	for n, want := range map[int][2]bool{0: {true, false}, 2: {true, false}, 3: {true, true}, 29: {true, true}, 30: {false, true}, 32: {false, true}, 33: {false, false}} {
		link := []byte(f.Item(n).Link + "<")
		if got := [2]bool{bytes.Contains(f.Bytes(), link), bytes.Contains(grown.Bytes(), link)}; got != want {
			t.Errorf("item %d: before and after %v, want %v", n, got, want)
		}
	}
	copied := feedtest.Feed{Host: "mirror.example", Text: "herald.example"}
	if a, b := f.Item(7), copied.Item(7); a.Title != b.Title || a.Summary != b.Summary || a.Link == b.Link {
		t.Errorf("a copy differs in its words or not in its link: %+v, %+v", a, b)
	}
	own := feedtest.Feed{Host: "mirror.example"}
	if f.Item(7).Title == own.Item(7).Title {
		t.Error("two sources tell the same report")
	}
}

func TestItemsAreTold(t *testing.T) {
	f := feedtest.Feed{Host: "herald.example", Start: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), Gap: time.Hour, Words: 280}
	i := f.Item(5)
	if want := time.Date(2026, 3, 1, 5, 0, 0, 0, time.UTC); !i.Published.Equal(want) {
		t.Errorf("got %v, want %v", i.Published, want)
	}
	if n := len(strings.Fields(i.Summary)); n < 280 || n > 300 {
		t.Errorf("got %d words, want about 280", n)
	}
	titles := map[string]bool{}
	for n := range 500 {
		titles[f.Item(n).Title] = true
	}
	if len(titles) != 500 {
		t.Errorf("got %d titles of 500 items", len(titles))
	}
}

func TestHostileDocumentsAreTheSameEachTime(t *testing.T) {
	all := feedtest.HostileDocuments()
	if len(all) < 500 {
		t.Errorf("%d documents, want at least 500", len(all))
	}
	names := make(map[string]bool)
	for _, h := range all {
		if names[h.Name] {
			t.Errorf("two documents are called %q", h.Name)
		}
		names[h.Name] = true
		if h.Family == "" || !strings.HasPrefix(h.Name, h.Family) || h.Most < h.Least {
			t.Errorf("%+v", h)
		}
		body := h.Body()
		if len(body) > 8<<20 {
			t.Errorf("%s has %d bytes, more than fetch lets through", h.Name, len(body))
		}
		if len(body) < 64<<10 && sum(body) != sum(h.Body()) {
			t.Errorf("%s differs from call to call", h.Name)
		}
	}
}

func sum(b []byte) uint64 {
	h := fnv.New64a()
	_, _ = h.Write(b)
	return h.Sum64()
}

func TestEveryKindHasACase(t *testing.T) {
	var seen []news.Kind
	names := make(map[string]bool)
	for _, c := range feedtest.Cases() {
		seen = append(seen, c.Kind)
		if names[c.Name] || c.Polls < 1 || c.Fetched == "" {
			t.Errorf("%+v", c)
		}
		names[c.Name] = true
	}
	for _, kind := range news.Kinds() {
		if !slices.Contains(seen, kind) {
			t.Errorf("no case for %s", kind)
		}
	}
}

// get asks a Network and returns status, body and error, the body's included.
func get(ctx context.Context, t *testing.T, web *feedtest.Network, address string) (int, string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := web.RoundTrip(r)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(body), err
}

func TestNetworkFailsAsTheInternetDoes(t *testing.T) {
	web := feedtest.NewNetwork()
	web.Handle("herald.example", feedtest.Page{Body: []byte("words")})
	web.Handle("tribune.example:8080", feedtest.Status(503, "Retry-After", "5"))
	if status, body, err := get(t.Context(), t, web, "https://Herald.example/x?y=1"); status != 200 || body != "words" || err != nil {
		t.Errorf("got %d %q %v", status, body, err)
	}
	if status, _, err := get(t.Context(), t, web, "http://tribune.example:8080/"); status != 503 || err != nil {
		t.Errorf("got %d %v", status, err)
	}
	lookup, ok := errors.AsType[*net.DNSError](second(get(t.Context(), t, web, "http://tribune.example/")))
	if !ok || !lookup.IsNotFound {
		t.Errorf("another port: got %v, want no such host", lookup)
	}
	web.SetDown(true)
	lookup, ok = errors.AsType[*net.DNSError](second(get(t.Context(), t, web, "https://herald.example/")))
	if !ok || lookup.IsNotFound {
		t.Errorf("without a line: got %v, want a failed look-up", lookup)
	}
	web.SetDown(false)
	web.Handle("herald.example", nil)
	if _, _, err := get(t.Context(), t, web, "https://herald.example/"); err == nil {
		t.Error("a removed host answers")
	}
	var got []string
	for _, r := range web.Requests() {
		got = append(got, r.URL)
	}
	if want := []string{"https://Herald.example/x?y=1", "http://tribune.example:8080/", "http://tribune.example/", "https://herald.example/", "https://herald.example/"}; !slices.Equal(got, want) {
		t.Errorf("got log %q, want %q", got, want)
	}
	if log := feedtest.To(web.Requests(), "http://tribune"); len(log) != 2 || log[0].Status != 503 || log[1].Status != 0 {
		t.Errorf("got %+v", log)
	}
}

func second(_ int, _ string, err error) error { return err }

func TestBodiesBreakOffAlike(t *testing.T) {
	body := []byte("a longer document")
	for name, h := range map[string]http.Handler{"cut": feedtest.Cut(body, 8), "short": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "17")
		_, _ = w.Write(body[:8])
	})} {
		web := feedtest.NewNetwork()
		web.Handle("herald.example", h)
		_, inside, errInside := get(t.Context(), t, web, "http://herald.example/")
		s := feedtest.Serve(t, h)
		answer, err := s.Client().Get(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		outside, errOutside := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if inside != "a longer" || string(outside) != inside || errInside == nil || errOutside == nil {
			t.Errorf("%s: got %q (%v) in a Network, %q (%v) on a socket", name, inside, errInside, outside, errOutside)
		}
	}
}

func TestDripFollowsItsClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		web := feedtest.NewNetwork()
		web.Handle("herald.example", feedtest.Drip([]byte("0123456789"), tick.C))
		begin := time.Now()
		_, body, err := get(t.Context(), t, web, "http://herald.example/")
		if took := time.Since(begin); body != "0123456789" || err != nil || took != 10*time.Second {
			t.Errorf("got %q after %s, %v", body, took, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3500*time.Millisecond)
		defer cancel()
		if _, body, err := get(ctx, t, web, "http://herald.example/"); body != "012" || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %q, %v", body, err)
		}
	})
}

func TestHangEndsWithItsRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		web := feedtest.NewNetwork()
		web.Handle("herald.example", feedtest.Hang())
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begin := time.Now()
		if _, _, err := get(ctx, t, web, "http://herald.example/"); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != time.Minute {
			t.Errorf("got %v after %s", err, time.Since(begin))
		}
	})
}

func TestStepsAndSwitchScriptWhatHappens(t *testing.T) {
	web := feedtest.NewNetwork()
	var later feedtest.Switch
	web.Handle("steps.example", feedtest.Steps(feedtest.Status(500), feedtest.NoHost(), feedtest.Status(410)))
	web.Handle("switch.example", &later)
	var got []int
	for range 4 {
		status, _, _ := get(t.Context(), t, web, "http://steps.example/")
		got = append(got, status)
	}
	if want := []int{500, 0, 410, 410}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	first, _, _ := get(t.Context(), t, web, "http://switch.example/")
	later.Set(feedtest.Paths(map[string]http.Handler{"/a": feedtest.Status(200)}))
	a, _, _ := get(t.Context(), t, web, "http://switch.example/a")
	b, _, _ := get(t.Context(), t, web, "http://switch.example/b")
	if first != 404 || a != 200 || b != 404 {
		t.Errorf("got %d, %d, %d, want 404, 200, 404", first, a, b)
	}
}

func TestServedRequestsAreLogged(t *testing.T) {
	s := feedtest.ServeTLS(t, feedtest.Paths(map[string]http.Handler{"/a": feedtest.Redirect(301, "/b"), "/b": feedtest.Page{ETag: `"1"`}}))
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/a?x=1", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("If-None-Match", `"1"`)
	answer, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	u, _ := url.Parse(s.URL)
	log := s.Requests()
	if len(log) != 2 || log[0].Status != 301 || log[1].Status != 304 || !log[1].Conditional() || log[1].URL != "https://"+u.Host+"/b" {
		t.Errorf("got %+v", log)
	}
}
