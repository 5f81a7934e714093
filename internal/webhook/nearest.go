package webhook

import "strings"

// Nearest is the name spelled most like the given one, the first in order of
// the alphabet if several are; empty if none is within a quarter of the letters.
// A name that only lacks its first parts is one letter away.
func Nearest(name string, names []string) string {
	if len(name) > 256 {
		name = name[:256] // the cost grows with the length, and names are short
	}
	best, least := "", 0
	for _, known := range names {
		d := editDistance(name, known)
		if strings.HasSuffix(known, "."+name) {
			d = 1
		}
		if best == "" || d < least || d == least && known < best {
			best, least = known, d
		}
	}
	if least > max(1, len(name)/4) {
		return ""
	}
	return best
}

// editDistance counts the letters to insert, drop or change between two words.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
