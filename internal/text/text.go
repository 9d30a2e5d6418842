// Package text owns folding, tokens, sentences and the detection of languages:
// tables, no state.
package text
