package poll

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"khyber/internal/fetch"
	"khyber/internal/news"
	"khyber/internal/parse"
	"khyber/internal/store"
)

// PollSource polls src once and commits what came of it: state → fetch → parse
// → match → commit. The Poll is valid with an error too.
//
// It records nothing when ctx ends first: shutting down is not the source's
// fault. Once there is something to commit, ctx no longer stops it.
func (p *Poller) PollSource(ctx context.Context, src news.Source) (news.Poll, error) {
	poll := news.Poll{ID: p.pollID(), Source: src.ID, URL: src.URL, At: p.opt.Now(), Timing: src.Timing, Jitter: p.opt.Random()}
	known, err := p.opt.Store.Source(ctx, src.ID)
	if err != nil {
		return poll, fmt.Errorf("poll %s: read state: %w", src.ID, err)
	}
	poll.Fence = known.Fence // whoever commits first, since this moment, wins

	resp, err := p.fetch(ctx, src, known)
	defer resp.Free()
	p.opt.Crash("poll.fetched")
	var doc parse.Document
	if err == nil && resp.Kind == news.KindOK {
		defer p.room(ctx, len(resp.Body))()
		doc, err = p.parse(ctx, src, resp)
		resp.Free() // before the commit waits
	}
	p.opt.Crash("poll.parsed")
	if ctx.Err() != nil {
		return poll, ctx.Err()
	}
	poll.Kind, poll.Text = outcome(resp, err)
	poll.Text = p.opt.Hide(poll.Text)
	poll.Status, poll.Hops, poll.Bytes = resp.Status, hops(src, resp), resp.Wire
	poll.Duration = p.opt.Now().Sub(poll.At)
	// The validators belong to the body: without all of it they stay behind (P2).
	poll.Complete = resp.Complete && poll.Kind.Good() && !doc.Salvaged
	poll.Validators, poll.BodyHash = resp.Validators, resp.BodyHash
	poll.Salvaged, poll.Fetched, poll.Rejected = doc.Salvaged, doc.Fetched, doc.Rejected
	poll.Hints, poll.RetryAfter = hints(resp.Hints, doc.Hints), resp.RetryAfter // for Next, pure: Commit calls it with the counts
	poll.OwnOutage = p.judgeLine(known, poll, src.Domain)

	done, err := p.commit(ctx, poll, doc.Items)
	if err != nil {
		return done, fmt.Errorf("poll %s: %w", src.ID, err)
	}
	p.report(ctx, known, done)
	return done, nil
}

// fetch asks for the document, at the learned address if there is one. A body
// that is the last committed one is as good as a 304.
func (p *Poller) fetch(ctx context.Context, src news.Source, known news.SourceState) (fetch.Response, error) {
	asked := src
	elsewhere := ""
	if to := p.learned(&known); to != "" {
		asked.URL = to
		if elsewhere = host(to); elsewhere == host(src.URL) {
			elsewhere = ""
		} else {
			// What the editor grants to one host is not granted to another.
			asked.Headers, asked.AllowPrivateNetwork = nil, false
		}
	}
	begin := p.opt.Elapsed()
	resp, err := p.opt.Fetch.Get(ctx, &asked, known.Validators)
	p.opt.Measure("fetch", p.opt.Elapsed()-begin)
	if elsewhere != "" && resp.Validators.Host == "" {
		resp.Validators.Host = elsewhere // theirs, not the configured host's
	}
	if err == nil && resp.Kind == news.KindOK && resp.Complete && resp.BodyHash != 0 && resp.BodyHash == known.BodyHash {
		resp.Kind = news.KindUnchanged
	}
	p.clock.note(p.opt.Now(), resp.Header.Get("Date"), src.Domain)
	return resp, err
}

// learned returns the address that a permanent redirect taught us to ask, and
// "" where the configured one is asked: also when it is another source's, which
// must not be asked twice.
func (p *Poller) learned(known *news.SourceState) string {
	r := known.Redirect
	if owner := p.config.Load().owners[r.URL]; !r.Learned || owner != "" && owner != known.Source {
		return ""
	}
	return r.URL
}

// host returns the host of an address, with its port where that is not the
// scheme's own, as fetch tells hosts apart.
func host(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return ""
	}
	h := strings.ToLower(u.Host)
	if u.Scheme == "http" {
		return strings.TrimSuffix(h, ":80")
	}
	return strings.TrimSuffix(h, ":443")
}

// hops returns the redirects of an answer. Those of a source whose address is
// nobody's business are none of anybody's either.
func hops(src news.Source, resp fetch.Response) []news.Hop {
	if src.PublicURL() == "" {
		return nil
	}
	return resp.Hops
}

// room waits until there is room for one more document of n bytes, parsed and
// not yet kept, or until ctx ends. What it returns gives the room back.
func (p *Poller) room(ctx context.Context, n int) (leave func()) {
	p.gauges.bodies.Add(int64(n))
	weight := min(max(int64(n), leastParsed), maxParsed)
	if p.documents.Acquire(ctx, weight) != nil { // ctx has ended, and so does the poll
		weight = 0
	}
	return func() {
		p.documents.Release(weight)
		p.gauges.bodies.Add(-int64(n))
	}
}

// parse reads the document of an answer, when a processor is free for it.
func (p *Poller) parse(ctx context.Context, src news.Source, resp fetch.Response) (parse.Document, error) {
	turns := []chan struct{}{p.parsing}
	if len(resp.Body) > largeBody {
		turns = []chan struct{}{p.large, p.parsing}
	}
	for _, turn := range turns {
		select {
		case turn <- struct{}{}:
			defer func() { <-turn }()
		case <-ctx.Done():
			return parse.Document{}, ctx.Err()
		}
	}
	begin := p.opt.Elapsed()
	defer func() { p.opt.Measure("parse", p.opt.Elapsed()-begin) }()
	src.URL = resp.URL // what is relative in it is relative to where it came from
	return guarded(func() (parse.Document, error) {
		return p.opt.Parse(&src, resp.Body, resp.Header, p.opt.Now())
	})
}

// guarded turns a panic of a parser into a Kind, so that one document cannot
// end the polling of all.
func guarded(read func() (parse.Document, error)) (doc parse.Document, err error) {
	defer func() {
		if r := recover(); r != nil {
			doc, err = parse.Document{}, &parse.Error{Kind: news.KindNotAFeed, Text: fmt.Sprintf("parser panic: %v", r)}
		}
	}()
	return read()
}

// outcome returns the Kind of a poll and what went wrong, for people.
func outcome(resp fetch.Response, err error) (news.Kind, string) {
	if e, ok := errors.AsType[*parse.Error](err); ok {
		return e.Kind, e.Text
	}
	if e, ok := errors.AsType[*fetch.Error](err); ok {
		return e.Kind, e.Text
	}
	if err != nil {
		return news.KindRefused, err.Error()
	}
	return resp.Kind, ""
}

// hints joins what the headers and the document ask for. Of two times the
// longer counts; of two hubs that of the header (WebSub §4).
func hints(header, document news.Hints) news.Hints {
	h := document
	if header.Fresh > h.Fresh {
		h.Fresh, h.Why = header.Fresh, header.Why
	}
	if header.Hub != "" {
		h.Hub, h.Self = header.Hub, header.Self
	}
	return h
}

// staleTries is how often a poll is matched anew because feeds.yaml was
// reloaded meanwhile; each time waits for the Apply that follows a reload.
const (
	staleTries = 3
	staleWait  = 10 * time.Second
)

// commit matches the items with the topics of now and records the poll. It
// matches anew when the configuration changed in between.
func (p *Poller) commit(ctx context.Context, poll news.Poll, items []news.Item) (news.Poll, error) {
	for try := 1; ; try++ {
		c := p.config.Load()
		poll.Generation = c.Generation
		begin := p.opt.Elapsed()
		if c.Set != nil {
			for i := range items {
				items[i].Matches = c.Set.Match(&items[i])
			}
		}
		p.opt.Measure("match", p.opt.Elapsed()-begin)
		p.opt.Crash("poll.matched")
		begin = p.opt.Elapsed()
		done, err := p.opt.Store.Commit(context.WithoutCancel(ctx), poll, items)
		p.opt.Measure("commit", p.opt.Elapsed()-begin)
		if !errors.Is(err, store.ErrStaleConfig) || try == staleTries {
			return done, err
		}
		wait := time.NewTimer(staleWait)
		select {
		case <-c.next:
			wait.Stop()
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return done, err
		}
	}
}

// report tells of a poll that was committed: a line a poll, and one more when
// the source came to fail or recovered.
func (p *Poller) report(ctx context.Context, known news.SourceState, done news.Poll) {
	p.opt.Observe(done)
	log := p.opt.Log
	log.LogAttrs(ctx, slog.LevelInfo, "polled",
		slog.String("source", done.Source), slog.String("kind", string(done.Kind)), slog.Int("status", done.Status),
		slog.Int("new", done.New), slog.Int("known", done.Known), slog.Int("rejected", rejected(done)),
		slog.Duration("dur", done.Duration), slog.Time("next", done.Next))
	known.URL = done.URL // the store writes addresses in its own way
	was, is := broken(known.State), broken(Next(known, done).State)
	switch {
	case is && !was:
		log.Warn("source failing", "source", done.Source, "kind", done.Kind, "err", done.Text)
	case was && !is:
		log.Info("source recovered", "source", done.Source, "kind", done.Kind)
	}
}

func broken(s news.State) bool { return s == news.StateFailing || s == news.StateGone }

func rejected(p news.Poll) int {
	n := 0
	for _, k := range p.Rejected {
		n += k
	}
	return n
}
