package endpoints

import (
	"context"
	"io"

	"github.com/a-h/templ"

	"github.com/bellwire/bellwire/views/component"
)

// spoken writes a sentence with not one space more than it has. Every byte of
// it is escaped.
func spoken(s Sentence) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		for _, words := range s {
			out := templ.EscapeString(words.Text)
			if words.Code {
				out = `<code class="told-code">` + out + `</code>`
			}
			if _, err := io.WriteString(w, out); err != nil {
				return err
			}
		}
		return nil
	})
}

var libraryWords = Sentence{
	{Text: "Every request also carries "}, {Text: "webhook-signature", Code: true},
	{Text: ", which the Standard Webhooks libraries verify. A secret of your own without whsec_ needs their raw option."},
}

func waitHint(t TestForm) string {
	if t.Wait == "" {
		return ""
	}
	return "Your server has " + t.Wait + " to answer; the page waits for it."
}

// signers are the secrets that can sign a test.
func signers(t TestForm) []component.Option {
	return []component.Option{
		{Value: "", Label: "The current secret", Hint: "As deliveries are signed now", Selected: !t.Chosen},
		{Value: "true", Label: "The next secret", Hint: "As deliveries will be signed after the switch", Selected: t.Chosen},
	}
}

// mark says whether a receiver accepts, by shape and word.
func accepted(yes bool) component.Mark {
	if yes {
		return component.Mark{Tone: component.Good, Text: "accepts"}
	}
	return component.Mark{Tone: component.Bad, Text: "rejects"}
}

// stageClass sets off the present column.
func stageClass(i, now int) string {
	if i == now {
		return "here"
	}
	return ""
}
