package topic

import (
	"slices"
	"testing"
)

func TestWordsSayWhatARuleAsksFor(t *testing.T) {
	for _, c := range []struct{ define, rule, want string }{
		{"", "{name: r, any: [gate]}", `Takes “r”: "gate".`},
		{"", "{name: r, always: true}", `Takes “r”: every item.`},
		{"", "{name: r, any: [gate, ford], in: title}", `Takes “r”: ("gate" or "ford") in the title.`},
		{"", "{name: r, any: [gate], all: [rain, snow], none: [fog]}", `Takes “r”: ("rain" and "snow") and "gate" and no "fog".`},
		{"", "{name: r, any: [rain, snow, fog], at_least: 2}", `Takes “r”: at least 2 of "rain", "snow", "fog".`},
		{"{acts: [closed, opened]}", "{name: r, all: [~acts, gate]}", `Takes “r”: ~acts and "gate".`},
		{"", "{name: r, near: [rain, snow], within: 2 words}", `Takes “r”: "rain" near "snow", at most 2 words apart.`},
		{"", "{name: r, near: [rain, snow], within: sentence, ordered: true}", `Takes “r”: "rain" before "snow" in one sentence.`},
		{"", "{name: r, any: [a, b, c, d, e, f, g, h, i, j]}", `Takes “r”: "a" or "b" or "c" or "d" or "e" or "f" or "g" or "h" or 2 more.`},
	} {
		if got := one(t, c.define, c.rule).Words("x"); !slices.Equal(got, []string{c.want}) {
			t.Errorf("%s\n got %q\nwant %q", c.rule, got, c.want)
		}
	}
	if got := one(t, "", "{name: r, any: [gate]}").Words("y"); got != nil {
		t.Errorf("an unknown topic: %q", got)
	}
}
