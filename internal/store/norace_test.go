//go:build !race

package store_test

// saidByEach is how many states each of eight platforms says.
const saidByEach = 1250
