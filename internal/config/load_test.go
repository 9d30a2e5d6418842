package config

import (
	"testing"
	_ "time/tzdata" // so that a machine without zone files tests the same
)

func TestShippedFileHasNoProblem(t *testing.T) {
	c, problems := Load("../../feeds.yaml", Options{})
	for _, p := range problems {
		t.Error(p)
	}
	if c == nil {
		t.Fatal("the shipped file is refused")
	}
	if n := len(c.Sources); n < 60 {
		t.Errorf("the shipped file has %d sources, want 60 or more", n)
	}
	for _, s := range c.Sources {
		if s.Name == s.ID || s.Country == "" || s.Type == "" || s.Lang == "" || s.Timezone == nil {
			t.Errorf("%s: name, country, kind, lang or timezone is not filled in", s.ID)
		}
	}
}
