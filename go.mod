module khyber

go 1.26.6

require (
	code.dny.dev/ssrf v0.3.0 // which addresses no request may reach; fetch only
	github.com/alecthomas/kong v1.17.0 // the command line; cmd/khyber only
	github.com/andybalholm/brotli v1.2.8 // bodies coded as br; fetch only
	github.com/coreos/go-systemd/v22 v22.7.0 // ready, stopping, watchdog; cmd/khyber only
	github.com/fsnotify/fsnotify v1.10.1 // reload when the file changes; cmd/khyber only
	github.com/goccy/go-yaml v1.19.2 // feeds.yaml and the lexicon with positions; config and lexicon only
	github.com/gorilla/feeds v1.2.0 // Atom and RSS out; publish only
	github.com/klauspost/compress v1.20.3 // gzip and zstd; fetch, server, store and store/bolt
	github.com/microcosm-cc/bluemonday v1.0.27 // safe HTML; parse only
	github.com/mmcdole/gofeed v1.4.2 // RSS, Atom, JSON Feed → items; parse only
	github.com/prometheus/client_golang v1.25.0 // /metrics; server only
	github.com/robfig/cron/v3 v3.0.1 // the tick and the syntax of schedule; poll only
	github.com/schollz/progressbar/v3 v3.19.1 // poll and backtest on a terminal; cmd/khyber only
	go.etcd.io/bbolt v1.5.0 // the embedded engine; store/bolt only
	golang.org/x/crypto/x509roots/fallback v0.0.0-20261030153154-30a33513ff6d // CA roots in an empty image; cmd/khyber only
	golang.org/x/net v0.62.0 // HTML, charsets, public suffixes, names; parse, fetch, story, config and publish; a limit of connections; cmd/khyber
	golang.org/x/sync v0.24.0 // goroutines with an owner; cmd/khyber and poll
	golang.org/x/term v0.47.0 // is it a terminal; cmd/khyber only
	golang.org/x/text v0.43.0 // normal forms and encodings; text and parse
)

// Only for tests.
require (
	github.com/chromedp/chromedp v0.23.0 // a browser that looks at the pages
	github.com/rogpeppe/go-internal v1.16.0 // the command line as text scripts
	pgregory.net/rapid v1.3.0 // properties and state machines
)

require (
	github.com/aymerick/douceur v0.2.0 // indirect
	github.com/beorn7/perks v1.0.1 // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/chromedp/cdproto v0.159.0 // indirect
	github.com/go-json-experiment/json v0.0.0-20260213210345-44df1a37e875 // indirect
	github.com/gorilla/css v1.0.1 // indirect
	github.com/mitchellh/colorstring v0.0.0-20190213212951-d06e56a500db // indirect
	github.com/mmcdole/goxpp/v2 v2.0.0 // indirect
	github.com/munnerz/goautoneg v0.0.0-20191010083416-a7dc8b61c822 // indirect
	github.com/prometheus/client_model v0.6.3 // indirect
	github.com/prometheus/common v0.72.0 // indirect
	github.com/prometheus/procfs v0.22.0 // indirect
	github.com/rivo/uniseg v0.4.7 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/tools v0.51.0 // indirect
	google.golang.org/protobuf v1.36.12 // indirect
)
