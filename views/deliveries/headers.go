package deliveries

import (
	"fmt"

	"github.com/a-h/templ"

	"github.com/bellwire/bellwire/views/component"
)

func headersTitle(list []component.Header) string {
	if len(list) == 1 {
		return "1 header"
	}
	return fmt.Sprintf("%d headers", len(list))
}

// rawID is the element whose text is copied: the exact one if there are two.
func rawID(side string, b component.Body) string {
	if b.Raw != "" {
		return side + "-raw"
	}
	return side + "-pretty"
}

// emptyWords stand where there is nothing to show.
func emptyWords(b component.Body) string {
	if b.Note != "" {
		return b.Note
	}
	return "Empty: no body was sent."
}

// pursued are the attributes that the script follows a delivery by.
func pursued(m ShowModel) templ.Attributes {
	if m.Stream == "" {
		return nil
	}
	return templ.Attributes{"data-pursue": m.Stream}
}
