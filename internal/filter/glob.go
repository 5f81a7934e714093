package filter

import "strings"

// glob is a pattern in which "*" stands for any run of characters, dots and
// slashes included; "**" means the same. No other character is special.
type glob struct {
	// exact is the whole pattern if it has no star.
	exact  string
	starry bool
	prefix string
	suffix string
	// middle are the pieces between the stars, in order.
	middle []string
}

func newGlob(pattern string) glob {
	pieces := strings.Split(pattern, "*")
	if len(pieces) == 1 {
		return glob{exact: pattern}
	}
	g := glob{starry: true, prefix: pieces[0], suffix: pieces[len(pieces)-1]}
	for _, piece := range pieces[1 : len(pieces)-1] {
		if piece != "" {
			g.middle = append(g.middle, piece)
		}
	}
	return g
}

// match takes linear time in practice: each piece is looked for once, leftmost
// first, which is enough when stars are the only wildcard.
func (g glob) match(text string) bool {
	if !g.starry {
		return text == g.exact
	}
	if len(text) < len(g.prefix)+len(g.suffix) || !strings.HasPrefix(text, g.prefix) || !strings.HasSuffix(text, g.suffix) {
		return false
	}
	text = text[len(g.prefix) : len(text)-len(g.suffix)]
	for _, piece := range g.middle {
		i := strings.Index(text, piece)
		if i < 0 {
			return false
		}
		text = text[i+len(piece):]
	}
	return true
}

func newGlobs(patterns []string) []glob {
	globs := make([]glob, len(patterns))
	for i, p := range patterns {
		globs[i] = newGlob(p)
	}
	return globs
}
