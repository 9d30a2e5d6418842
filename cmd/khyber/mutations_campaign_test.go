//go:build campaign

package main

const mutations = 1000 // damaged files
