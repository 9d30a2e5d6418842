//go:build !campaign

package main

const mutations = 60 // damaged files in the gate; a campaign before a release takes 1,000
