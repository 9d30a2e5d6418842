//go:build !campaign

package main

// commandImages is how often a disk loses power during commands.
const commandImages = 20
