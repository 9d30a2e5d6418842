// Package news owns the words of Khyber: the plain values that its other
// packages hand to each other. An Item is what a Source published, a Match is
// what a Topic says of it, a Poll is one attempt on a Source.
//
// It holds no rules, no I/O and no state, imports the standard library only and
// starts no goroutine. What a value means is decided elsewhere: keys in story,
// verdicts in topic, times of polls in poll.
package news
