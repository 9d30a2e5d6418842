package poll

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"khyber/internal/feedtest"
	"khyber/internal/news"
)

// use is what a process holds.
type use struct {
	goroutines, files int
	heap              int64 // bytes
}

func useNow(t *testing.T) use {
	t.Helper()
	runtime.GC()
	runtime.GC() // what finalizers let go
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	u := use{goroutines: runtime.NumGoroutine(), heap: int64(m.HeapAlloc)}
	if open, err := os.ReadDir("/proc/self/fd"); err == nil { // else this is no Linux
		u.files = len(open)
	}
	return u
}

// quiet is a web that does not keep what it was asked.
type quiet map[string]http.Handler

// RoundTrip is that of answers, in a goroutine: a handler may hang.
func (q quiet) RoundTrip(r *http.Request) (*http.Response, error) {
	n := feedtest.NewNetwork()
	n.Handle(r.URL.Host, q[r.URL.Host])
	return n.RoundTrip(r)
}

// TestADayLeavesNothingBehind polls good and bad sources for a day with the real
// parser and store, and compares what the process holds with what it held at the
// beginning: no goroutine, file or memory stays behind.
func TestADayLeavesNothingBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		web := quiet{}
		start := time.Now()
		var sources []news.Source
		add := func(host string, h http.Handler) {
			web[host] = h
			sources = append(sources, news.Source{
				ID: host, URL: "https://" + host + "/feed", Domain: host, Publisher: host, Timing: news.Timing{Every: 10 * time.Minute},
			})
		}
		for i, format := range feedtest.Formats() {
			f := feedtest.Feed{Host: fmt.Sprintf("paper%d.example", i), Format: format, Items: 20, Start: start.Add(-10 * time.Hour)}
			add(f.Host, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				f.Grown(int(time.Since(start)/(15*time.Minute))).Page().ServeHTTP(w, r)
			}))
		}
		whole := feedtest.Feed{Host: "whole.example", Items: 20}.Bytes()
		for host, h := range map[string]http.Handler{
			"hangs.example": feedtest.Hang(), "stalls.example": feedtest.Stall(whole, 100), "cut.example": feedtest.Cut(whole, 700),
			"reset.example": feedtest.Reset(), "endless.example": feedtest.Endless(), "sick.example": feedtest.Status(http.StatusServiceUnavailable),
			"busy.example": feedtest.RetryAt(http.StatusTooManyRequests, time.Hour, 0), "loop.example": feedtest.Redirect(http.StatusFound, "/feed"),
			"page.example": feedtest.HTML(http.StatusOK, "Not here"), "nohost.example": feedtest.NoHost(), "badtls.example": feedtest.BadTLS(),
		} {
			add(host, h)
		}
		p, kept := realPoller(t, web, sources, slog.DiscardHandler)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- p.Run(ctx) }()
		time.Sleep(6 * time.Hour) // caches fill up
		before := useNow(t)
		time.Sleep(24 * time.Hour)
		after := useNow(t)
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		status, err := kept.Status(t.Context())
		if err != nil || status.Items < 4*100 {
			t.Errorf("%d items: %v", status.Items, err)
		}
		t.Logf("after 6 h %+v, after 30 h %+v, %d items", before, after, status.Items)
		const slack = 8 << 20 // bytes: what caches and the collector may differ by
		if after.goroutines > before.goroutines+5 || after.files > before.files+2 || after.heap > before.heap+slack {
			t.Errorf("after 6 h %+v, after 30 h %+v", before, after)
		}
	})
}
