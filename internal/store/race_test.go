//go:build race

package store_test

// saidByEach is less than without the race detector, which takes ten times as
// long.
const saidByEach = 150
