package component

import (
	"context"
	"io"
	"strings"

	"github.com/a-h/templ"
)

// tongue is what a language's words look like, as far as colours go.
type tongue struct {
	// comments start with one of these and go to the end of the line.
	comments []string
	// quotes open and close strings; longer ones stand first.
	quotes   []string
	keywords map[string]bool
}

func words(list string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(list) {
		set[w] = true
	}
	return set
}

var tongues = map[string]tongue{
	"python": {[]string{"#"}, []string{`"""`, `"`, `'`}, words("and as async await class def elif else except False for from if import in is lambda None not or raise return True try while with yield")},
	"node":   {[]string{"//"}, []string{"`", `"`, `'`}, words("async await catch class const default else export false for from function if import in let new null of return throw true try undefined while")},
	"go":     {[]string{"//"}, []string{"`", `"`, `'`}, words("break case const continue default defer else false for func go if import interface map nil package range return select struct switch true type var")},
	"php":    {[]string{"//", "#"}, []string{`"`, `'`}, words("array as bool else false fn for foreach function if int new null return string true use void while")},
	"ruby":   {[]string{"#"}, []string{`"`, `'`}, words("class def do else elsif end ensure false if loop module nil require rescue return self then true unless until while yield")},
	"curl":   {[]string{"#"}, []string{`"`, `'`}, words("case curl cut date do done else esac fi for if in od openssl printf then tr")},
}

// coloured writes a program's text with not one space more or less than it
// has. Every byte of it is escaped.
func coloured(language, text string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		for _, p := range colour(tongues[language], text) {
			out := templ.EscapeString(p.text)
			if p.class != "" {
				out = `<span class="` + p.class + `">` + out + `</span>`
			}
			if _, err := io.WriteString(w, out); err != nil {
				return err
			}
		}
		return nil
	})
}

// colour splits a program into pieces. It never fails: what it does not know
// comes out plain.
func colour(t tongue, text string) []piece {
	var out []piece
	before := byte('\n')
	for len(text) > 0 {
		n, class := t.token(text, before)
		if last := len(out) - 1; last >= 0 && out[last].class == class {
			out[last].text += text[:n]
		} else {
			out = append(out, piece{class, text[:n]})
		}
		before, text = text[n-1], text[n:]
	}
	return out
}

// token measures the first token, at least one byte, and names its class. A
// comment begins after white space only: "$#" and "x#y" are none.
func (t tongue) token(text string, before byte) (int, string) {
	if strings.IndexByte(" \t\n", before) >= 0 {
		for _, mark := range t.comments {
			if strings.HasPrefix(text, mark) {
				return lineEnd(text), "c-note"
			}
		}
	}
	for _, quote := range t.quotes {
		if strings.HasPrefix(text, quote) {
			return closing(text, quote), "j-str"
		}
	}
	if n := wordLength(text); n > 0 {
		switch {
		case t.keywords[text[:n]] && before != '.' && before != '$' && before != '-':
			return n, "j-key"
		case text[0] >= '0' && text[0] <= '9':
			return n, "j-num"
		}
		return n, ""
	}
	return 1, ""
}

func lineEnd(text string) int {
	if n := strings.IndexByte(text, '\n'); n > 0 {
		return n
	}
	return len(text)
}

// closing is where a string ends, or its line if it is never closed.
func closing(text, quote string) int {
	for i := len(quote); i < len(text); i++ {
		if text[i] == '\\' && quote != "`" {
			i++
		} else if strings.HasPrefix(text[i:], quote) {
			return i + len(quote)
		}
	}
	return lineEnd(text)
}

func wordLength(text string) int {
	n := 0
	for n < len(text) && (text[n] == '_' || text[n] >= '0' && text[n] <= '9' || text[n]|0x20 >= 'a' && text[n]|0x20 <= 'z' || text[n] >= 0x80) {
		n++
	}
	return n
}
