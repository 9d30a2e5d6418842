package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"

	"khyber/internal/config"
	"khyber/internal/fetch"
	"khyber/internal/lexicon"
	"khyber/internal/news"
	"khyber/internal/poll"
	"khyber/internal/publish"
	"khyber/internal/server"
	"khyber/internal/store"
	"khyber/internal/store/bolt"
	"khyber/internal/topic"
)

// load reads feeds.yaml and what it includes. The Config is nil when a Problem
// is no warning.
func (a *app) load() (*config.Config, []news.Problem) {
	if a.errand != nil {
		return a.errand.load(a.configOptions())
	}
	return config.Load(a.config, a.configOptions())
}

func (a *app) configOptions() config.Options {
	return config.Options{
		Getenv: a.getenv,
		CheckSchedule: func(spec string, zone *time.Location) error {
			_, err := poll.ParseSchedule(spec, zone)
			return err
		},
	}
}

// mustLoad is load for commands that can do nothing with a bad file: its
// Problems go to standard error.
func (a *app) mustLoad() (*config.Config, error) {
	cfg, problems := a.load()
	if cfg != nil {
		return cfg, nil
	}
	return nil, a.refused(problems)
}

// refused prints Problems and returns the error that ends the command.
func (a *app) refused(problems []news.Problem) error {
	for _, p := range problems {
		if !p.Warning {
			fmt.Fprintln(a.stderr, p)
		}
	}
	return fmt.Errorf("%s cannot be used: mend what is named above", a.config)
}

// openStore opens the database, and makes it where there is none.
func (a *app) openStore(ctx context.Context, log *slog.Logger, maxSize int64) (*store.Store, error) {
	return a.openFile(ctx, a.data, bolt.Options{Log: log, MaxSize: maxSize, Upgrading: func() { tellUpgrading(log) }})
}

// inUse names the process that has a database, where it can be asked.
func inUse(ctx context.Context, path string, err error) error {
	if errors.Is(err, bolt.ErrInUse) {
		if pid, ok := holder(ctx, path); ok {
			return fmt.Errorf("%s is in use by process %d: stop that one, or name another --data", path, pid)
		}
	}
	return err
}

func (a *app) openFile(ctx context.Context, path string, o bolt.Options) (*store.Store, error) {
	o.Now, o.Broken, o.Crash = a.now, a.breaks, a.crash
	engine, err := bolt.Open(path, o)
	if err != nil {
		return nil, inUse(ctx, path, err)
	}
	st, err := store.New(engine, store.Options{Now: a.now, Next: poll.Next, Log: o.Log, Crash: a.crash})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read %s: %w", path, err), engine.Close())
	}
	return st, nil
}

// parts are the program put together: what polls, and what serves.
type parts struct {
	app     *app
	log     *slog.Logger
	store   *store.Store
	server  *server.Server
	poller  *poll.Poller
	rematch *poll.Rematch
	base    string // of links where feeds.yaml sets no base_url
	client  *fetch.Client

	config  atomic.Pointer[config.Config] // in force
	agent   atomic.Pointer[string]        // the User-Agent, which says what site of it says
	changes []string                      // from the one before to it
	beat    func()                        // is told of each turn of the poller; nil: nobody wants to know
}

// build puts the program together around an open store. More says what a
// command adds to the server.
func (a *app) build(log *slog.Logger, st *store.Store, cfg *config.Config, base string, more server.Options) *parts {
	a.saveMemory()
	more.Store, more.Now, more.Log, more.Version = st, a.now, log, a.version()
	more.Help, more.Domain = helpPages(), fetch.Domain
	client := fetch.New(fetch.Options{UserAgent: a.userAgent(cfg.Site), Now: a.now})
	p := &parts{app: a, log: log, store: st, base: base, client: client}
	more.Polling = p.polling
	more.HubStore, more.Subscriptions, more.NoticeStore, more.Egress = st, st, st, a.egress
	if more.Egress == nil {
		more.Egress = client.Transport()
	}
	p.server = server.New(more)
	p.poller = poll.New(poll.Options{
		Store: st, Now: a.now, Random: a.random, Log: log, Observe: p.server.ObservePoll, Measure: p.server.ObservePhase, Fetch: asker{client, &p.agent}, Crash: a.crash, Hide: a.hidden,
		Beat: func() {
			if p.beat != nil {
				p.beat()
			}
		},
	})
	p.rematch = poll.NewRematch(st, log, a.now)
	return p
}

// asker asks under the name that is in force: a reload may have changed whom
// publishers can ask about the polls.
type asker struct {
	*fetch.Client
	agent *atomic.Pointer[string]
}

// Get is that of the Client.
func (a asker) Get(ctx context.Context, src *news.Source, v news.Validators) (fetch.Response, error) {
	if src.UserAgent == "" {
		own := *src
		own.UserAgent = *a.agent.Load()
		src = &own
	}
	return a.Client.Get(ctx, src, v)
}

// apply puts a configuration in force everywhere. Problems are warnings, or
// those of a later file that is refused.
func (p *parts) apply(ctx context.Context, cfg *config.Config, problems []news.Problem, refused bool) error {
	generation, err := p.store.ApplyConfig(ctx, cfg.Revision)
	if err != nil {
		return fmt.Errorf("keep the configuration: %w", err)
	}
	kept, err := p.store.LastConfig(ctx) // with the time when it was first in force
	if err != nil {
		return fmt.Errorf("read the configuration: %w", err)
	}
	if before := p.config.Swap(cfg); before != nil {
		p.changes = changes(before, cfg)
	}
	p.app.hide(cfg.Secrets)
	agent := p.app.userAgent(cfg.Site)
	p.agent.Store(&agent)
	p.show(cfg, cfg.Set.Topics(), server.State{Generation: generation, Hash: cfg.Revision.Hash, Applied: kept.Applied, Problems: problems, Refused: refused, Changes: p.changes})
	p.poller.Apply(poll.State{Sources: cfg.Sources, Set: cfg.Set, Generation: generation})
	p.rematch.Apply(cfg.Set, generation)
	p.app.reached("config.swapped")
	return nil
}

// use has what is kept shown by a configuration without keeping that one. Topics
// that the store knows nothing of are left out and returned.
func (p *parts) use(ctx context.Context, cfg *config.Config) (fresh []string, err error) {
	if err := p.store.Use(ctx, cfg.Revision); err != nil {
		return nil, err
	}
	kept, err := p.store.LastConfig(ctx)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	var known []news.Topic
	for _, t := range cfg.Set.Topics() {
		if p.store.Revision(t.ID) == 0 {
			fresh = append(fresh, t.ID)
		} else {
			known = append(known, t)
		}
	}
	p.show(cfg, known, server.State{Generation: kept.Generation, Applied: kept.Applied})
	return fresh, nil
}

// show has topics served as the configuration says.
func (p *parts) show(cfg *config.Config, topics []news.Topic, st server.State) {
	site := publish.Site{Title: cfg.Site.Title, BaseURL: cfg.Site.BaseURL, Contact: cfg.Site.Contact}
	// Subscribers keep an address for days: there is no hub for one that is not set.
	site.Hub = cfg.Site.BaseURL != "" && !cfg.Site.Hub.Off
	if site.BaseURL == "" {
		site.BaseURL = p.base
	}
	st.Site, st.Sources, st.Topics, st.Set, st.Entities = site, cfg.Sources, topics, cfg.Set, entities(cfg.Lexicon)
	st.HubHosts, st.Notify = cfg.Site.Hub.Hosts, p.targets(cfg.Notify)
	st.ParseQuery = func(q string) (*topic.Query, []news.Problem) { return topic.ParseQuery(q, cfg.Lexicon) }
	p.server.Apply(st)
}

// targets are where notices go, each with its own way out.
func (p *parts) targets(notify []config.Notify) []server.Target {
	var out []server.Target
	for _, n := range notify {
		t := server.Target{URL: string(n.URL), Secret: string(n.Secret), Topics: n.Topics, Egress: p.app.egress}
		if t.Egress == nil {
			t.Egress = p.client.TransportTo(t.URL, n.AllowPrivateNetwork)
		}
		out = append(out, t)
	}
	return out
}

// entities names what mentions count for.
func entities(lex *lexicon.Lexicon) map[string]string {
	names := make(map[string]string, lex.Len())
	for id := range lex.Len() {
		e := lex.Entity(lexicon.ID(id))
		names[e.ID] = e.Name
	}
	return names
}

// polling tells the server what the poller does now.
func (p *parts) polling() server.Polling {
	now := p.poller.Status()
	out := server.Polling{Beat: now.Beat, InFlight: now.InFlight, Bodies: now.Bodies, Offset: now.Offset, Outage: now.OwnOutage}
	for _, c := range p.rematch.Reapplied() {
		out.Reapplied = append(out.Reapplied, server.Reapplied(c))
	}
	return out
}

// userAgent says who asks, and where a publisher finds us.
func (a *app) userAgent(site config.Site) string {
	agent := "Khyber/" + a.version()
	switch {
	case site.BaseURL != "" && site.Contact != "":
		agent += " (+" + site.BaseURL + "; " + site.Contact + ")"
	case site.BaseURL != "":
		agent += " (+" + site.BaseURL + ")"
	case site.Contact != "":
		agent += " (" + site.Contact + ")"
	}
	return agent
}

// version is that of this binary.
func (a *app) version() string {
	info, _ := debug.ReadBuildInfo()
	return shortVersion(version, info)
}
