package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// mostHosts is how many addresses of loopback serve, where the system lets
	// them: a polite poller asks no host for much at once.
	mostHosts = 64
	// pool is how many reports of a language several sources carry.
	pool = 400
	// syndicated is one item of so many that stands elsewhere too.
	syndicated = 5
	// gap is between two items of a source: 30 are three days' worth.
	gap = 150 * time.Minute
)

// sim serves invented sources.
type sim struct {
	mu      sync.Mutex
	sources []source
	shared  map[*language][]item
	writer  writer
	now     time.Time
	hosts   []string // with port
	servers []*http.Server
	served  sync.WaitGroup
	failed  error // of a document that could not be written
}

// serve makes n sources with items each and serves them until close.
func serve(n, items int, seed uint64, now time.Time) (*sim, error) {
	s := &sim{
		sources: make([]source, n), shared: make(map[*language][]item), now: now.UTC().Truncate(time.Second),
		writer: writer{rand.New(rand.NewPCG(seed, 0))},
	}
	if err := s.listen(min(n, mostHosts)); err != nil {
		return nil, err
	}
	for i := range s.sources {
		s.sources[i] = source{
			number: i, format: formats[i%len(formats)], lang: languages[i%len(languages)],
			links: fmt.Sprintf("https://courier%d.example/news", i),
		}
		s.grow(&s.sources[i], items, items)
	}
	return s, s.failed
}

// listen opens one port on several addresses of loopback, on 127.0.0.1 at least.
func (s *sim) listen(hosts int) error {
	port := "0"
	for i := range hosts {
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0."+strconv.Itoa(i+1), port))
		if err != nil && i == 0 {
			return fmt.Errorf("serve on loopback: %w", err)
		}
		if err != nil {
			break // this system has one address there
		}
		_, port, _ = net.SplitHostPort(l.Addr().String()) // ours: it has a port
		server := &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
		s.hosts, s.servers = append(s.hosts, l.Addr().String()), append(s.servers, server)
		s.served.Go(func() {
			_ = server.Serve(l) // ends with ErrServerClosed
		})
	}
	return nil
}

// close ends the serving.
func (s *sim) close() error {
	var errs []error
	for _, server := range s.servers {
		errs = append(errs, server.Close())
	}
	s.served.Wait()
	return errors.Join(append(errs, s.failed)...)
}

func (s *sim) address(i int) string {
	return fmt.Sprintf("http://%s/%d", s.hosts[i%len(s.hosts)], i)
}

// tick has one source of ten gain items and lose as many old ones.
func (s *sim) tick() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := 0; i < len(s.sources); i += changed {
		s.grow(&s.sources[i], gained, len(s.sources[i].items))
	}
}

// grow adds n items, keeps the newest most and writes the document anew.
func (s *sim) grow(src *source, n, most int) {
	fresh := make([]item, n)
	for i := range fresh { // newest first
		fresh[i] = s.report(src.lang)
		fresh[i].number = src.made + n - i
		fresh[i].at = s.now.Add(-time.Duration(i)*gap - time.Duration(src.number)*time.Second)
	}
	src.made += n
	src.items = append(fresh, src.items...)[:most]
	body, err := src.write()
	if err != nil {
		s.failed = fmt.Errorf("write source %d: %w", src.number, err)
		return
	}
	src.body, src.modified = body, s.now.Add(time.Duration(src.made)*time.Second-24*time.Hour)
	h := fnv.New64a()
	_, _ = h.Write(body) // never fails
	src.etag = fmt.Sprintf("%q", strconv.FormatUint(h.Sum64(), 16))
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, werr := z.Write(body)
	s.failed = errors.Join(s.failed, werr, z.Close())
	src.packed = packed.Bytes()
}

// report draws a report: a new one, or one that others may carry too.
func (s *sim) report(l *language) item {
	w := s.writer
	if w.IntN(syndicated) > 0 {
		return item{title: w.title(l), summary: w.summary(l)}
	}
	if len(s.shared[l]) < pool {
		s.shared[l] = append(s.shared[l], item{title: w.title(l), summary: w.summary(l)})
	}
	return s.shared[l][w.IntN(len(s.shared[l]))]
}

// ServeHTTP answers for the source whose number is the path.
func (s *sim) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
	if err != nil || i < 0 || i >= len(s.sources) {
		http.NotFound(w, r)
		return
	}
	s.mu.Lock()
	src := s.sources[i] // its slices are replaced, never changed
	s.mu.Unlock()
	h := w.Header()
	h.Set("ETag", src.etag)
	h.Set("Last-Modified", src.modified.Format(http.TimeFormat))
	h.Set("Vary", "Accept-Encoding")
	if r.Header.Get("If-None-Match") == src.etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := src.body
	h.Set("Content-Type", mediaTypes[src.format]+"; charset=utf-8")
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		body = src.packed
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // who no longer reads has gone
}
