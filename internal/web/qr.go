package web

import (
	"fmt"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// qrPath draws text as a QR code: a path of one square per dark module on a
// grid of size by size.
func qrPath(text string) (path string, size int, err error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return "", 0, fmt.Errorf("draw a QR code: %w", err)
	}
	var squares strings.Builder
	size = code.Bounds().Dx()
	for y := range size {
		for x := range size {
			if r, _, _, _ := code.At(x, y).RGBA(); r == 0 {
				fmt.Fprintf(&squares, "M%d %dh1v1h-1z", x, y)
			}
		}
	}
	return squares.String(), size, nil
}
