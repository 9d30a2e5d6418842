//go:build campaign

package bolt_test

// killRounds is how often a child is killed.
const killRounds = 1000

// powerImages is how often a disk loses power.
const powerImages = 10000
