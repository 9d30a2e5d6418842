// Package config owns feeds.yaml: bytes become a Config or the Problems that
// stand in their way, all of them in one run, and an edit becomes the few bytes
// that it changes.
//
// Its parts follow each other. A file becomes a tree of [news.Node] with the
// place of every key and value (yaml.go). The tables of keys say what may stand
// where and how it is read (keys.go); unknown keys, the JSON Schema and the
// annotated sample come from them too. Load reads a file and what it includes,
// and hands the nodes of topics and lexicon to the packages that give them a
// meaning. An Editor splices bytes and never prints a file anew.
//
// It must not know what a Config is used for: no network, no clock, no store.
// Files and the environment come in as values of Options. It starts no
// goroutine and keeps no state; a Config never changes once it is made.
package config
