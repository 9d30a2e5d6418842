//go:build !campaign

package bolt_test

// killRounds is how often a child is killed.
const killRounds = 20
