package store

import (
	"slices"
	"testing"
)

func TestPartsFollowByMonthAndNumber(t *testing.T) {
	order := []string{"2026-09-11", "2026-11", "2026-11-2", "2026-11-10", "2026-12", "2027-01"}
	for i, a := range order {
		for j, b := range order {
			if got := follows(a, b); got != (i > j) {
				t.Errorf("%s follows %s: %v", a, b, got)
			}
		}
		month, n, ok := splitPart(a)
		if !ok || partName(month, n) != a {
			t.Errorf("%s is read as %s, %d", a, month, n)
		}
	}
	for _, name := range []string{"", "2026", "2026-1", "2026-00", "2026-11-", "2026-11-1", "2026-11-0", "2026-11-02", "2026-11--2", "2026-11-x", "2026-112", "2026-11/2"} {
		if _, _, ok := splitPart(name); ok {
			t.Errorf("%q is a part", name)
		}
	}
	if !slices.IsSortedFunc(order, func(a, b string) int {
		if follows(a, b) {
			return 1
		}
		return -1
	}) {
		t.Error("the order is another one")
	}
}
