package story

import (
	"regexp"
	"testing"

	"khyber/internal/news"
)

func TestEntryIDKeepsAReliableGUIDOnly(t *testing.T) {
	src := &news.Source{ID: "herald", Domain: "herald.example"}
	minted := regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	for guid, kept := range map[string]bool{
		"https://herald.example/?p=1":      true,
		"https://www.herald.example/a/b#2": true,
		"https://link.example/a":           true,
		"tag:herald.example,2026:1":        true,
		"urn:x-herald:1":                   true,
		"https://other.example/a":          false,
		"https://Herald.example/a":         false,
		"HTTPS://herald.example/a":         false,
		"https://herald.example":           false,
		"https://herald.example:443/a":     false,
		"https://u@herald.example/a":       false,
		"https://herald.example/a/../b":    false,
		"https://herald.example/ä":         false,
		"12345":                            false,

		"tag:herald.example,2026-11-23:/a/1":            true,
		"tag:1":                                         false,
		"tag:Herald.example,2026:1":                     false,
		"urn:uuid:0f1e2d3c-4b5a-5978-8796-a5b4c3d2e1f0": true,
		"urn:uuid:0F1E2D3C-4B5A-5978-8796-A5B4C3D2E1F0": false,
		"urn:uuid:1":                                    false,
		"urn:un:1":                                      true,
		"urn:usn-x:1":                                   true,
		"urn:1":                                         false,
		"https://herald.example/%D9%BE":                 true,
		"https://herald.example/%d9%be":                 false,
		"https://herald.example/%7Ea":                   false,
		"https://herald.example/%41":                    false,
		"https://herald.example/100%":                   false,
		"https://herald.example/?a[]=1":                 false,
	} {
		items := []news.Item{{GUID: guid, Title: "One", Link: "https://link.example/x"}, {GUID: "2", Title: "Two"}}
		first := Identify(src, news.Distrust{}, items)[0].Keys[0]
		keep, mint := EntryID(src, &items[0], first)
		if want := map[bool]string{true: guid}[kept]; keep != want {
			t.Errorf("EntryID(%q) keeps %q, want %q", guid, keep, want)
		}
		if !minted.MatchString(mint) {
			t.Errorf("minted %q is no UUID of version 5", mint)
		}
	}
}

func TestEntryIDOfARepeatedGUIDIsMinted(t *testing.T) {
	src := &news.Source{ID: "herald", Domain: "herald.example"}
	items := []news.Item{
		{GUID: "https://herald.example/", Title: "One", Link: "https://herald.example/1"},
		{GUID: "https://herald.example/", Title: "Two", Link: "https://herald.example/2"},
	}
	ids := Identify(src, news.Distrust{}, items)
	keep0, mint0 := EntryID(src, &items[0], ids[0].Keys[0])
	keep1, mint1 := EntryID(src, &items[1], ids[1].Keys[0])
	if keep0 != "" || keep1 != "" || mint0 == mint1 {
		t.Errorf("got %q %q and %q %q", keep0, mint0, keep1, mint1)
	}
}
