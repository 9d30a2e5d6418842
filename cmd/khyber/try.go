package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"khyber/internal/config"
	"khyber/internal/fetch"
	"khyber/internal/news"
	"khyber/internal/parse"
	"khyber/internal/poll"
	"khyber/internal/story"
)

// tryGap is between two requests to one domain, as between two polls of one.
const tryGap = 5 * time.Second

type tryCmd struct {
	URL                 string `arg:"" name:"url" help:"The address of a feed, or of a site that has one."`
	JSON                bool   `name:"json" help:"Print JSON."`
	AllowPrivateNetwork bool   `help:"The host of the address may be in a private network."`
}

// Run asks the address as a poll would and prints what came of it. Nothing is
// kept. Where the answer is a page, the feeds of its site are looked for.
func (c tryCmd) Run(ctx context.Context, a *app) error {
	t := &trial{app: a, quiet: c.JSON}
	var site config.Site
	if exists(a.config) {
		cfg, err := a.mustLoad()
		if err != nil {
			return err
		}
		t.config, site = cfg, cfg.Site
	}
	t.client = fetch.New(fetch.Options{UserAgent: a.userAgent(site), Now: a.now})
	src, err := c.source(t.config)
	if err != nil {
		return err
	}
	return t.run(ctx, src, c.JSON)
}

// source is the configured source of the address, else one that has nothing but
// the address.
func (c tryCmd) source(cfg *config.Config) (news.Source, error) {
	address := strings.TrimSpace(c.URL)
	scheme, _, found := strings.Cut(address, "://")
	if !found {
		scheme, address = "https", "https://"+address
	}
	if scheme = strings.ToLower(scheme); scheme != "https" && scheme != "http" {
		return news.Source{}, usageError{fmt.Errorf("%s: a source is asked over http or https: give an address that begins so", address)}
	}
	src := news.Source{ID: "try", URL: address, Domain: fetch.Domain(address)}
	if cfg != nil {
		for _, known := range cfg.Sources {
			if known.URL == address {
				src = known
			}
		}
	}
	src.AllowPrivateNetwork = src.AllowPrivateNetwork || c.AllowPrivateNetwork
	return src, nil
}

// trial is one run of try.
type trial struct {
	*app
	config *config.Config // nil: there is no file, so there are no topics
	client *fetch.Client
	quiet  bool                 // nothing is printed before all is known
	began  map[string]time.Time // domain → the last request to it
}

// run tries src, and what its site may have where src is a page.
func (t *trial) run(ctx context.Context, src news.Source, asJSON bool) error {
	result, err := t.poll(ctx, src)
	if err != nil {
		return err
	}
	var found []candidate
	if result.poll.Kind == news.KindNotAFeed && len(result.resp.Body) > 0 {
		if err := t.say("%s is no feed but this: %s\nLooking for the feed of its site:\n", src.URL, result.poll.Text); err != nil {
			return err
		}
		if found, err = t.discover(ctx, &result); err != nil {
			return err
		}
		for i := range found {
			if found[i].good() {
				result = found[i].trying
				break
			}
		}
	}
	if asJSON {
		err = t.printJSON(tryingJSON(&result, found))
	} else if result.poll.Kind.Good() {
		err = t.print(tryReport(&result))
	}
	switch {
	case err != nil || result.poll.Kind.Good():
		return err
	case len(found) > 0:
		return fmt.Errorf("%s: no feed was found: give the address of one", src.URL)
	}
	return fmt.Errorf("%s: %s", src.URL, result.poll.Outcome())
}

// say tells at once what is going on, to who is not waiting for JSON.
func (t *trial) say(format string, args ...any) error {
	if t.quiet {
		return nil
	}
	return t.print(fmt.Sprintf(format, args...))
}

// candidate is an address that a site may have a feed at, and what came of it.
type candidate struct {
	fetch.Candidate
	trying
}

// good says that it is a feed and no empty one.
func (c *candidate) good() bool { return c.poll.Kind.Good() && len(c.items) > 0 }

// discover asks what the page names, and what many sites have where nothing of
// that is any good. A domain that says 429 is asked no more.
func (t *trial) discover(ctx context.Context, page *trying) ([]candidate, error) {
	var out []candidate
	good, held := false, make(map[string]bool)
	for _, found := range fetch.Discover(page.resp.URL, page.resp.Body) {
		if found.From == fetch.FromGuess && good {
			break
		}
		src := news.Source{ID: page.src.ID, URL: found.URL, Domain: fetch.Domain(found.URL)}
		if held[src.Domain] {
			continue
		}
		// What was permitted for the host that was named is permitted for no other.
		src.AllowPrivateNetwork = page.src.AllowPrivateNetwork && sameHost(found.URL, page.src.URL)
		result, err := t.poll(ctx, src)
		if err != nil {
			return nil, err
		}
		c := candidate{found, result}
		good = good || c.good()
		held[src.Domain] = result.poll.Status == http.StatusTooManyRequests
		if err := t.say("  %-60s %s: %s\n", found.URL, originText(found), candidateText(&c)); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

func sameHost(a, b string) bool {
	u, err1 := url.Parse(a)
	v, err2 := url.Parse(b)
	return err1 == nil && err2 == nil && u.Scheme == v.Scheme && strings.EqualFold(u.Host, v.Host)
}

// wait lets the gap pass since the last request to the domain of src. A private
// host is one's own.
func (t *trial) wait(ctx context.Context, src *news.Source) error {
	if t.began == nil {
		t.began = make(map[string]time.Time)
	}
	last, again := t.began[src.Domain]
	if again && !src.AllowPrivateNetwork {
		timer := time.NewTimer(max(tryGap, src.HostGap) - t.now().Sub(last))
		defer timer.Stop()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
		}
	}
	t.began[src.Domain] = t.now()
	return nil
}

// poll takes src the way of every poll, to a store that forgets.
func (t *trial) poll(ctx context.Context, src news.Source) (trying, error) {
	if err := t.wait(ctx, &src); err != nil {
		return trying{}, err
	}
	r := &trying{src: src, client: t.client}
	p := poll.New(poll.Options{
		Store: r, Fetch: r, Parse: r.parse, Now: t.now, Random: t.random, Log: slog.New(slog.DiscardHandler),
	})
	state := poll.State{Sources: []news.Source{src}}
	if t.config != nil {
		state.Set = t.config.Set
	}
	p.Apply(state)
	_, err := p.PollSource(ctx, src)
	return *r, err
}

// trying is one poll whose steps are kept to look at, and the store that it
// believes in.
type trying struct {
	src    news.Source
	client *fetch.Client

	resp  fetch.Response
	doc   parse.Document
	poll  news.Poll
	items []news.Item
	why   string        // the interval
	least time.Duration // until the next poll, with the least jitter
	most  time.Duration
}

// Get asks, and keeps the answer.
func (r *trying) Get(ctx context.Context, src *news.Source, v news.Validators) (fetch.Response, error) {
	resp, err := r.client.Get(ctx, src, v)
	r.resp = resp
	r.resp.Body = bytes.Clone(resp.Body) // the parser may change it
	return resp, err
}

// parse reads the document, and keeps it.
func (r *trying) parse(src *news.Source, body []byte, header http.Header, now time.Time) (parse.Document, error) {
	doc, err := parse.Parse(src, body, header, now)
	r.doc = doc
	return doc, err
}

// Commit counts what would be kept and reckons when the source would be due.
func (r *trying) Commit(_ context.Context, p news.Poll, items []news.Item) (news.Poll, error) {
	for i, id := range story.Identify(&r.src, news.Distrust{}, items) {
		if id.Repeated {
			p.Reject(news.RejectedRepeated, 1)
		} else {
			r.items = append(r.items, items[i])
		}
	}
	p.New, p.Baseline = len(r.items), p.Kind == news.KindOK
	r.poll = p
	ended := p.At.Add(p.Duration)
	for _, jitter := range []float64{0, 1} {
		p.Jitter = jitter
		next := poll.Next(news.SourceState{}, p)
		r.least, r.most, r.why = r.most, next.Next.Sub(ended), next.Why
	}
	return r.poll, nil
}

// Source returns the state of a source that was never polled.
func (r *trying) Source(_ context.Context, id string) (news.SourceState, error) {
	return news.SourceState{Source: id}, nil
}

// Sources returns none.
func (r *trying) Sources(context.Context) ([]news.SourceState, error) { return nil, nil }

// Claim fails: PollSource claims nothing.
func (r *trying) Claim(context.Context, string, time.Duration, int, time.Duration) ([]news.Claim, error) {
	return nil, errors.ErrUnsupported
}

// Flush has nothing to write.
func (r *trying) Flush(context.Context) error { return nil }
