package main

import (
	"fmt"
	"strings"
	"testing"
)

// long is a function of 81 lines with room for a comment above it.
const long = "package text\n%sfunc long() {\n%s}\n"

var statements = strings.Repeat("\t_ = 0\n", 79)

// planted has code that breaks each rule, beside code that does not.
var planted = []struct {
	name    string
	rule    func(*tree) []string
	sources map[string]string
	want    []string // beginning of each violation
}{
	{"imports", importRule, map[string]string{
		"internal/news/a.go":         `package news; import _ "khyber/internal/text"`,
		"internal/poll/a.go":         `package poll; import (_ "khyber/internal/news"; _ "khyber/internal/config")`,
		"internal/poll/b.go":         `package poll; import _ "khyber/internal/feedtest"`,
		"internal/poll/a_test.go":    `package poll; import _ "khyber/internal/feedtest"`,
		"internal/server/a.go":       `package server; import _ "khyber/cmd/khyber"`,
		"internal/tools/check/a.go":  `package main; import _ "khyber/internal/news"`,
		"internal/strange/a.go":      `package strange; import _ "khyber/internal/news"`,
		"cmd/khyber/main.go":         `package main; import _ "khyber/internal/config"`,
		"internal/store/bolt/a.go":   `package bolt; import _ "khyber/internal/store"`,
		"internal/store/bolt/b.go":   `package bolt; import _ "khyber/internal/poll"`,
		"internal/store/bolt/c_test": `not a Go file`,
	}, []string{
		"internal/news/a.go:1: rule 1: news may not import text",
		"internal/poll/a.go:1: rule 1: poll may not import config",
		"internal/poll/b.go:1: rule 1: only tests import feedtest",
		"internal/server/a.go:1: rule 1: nobody imports cmd",
		"internal/store/bolt/b.go:1: rule 1: store/bolt may not import poll",
		"internal/strange/a.go:1: rule 1: internal/strange has no row",
		"internal/tools/check/a.go:1: rule 1: tools knows nothing of the product",
	}},
	{"crash", crashRule, map[string]string{
		"internal/store/a.go":      "package store\nfunc f(o Options) {\n\to.Crash(\"commit.begin\")\n\to.Crash(\"commit.lost\")\n}\n",
		"cmd/khyber/a.go":          "package main\nfunc f(a *app) { a.reached(\"config.forgotten\") }\n",
		"internal/store/a_test.go": "package store\nvar points = []string{\"commit.begin\"}\n",
	}, []string{
		"cmd/khyber/a.go:2: rule 9: no test kills a run at config.forgotten",
		"internal/store/a.go:4: rule 9: no test kills a run at commit.lost",
	}},
	{"libraries", libraryRule, map[string]string{
		"internal/parse/a.go":       `package parse; import _ "github.com/mmcdole/gofeed/rss"`,
		"internal/server/a.go":      `package server; import _ "github.com/mmcdole/gofeed"`,
		"internal/server/a_test.go": `package server; import _ "github.com/mmcdole/gofeed"`,
		"internal/server/b.go":      `package server; import _ "example.org/pretty"`,
		"internal/poll/a.go":        `package poll; import (_ "github.com/robfig/cron/v3"; _ "net/http")`,
	}, []string{
		"internal/server/a.go:1: rule 1: github.com/mmcdole/gofeed is imported by [internal/parse] only",
		"internal/server/b.go:1: rule 1: example.org/pretty is no library of ours",
	}},
	{"goroutines", goroutineRule, map[string]string{
		"internal/server/a.go":      "package server\nfunc f() {\n\tgo f()\n}\n",
		"internal/server/b.go":      "package server\nimport _ \"golang.org/x/sync/errgroup\"\n",
		"internal/server/d.go":      "package server\nimport \"sync\"\nfunc h() {\n\tvar wg sync.WaitGroup\n\twg.Go(h)\n}\n",
		"internal/server/a_test.go": "package server\nfunc i() { go f() }\n",
		"internal/poll/a.go":        "package poll\nfunc f() { go f() }\n",
		"cmd/khyber/main.go":        "package main\nfunc f() { go f() }\n",
	}, []string{
		"internal/server/a.go:3: rule 2: go statement",
		"internal/server/b.go:2: rule 2: errgroup",
		"internal/server/d.go:5: rule 2: a call of Go",
	}},
	{"state", stateRule, map[string]string{
		"internal/text/a.go": "package text\nvar n int\nvar table = map[string]int{}\nfunc f() {\n\tn = 1\n\tn++\n\ttable[\"a\"] = 1\n}\n",
		"internal/text/b.go": "package text\nfunc init() {}\n",
		"internal/text/c.go": "package text\nimport \"sync\"\nvar mu sync.Mutex\nvar p sync.Pool\n",
		"internal/text/d.go": "package text\nimport \"sync/atomic\"\nvar a atomic.Pointer[int]\n",
		"internal/text/e.go": "package text\nfunc g() {\n\tn := 1\n\tn = 2\n\ttable := map[string]int{}\n\ttable[\"a\"] = n\n}\n",
		"internal/text/f.go": "package text\nimport \"net/http\"\nfunc h() {\n\thttp.DefaultClient = nil\n}\n",
		"internal/text/g.go": "package text\ntype s struct{ init int }\nvar whole s\nfunc (s) init() {}\nfunc k() {\n\tfor n = range 3 {\n\t}\n\twhole.init = 1\n}\n",
	}, []string{
		"internal/text/a.go:5: rule 3: package variable n ",
		"internal/text/a.go:6: rule 3: package variable n ",
		"internal/text/a.go:7: rule 3: package variable table ",
		"internal/text/b.go:2: rule 3: no init",
		"internal/text/c.go:3: rule 3: package variable of a type that changes",
		"internal/text/d.go:3: rule 3: package variable of a type that changes",
		"internal/text/f.go:4: rule 3: package variable net/http.DefaultClient",
		"internal/text/g.go:6: rule 3: package variable n ",
		"internal/text/g.go:8: rule 3: package variable whole ",
	}},
	{"forbidden", forbiddenRule, map[string]string{
		"internal/text/a.go":      "package text\nimport \"time\"\nvar now = time.Now\nfunc f() {\n\ttime.Sleep(1)\n}\n",
		"internal/text/b.go":      "package text\nimport clock \"time\"\nfunc g() { clock.Since(clock.Time{}) }\n",
		"internal/text/c.go":      "package text\nimport \"os\"\nfunc h() {\n\tos.Getenv(\"A\")\n\tos.Exit(1)\n}\n",
		"internal/text/d.go":      "package text\nimport \"math/rand/v2\"\nfunc i() { rand.IntN(1) }\n",
		"internal/text/e.go":      "package text\nfunc k() {\n\tpanic(1)\n}\n",
		"internal/text/f.go":      "package text\nfunc l() {\n\tpanic := func(int) {}\n\tpanic(1)\n\tvar time struct{ Now int }\n\t_ = time.Now\n}\n",
		"internal/text/g.go":      "package text\nimport \"net/http\"\nvar c http.Client\n",
		"internal/text/h.go":      "package text\nimport (\"context\"; \"log\"; \"log/slog\")\nvar (\n\tx = context.Background()\n\ty = log.Printf\n\tz = slog.Info\n)\n",
		"internal/text/a_test.go": "package text\nimport \"time\"\nvar later = time.Now\n",
		"internal/fetch/a.go":     "package fetch\nimport \"net/http\"\nvar c http.Client\n",
		"cmd/khyber/main.go":      "package main\nimport \"time\"\nvar now = time.Now\n",
	}, []string{
		"internal/text/a.go:3: rule 4: time.Now",
		"internal/text/a.go:5: rule 4: time.Sleep",
		"internal/text/b.go:3: rule 4: time.Since",
		"internal/text/c.go:4: rule 4: os.Getenv",
		"internal/text/c.go:5: rule 4: os.Exit",
		"internal/text/d.go:3: rule 4: math/rand/v2.IntN",
		"internal/text/e.go:3: rule 4: no panic",
		"internal/text/g.go:3: rule 4: net/http.Client",
		"internal/text/h.go:4: rule 4: context.Background",
		"internal/text/h.go:5: rule 4: log.Printf",
		"internal/text/h.go:6: rule 4: log/slog.Info",
	}},
	{"sizes", sizeRule, map[string]string{
		"internal/text/a.go": fmt.Sprintf(long, "", statements),
		"internal/text/b.go": fmt.Sprintf(long, "//size: one switch\n", statements),
		"internal/text/c.go": fmt.Sprintf(long, "//size:\n", statements),
		"internal/text/d.go": "package text\nfunc short() {\n\t_ = []int{\n" + strings.Repeat("\t\t0,\n", 90) + "\t}\n}\n",
	}, []string{
		"internal/text/a.go:2: rule 5: long has 81 lines",
		"internal/text/c.go:3: rule 5: long has 81 lines",
	}},
	{"words", wordRule, map[string]string{
		"internal/text/a.go": "package text\nvar feedURL, topicFeed, KindNotAFeed, JSONFeedText, feedsYAML, feeding int\n",
		"internal/text/b.go": "package text\ntype StoreManager struct{ Articles int }\nfunc (s StoreManager) use(my_util int) {}\n",
	}, []string{
		`internal/text/a.go:2: rule 5: "feed" in feedURL: the word is Source or TopicFeed`,
		`internal/text/b.go:2: rule 5: "manager" in StoreManager`,
		`internal/text/b.go:2: rule 5: "articles" in Articles`,
	}},
	{"packages", wordRule, map[string]string{
		"internal/text/a.go": "package text_util\nvar util, longestCommonPrefix int\n",
	}, []string{
		`internal/text/a.go:1: rule 5: "util" in package text_util`,
	}},
	{"modules", moduleRule, map[string]string{
		"go.mod": "module m\n\ngo 1.26.6\n\nrequire one.example/a v1.0.0\n\nrequire (\n\ttwo.example/b v1.0.0 // bytes; parse only\n" +
			"\tthree.example/c v1.0.0\n\tfour.example/d v0.1.0 // indirect\n)\n",
	}, []string{
		"go.mod:5: rule 8: one.example/a has no comment",
		"go.mod:9: rule 8: three.example/c has no comment",
	}},
}

// Each rule finds what it forbids, and nothing in the code beside it.
func TestRulesFindPlantedViolations(t *testing.T) {
	for _, c := range planted {
		t.Run(c.name, func(t *testing.T) {
			got := c.rule(makeTree(t, c.sources))
			for i, g := range got {
				if i < len(c.want) && !strings.HasPrefix(g, c.want[i]) {
					t.Errorf("violation %d:\n got %s\nwant %s…", i, g, c.want[i])
				}
			}
			if len(got) != len(c.want) {
				t.Errorf("got %d violations, want %d:\n%s", len(got), len(c.want), strings.Join(got, "\n"))
			}
		})
	}
}

func TestSignalsNameWhatIsBig(t *testing.T) {
	branches := strings.Repeat("\tif a && a || a {\n\t}\n", 5)
	got := signals(makeTree(t, map[string]string{
		"internal/text/a.go":      "package text\nfunc ways(a bool) {\n" + branches + "}\n",
		"internal/text/b.go":      "package text\n" + strings.Repeat("\n", 500),
		"internal/text/tables.go": "package text\n" + strings.Repeat("\n", 500),
		"internal/text/a_test.go": "package text\n",
	}))
	want := []string{
		"internal/text/a.go:2: ways has a cyclomatic complexity of 16, more than 15",
		"internal/text/b.go has 501 lines, more than 500",
		"1 lines of tests for 1015 of code: 0.00",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
