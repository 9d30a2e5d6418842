package topic_test

import (
	"fmt"

	"khyber/internal/lexicon"
	"khyber/internal/news"
	"khyber/internal/topic"
)

func word(s string) news.Node { return news.Node{Kind: news.NodeScalar, Value: s} }

func list(nodes ...news.Node) news.Node { return news.Node{Kind: news.NodeList, List: nodes} }

func object(pairs ...news.Pair) news.Node { return news.Node{Kind: news.NodeMap, Pairs: pairs} }

func ExampleSet_Match() {
	// What config makes of:
	//   - id: neighbours
	//     title: Two neighbours
	//     include: [{name: both in the headline, all: [$afghanistan, $pakistan], in: title}]
	//     examples: {match: [Kabul and Lahore], ignore: [Kabul]}
	def := object(
		news.Pair{Key: "id", Value: word("neighbours")},
		news.Pair{Key: "title", Value: word("Two neighbours")},
		news.Pair{Key: "include", Value: list(object(
			news.Pair{Key: "name", Value: word("both in the headline")},
			news.Pair{Key: "all", Value: list(word("$afghanistan"), word("$pakistan"))},
			news.Pair{Key: "in", Value: word("title")},
		))},
		news.Pair{Key: "examples", Value: object(
			news.Pair{Key: "match", Value: list(word("Kabul and Lahore"))},
			news.Pair{Key: "ignore", Value: list(word("Kabul"))},
		)},
	)
	lex, _ := lexicon.Load(news.Node{})
	set, problems := topic.Compile([]news.Node{def}, lex, nil)
	fmt.Println("problems:", len(problems))

	for _, m := range set.Match(&news.Item{Title: "Islamabad hosts envoy of Kabul"}) {
		fmt.Println(m.Topic, m.Verdict, m.Rule)
	}
	reason, _ := set.Why("neighbours", &news.Item{Title: "Kabul paves its roads"})
	fmt.Println(reason.Lines()[0])
	// Output:
	// problems: 0
	// neighbours in both in the headline
	// OUT  nearest: «both in the headline», no $pakistan in title
}

func ExampleParseQuery() {
	lex, _ := lexicon.Load(news.Node{})
	query, _ := topic.ParseQuery(`torkham* near/5 (closed or "shut down") not $sports`, lex)
	match, ok := query.Match(&news.Item{Title: "Torkham gate closed for a third day"})
	fmt.Println(ok, match.Mentions[0].Text, match.Mentions[1].Text)

	_, problems := topic.ParseQuery("torkham near/five closed", lex)
	fmt.Println(problems[0])
	// Output:
	// true Torkham closed
	// query:1:9: within: "five words" is no distance; write 12 words, or sentence
}
