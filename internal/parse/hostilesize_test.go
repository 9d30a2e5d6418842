//go:build !campaign

package parse

// hostileSize is the largest size of the hostile documents that are read at each
// test run. With -tags campaign all of them are.
const hostileSize = 1_000
