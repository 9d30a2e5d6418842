package server

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/mmcdole/gofeed" // in tests only: what we serve is read by the library that reads our sources

	"khyber/internal/news"
	"khyber/internal/store"
)

// browser starts Chromium with a profile of its own, cut off from every host
// but ours. Complaints are what it wrote to its console: blocked loads, errors.
func browser(t *testing.T, more ...chromedp.ExecAllocatorOption) (ctx context.Context, complaints func() []string) {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil || testing.Short() {
		t.Skip("needs chromium and no -short: apt-get install chromium fonts-noto-core, as the README's test command does")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("no-sandbox", true), chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-quic", true),
		chromedp.Flag("no-first-run", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"),
	)
	ctx, stop := chromedp.NewExecAllocator(t.Context(), append(options, more...)...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var said []string
	err = chromedp.Listen(ctx, func(event any) {
		text, _ := json.Marshal(event) // one that cannot be written is a complaint all the same
		if strings.Contains(string(text), "status of 400") {
			return // a search that cannot be understood is meant to be one
		}
		switch name := fmt.Sprintf("%T", event); {
		case strings.HasPrefix(name, "*log."), strings.HasSuffix(name, "ExceptionThrown"), strings.Contains(name, "ConsoleAPICalled"):
			mu.Lock()
			said = append(said, name+" "+string(text))
			mu.Unlock()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return ctx, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return said
	}
}

// liveServer serves on loopback and names itself so in every link.
func liveServer(t *testing.T) (base string, s *Server) {
	s = ruled(t)
	live := httptest.NewServer(s)
	t.Cleanup(live.Close)
	st := withRules(t, sampleState())
	st.Site.BaseURL = live.URL
	s.Apply(st)
	return live.URL, s
}

// What a page must be at any width: no sideways scrolling, one h1, headings in
// order, no element without a name that needs one, nothing loaded from elsewhere.
const audit = `(() => {
	const faults = [], root = document.documentElement;
	if (root.scrollWidth > innerWidth) {
		const wide = [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1);
		faults.push('scrolls sideways: ' + root.scrollWidth + ' > ' + innerWidth + ' by ' + wide.slice(-1).map(e => e.outerHTML.slice(0, 120)));
	}
	if (document.querySelectorAll('h1').length !== 1) faults.push('not one h1');
	let level = 0;
	for (const h of document.querySelectorAll('h1,h2,h3,h4')) {
		const n = +h.tagName[1];
		if (n > level + 1) faults.push(h.tagName + ' after h' + level + ': ' + h.textContent);
		level = n;
	}
	for (const e of document.querySelectorAll('input,svg[role=img]'))
		if (!(e.labels && e.labels.length) && !e.getAttribute('aria-label') && !e.querySelector('title')) faults.push('no name: ' + e.outerHTML.slice(0, 120));
	for (const e of document.querySelectorAll('a,button,summary,input')) {
		const box = e.getBoundingClientRect(), inText = getComputedStyle(e).display === 'inline';
		if (!e.textContent.trim() && e.tagName === 'A') faults.push('link without text');
		if (!inText && box.height && box.height < 24) faults.push('a target of ' + box.height + ' px: ' + e.outerHTML.slice(0, 120));
	}
	for (const e of document.querySelectorAll('th')) if (!e.scope) faults.push('th without scope');
	const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
	if (new Set(ids).size !== ids.length) faults.push('an id is there twice');
	for (const r of performance.getEntriesByType('resource'))
		if (!r.name.startsWith(location.origin + '/') && !r.name.startsWith('data:')) faults.push('loads ' + r.name);
	if (!document.querySelector('main#main') || !document.querySelector('a.skip[href="#main"]')) faults.push('no skip link');
	return faults;
})()`

func TestPagesAreSoundAtEveryWidth(t *testing.T) {
	base, _ := liveServer(t)
	soundAtEveryWidth(t, base,
		"/", "/topics/border-trade", "/topics/border-trade?before=71&view=all", "/topics/floods", "/topics/quiet", "/items/0000000000001000",
		"/sources", "/status", "/search", "/search?q=customs", "/search?q=(x", "/stories/0000000000001000", "/topics/border-trade?view=stories", "/help", "/help/running", "/why?topic=border-trade&item=0000000000001000",
	)
}

// What a page says in trouble is longer than what it says on a good day.
func TestPagesOfTroubleAreSoundAtEveryWidth(t *testing.T) {
	base, s := liveServer(t)
	f := sampleStore()
	hostileDay(f, &State{Sources: make([]news.Source, 1), Topics: make([]news.Topic, 1)}) // its items
	for id := range f.topics {
		f.notices = append(f.notices, store.Notice{Topic: id, Since: noon.AddDate(0, 0, -1), Stories: 99, Usual: 1.2})
	}
	for i := range f.states {
		x := &f.states[i]
		x.State, x.Since, x.LastKind, x.Failures, x.LastStatus, x.Redirect.Learned = news.StateFailing, noon.AddDate(0, 0, -2), news.KindStatus, 31, 429, true
		x.LastText = strings.Repeat("503 Service Unavailable, says the server of the outlet ", 3)
	}
	f.fault = store.ErrDamaged
	s.Store = f
	st := withRules(t, sampleState())
	st.Site.BaseURL, st.Refused = base, true
	for i := range 7 {
		st.Problems = append(st.Problems, news.Problem{
			Position: news.Position{File: "topics/" + strings.Repeat("a-long-name-of-a-file-", 4) + ".yaml", Line: i, Column: 5}, Text: `unknown key "ulr"`,
		})
	}
	s.Apply(st)
	soundAtEveryWidth(t, base, "/", "/topics/border-trade", "/topics/quiet", "/items/0000000000001001", "/sources", "/status", "/search?q=xyzzy", "/search?q=(x")
	f.states = nil // the first minute
	st.Topics, st.Problems, st.Refused = nil, nil, false
	s.Apply(st)
	soundAtEveryWidth(t, base, "/", "/sources", "/status")
}

// soundAtEveryWidth audits pages at four widths and wants no complaint of the
// browser.
func soundAtEveryWidth(t *testing.T, base string, paths ...string) {
	t.Helper()
	ctx, complaints := browser(t)
	for _, path := range paths {
		if err := chromedp.Do(ctx, chromedp.Navigate(base+path)); err != nil {
			t.Fatal(err)
		}
		for _, width := range []int64{320, 390, 768, 1280} {
			if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, 844)); err != nil {
				t.Fatal(err)
			}
			faults, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](audit))
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range faults {
				t.Errorf("%s at %d px: %s", path, width, f)
			}
		}
	}
	for _, c := range complaints() {
		t.Errorf("the browser complains: %s", c)
	}
}

func TestEntriesAreWrittenInTheirDirection(t *testing.T) {
	ctx, _ := browser(t)
	base, _ := liveServer(t)
	if err := chromedp.Do(ctx, chromedp.Navigate(base+"/topics/border-trade")); err != nil {
		t.Fatal(err)
	}
	got, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](
		`[...document.querySelectorAll('.entry h3')].slice(0, 4).map(e => e.lang + ' ' + getComputedStyle(e).direction)`))
	if want := "[en ltr en ltr ps rtl en ltr]"; err != nil || fmt.Sprint(got) != want {
		t.Errorf("got %v (%v), want %s", got, err, want)
	}
}

// The way of an analyst who doubts an entry: the list, a topic, a report, the
// verdict on it, its story, its source; on a phone and on a desk, by day and by
// night.
func TestFromAnEntryToItsSource(t *testing.T) {
	base, _ := liveServer(t)
	for scheme, night := range map[string]bool{"0": true, "1": false} {
		ctx, complaints := browser(t, chromedp.Flag("blink-settings", "preferredColorScheme="+scheme))
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		for _, width := range []int64{390, 1280} {
			if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, 844), chromedp.Navigate(base+"/")); err != nil {
				t.Fatal(err)
			}
			for _, step := range []struct{ click, path string }{
				{`.topics a`, "/topics/border-trade"},
				{`.entry a[href^="/items/"]`, "/items/0000000000001000"},
				{`a[href^="/why?"]`, "/why?topic=border-trade&item=0000000000001000"},
				{`article h2 a`, "/items/0000000000001000"},
				{`a[href^="/stories/"]`, "/stories/0000000000001000"},
				{`.entry a[href^="/items/"]`, "/items/0000000000001000"},
				{`a[href^="/sources#"]`, "/sources#gazette"},
			} {
				there := fmt.Sprintf(`location.href === %q && document.readyState === 'complete'`, base+step.path)
				if err := chromedp.Do(ctx, chromedp.Click(step.click)); err != nil {
					t.Fatalf("click on %s: %v", step.click, err)
				}
				for arrived := false; !arrived; { // asked while it goes from page to page, it answers with an error
					if arrived, _ = chromedp.Run(ctx, chromedp.Evaluate[bool](there)); ctx.Err() != nil {
						t.Fatalf("a click on %s does not lead to %s", step.click, step.path)
					}
				}
				faults, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](audit))
				if err != nil || len(faults) > 0 {
					t.Errorf("%s at %d px: %v (%v)", step.path, width, faults, err)
				}
			}
			if dark, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`matchMedia('(prefers-color-scheme: dark)').matches`)); err != nil || dark != night {
				t.Errorf("night %v, want %v (%v)", dark, night, err)
			}
		}
		for _, c := range complaints() {
			t.Errorf("the browser complains: %s", c)
		}
	}
}

// The first five minutes of an analyst: the list, a topic, its address, a reader.
func TestFromThePageToTheReader(t *testing.T) {
	ctx, _ := browser(t)
	base, _ := liveServer(t)
	err := chromedp.Do(ctx, chromedp.Navigate(base+"/"), chromedp.Click(`.topics a`), chromedp.WaitVisible(`#address`))
	if err != nil {
		t.Fatal(err)
	}
	address, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.getElementById('address').value`))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := gofeed.NewParser().Parse(resp.Body)
	if err != nil || len(got.Items) != 100 || got.FeedLink != address {
		t.Errorf("%s: %v, %+v", address, err, got)
	}
}

// WCAG 2.2 wants 4.5 between text and what is behind it.
func TestBothPalettesHaveEnoughContrast(t *testing.T) {
	css, err := web.ReadFile("web/style.css")
	if err != nil {
		t.Fatal(err)
	}
	palettes := regexp.MustCompile(`(?s):root \{(.*?)\}`).FindAllStringSubmatch(string(css), -1)
	if len(palettes) != 2 {
		t.Fatalf("%d palettes", len(palettes))
	}
	for i, p := range palettes {
		colours := map[string]float64{}
		for _, c := range regexp.MustCompile(`--(\w+): #([0-9a-f]{3,6});`).FindAllStringSubmatch(p[1], -1) {
			colours[c[1]] = luminance(t, c[2])
		}
		for _, text := range []string{"ink", "soft", "accent", "good", "warn", "bad"} {
			for _, behind := range []string{"paper", "card"} {
				a, b := colours[text]+.05, colours[behind]+.05
				if ratio := max(a, b) / min(a, b); ratio < 4.5 {
					t.Errorf("palette %d: %s on %s has %.2f", i, text, behind, ratio)
				}
			}
		}
	}
}

// luminance is that of WCAG 2.2 for a colour of 3 or 6 hexadecimal digits.
func luminance(t *testing.T, colour string) float64 {
	if len(colour) == 3 {
		colour = strings.Repeat(colour[:1], 2) + strings.Repeat(colour[1:2], 2) + strings.Repeat(colour[2:], 2)
	}
	total := 0.0
	for i, weight := range []float64{.2126, .7152, .0722} {
		n, err := strconv.ParseUint(colour[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(n) / 255
		if c <= .04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+.055)/1.055, 2.4)
		}
		total += weight * c
	}
	return total
}
