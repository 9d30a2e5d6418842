package fetch_test

import (
	"maps"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"khyber/internal/feedtest"
	"khyber/internal/fetch"
	"khyber/internal/news"
)

// answered returns the Response to an answer with the headers, and when it came.
func answered(t *testing.T, status int, header http.Header) (fetch.Response, time.Time) {
	t.Helper()
	web := feedtest.NewNetwork()
	web.Handle("herald.example", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		maps.Copy(w.Header(), header)
		w.WriteHeader(status)
		if status == http.StatusOK {
			_, _ = w.Write([]byte("<rss/>"))
		}
	}))
	src := heraldSource()
	r, _ := newClient(web).Get(t.Context(), &src, news.Validators{ETag: `"1"`})
	return r, time.Now()
}

const (
	noon  = "Mon, 05 Jan 2026 12:00:00 GMT"
	later = "Mon, 05 Jan 2026 12:02:00 GMT"
)

func TestF11RetryAfterInBothForms(t *testing.T) {
	for _, c := range []struct {
		value, date string
		want        time.Duration // 0: none
	}{
		{"120", noon, 2 * time.Minute},
		{" 120 ", noon, 2 * time.Minute},
		{later, noon, 2 * time.Minute},
		{"Monday, 05-Jan-26 12:02:00 GMT", noon, 2 * time.Minute},
		{"Mon Jan  5 12:02:00 2026", noon, 2 * time.Minute},
		{"Mon, 05 Jan 2026 17:02:00 +0500", noon, 2 * time.Minute},
		{"2026-01-05T12:02:00Z", noon, 2 * time.Minute},
		{"Sat, 01 Jan 2000 00:00:00 GMT", "", 0}, // in a bubble it is 2000-01-01
		{"Sat, 01 Jan 2000 00:05:00 GMT", "rubbish", 5 * time.Minute},
		{noon, later, 0},
		{"0", noon, 0},
		{"-5", noon, 0},
		{"soon", noon, 0},
		{"", noon, 0},
		{"1.5", noon, 0},
		{"604800", noon, 7 * 24 * time.Hour},
		{"604801", noon, 7 * 24 * time.Hour},
		{"99999999999999", noon, 7 * 24 * time.Hour},
		{"99999999999999999999999999", noon, 7 * 24 * time.Hour},
		{"Fri, 31 Dec 9999 23:59:59 GMT", noon, 7 * 24 * time.Hour},
	} {
		for _, status := range []int{429, 503} {
			synctest.Test(t, func(t *testing.T) {
				r, at := answered(t, status, http.Header{"Retry-After": {c.value}, "Date": {c.date}})
				want := at.Add(c.want)
				if c.want == 0 {
					want = time.Time{}
				}
				if !r.RetryAfter.Equal(want) {
					t.Errorf("%d Retry-After %q, Date %q: got %v, want %v", status, c.value, c.date, r.RetryAfter, want)
				}
			})
		}
	}
}

func TestF11RetryAfterOfAServerWithAWrongClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, skew := range []time.Duration{-10 * 365 * 24 * time.Hour, 0, time.Hour} {
			all, _ := poll(t, heraldSource(), feedtest.RetryAt(429, 90*time.Second, skew))
			if got, want := time.Until(all[0].RetryAfter), 90*time.Second; got != want {
				t.Errorf("clock off by %s: got %s, want %s", skew, got, want)
			}
		}
	})
}

func TestF9FreshnessOf200And304(t *testing.T) {
	const day = 24 * time.Hour
	for _, c := range []struct {
		name   string
		header http.Header
		want   time.Duration
		why    string
	}{
		{"none", http.Header{}, 0, ""},
		{"max-age", http.Header{"Cache-Control": {"public, Max-Age=600"}}, 10 * time.Minute, "max-age"},
		{"quoted", http.Header{"Cache-Control": {`max-age="600"`}}, 10 * time.Minute, "max-age"},
		{"age", http.Header{"Cache-Control": {"max-age=600"}, "Age": {"120"}}, 8 * time.Minute, "max-age"},
		{"older than fresh", http.Header{"Cache-Control": {"max-age=600"}, "Age": {"700"}}, 0, ""},
		{"the longest", http.Header{"Cache-Control": {"max-age=60, max-age=600", "max-age=300"}}, 10 * time.Minute, "max-age"},
		{"expires", http.Header{"Expires": {later}, "Date": {noon}}, 2 * time.Minute, "Expires"},
		{"expires, longer", http.Header{"Expires": {later}, "Date": {noon}, "Cache-Control": {"max-age=60"}}, 2 * time.Minute, "Expires"},
		{"expires, shorter", http.Header{"Expires": {later}, "Date": {noon}, "Cache-Control": {"max-age=600"}}, 10 * time.Minute, "max-age"},
		{"expired", http.Header{"Expires": {noon}, "Date": {later}}, 0, ""},
		{"expires 0", http.Header{"Expires": {"0"}}, 0, ""},
		{"no-cache", http.Header{"Cache-Control": {"no-cache, max-age=600"}}, 0, ""},
		{"no-cache with a field", http.Header{"Cache-Control": {`max-age=600, no-cache="set-cookie"`}}, 0, ""},
		{"no-store", http.Header{"Cache-Control": {"No-Store"}, "Expires": {later}, "Date": {noon}}, 0, ""},
		{"max-age 0", http.Header{"Cache-Control": {"max-age=0"}, "Expires": {later}, "Date": {noon}}, 0, ""},
		{"broken", http.Header{"Cache-Control": {"max-age=-5, max-age=, =, ,max-age=1e9"}}, 0, ""},
		{"of others", http.Header{"Cache-Control": {"s-maxage=600, stale-while-revalidate=600"}}, 0, ""},
		{"a year", http.Header{"Cache-Control": {"max-age=31536000"}}, day, "max-age"},
		{"a year, an hour old", http.Header{"Cache-Control": {"max-age=31536000"}, "Age": {"3600"}}, day, "max-age"},
		{"beyond numbers", http.Header{"Cache-Control": {"max-age=99999999999999999999"}}, day, "max-age"},
		{"year 9999", http.Header{"Expires": {"Fri, 31 Dec 9999 23:59:59 GMT"}, "Date": {noon}}, day, "Expires"},
	} {
		for _, status := range []int{200, 304} {
			r, _ := answered(t, status, c.header)
			if !r.Kind.Good() || r.Hints.Fresh != c.want || r.Hints.Why != c.why {
				t.Errorf("%s of %d: got %s %s %q, want %s %q", c.name, status, r.Kind, r.Hints.Fresh, r.Hints.Why, c.want, c.why)
			}
		}
	}
}

func TestLinkHeaderNamesHubAndSelf(t *testing.T) {
	for _, c := range []struct {
		links     []string
		hub, self string
	}{
		{[]string{`<https://hub.example/>; rel="hub", <https://herald.example/feed>; rel="self"`}, "https://hub.example/", "https://herald.example/feed"},
		{[]string{`</x,y>; title="a, b; rel=hub"; rel=Self`, `<https://hub.example/?a=1#f>;rel="next HUB"`}, "https://hub.example/?a=1", "https://herald.example/x,y"},
		{[]string{`<mailto:a@b.example>; rel=hub, <https://second.example/>; rel=hub`}, "https://second.example/", ""},
		{[]string{`<https://hub.example/; rel=hub`, `rel=self`, `<>`, `;;,,`}, "", ""},
	} {
		r, _ := answered(t, 200, http.Header{"Link": c.links})
		if r.Hints.Hub != c.hub || r.Hints.Self != c.self {
			t.Errorf("%q: got hub %q self %q, want %q and %q", c.links, r.Hints.Hub, r.Hints.Self, c.hub, c.self)
		}
	}
}

func TestValidatorsThatCannotBeSentAreNotKept(t *testing.T) {
	long := `"` + string(make([]byte, 5000)) + `"`
	for _, etag := range []string{"\"a\x01b\"", "\"a\x7f\"", long} {
		r, _ := answered(t, 200, http.Header{"Etag": {etag}, "Last-Modified": {noon}})
		if want := (news.Validators{LastModified: noon}); r.Validators != want {
			t.Errorf("got %+v, want %+v", r.Validators, want)
		}
	}
}

func FuzzHeaders(f *testing.F) {
	f.Add("120", "max-age=60", noon, later, "5", "<a>; rel=hub")
	f.Add(later, `no-cache="x", max-age=99999999999999999999`, "0", "", "-1", `<https://a/>;rel="hub self",<b`)
	f.Fuzz(func(t *testing.T, retry, control, date, expires, age, link string) {
		h := http.Header{
			"Retry-After": {retry}, "Cache-Control": {control}, "Date": {date},
			"Expires": {expires}, "Age": {age}, "Link": {link}, "Etag": {retry}, "Last-Modified": {date},
		}
		failed, at := answered(t, 503, h)
		if wait := failed.RetryAfter.Sub(at); !failed.RetryAfter.IsZero() && (wait < -time.Second || wait > 7*24*time.Hour) {
			t.Errorf("Retry-After %q, Date %q: a wait of %s", retry, date, wait)
		}
		good, _ := answered(t, 200, h)
		if fresh := good.Hints.Fresh; fresh < 0 || fresh > 24*time.Hour || (fresh > 0) != (good.Hints.Why != "") {
			t.Errorf("Cache-Control %q, Expires %q, Date %q, Age %q: fresh for %s, %q", control, expires, date, age, fresh, good.Hints.Why)
		}
		src := heraldSource()
		web := feedtest.NewNetwork()
		web.Handle("herald.example", herald.Page())
		if _, err := newClient(web).Get(t.Context(), &src, good.Validators); err != nil {
			t.Errorf("validators %+v cannot be sent: %v", good.Validators, err)
		}
	})
}
