package session

import (
	"fmt"
	"strings"
)

// quietZone is the white edge that scanners need, in squares.
const quietZone = 4

func frame(size int) string {
	return fmt.Sprintf("%d %d %d %d", -quietZone, -quietZone, size+2*quietZone, size+2*quietZone)
}

// paper is the white square below the picture.
func paper(size int) string {
	whole := size + 2*quietZone
	return fmt.Sprintf("M%d %dh%dv%dh-%dz", -quietZone, -quietZone, whole, whole, whole)
}

func lines(codes []string) string { return strings.Join(codes, "\n") }
