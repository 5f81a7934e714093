// Package problem shows that something went wrong, in words, with a way on.
// It must not know what was asked for.
package problem

import (
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/layout"
)

// PageModel is an error page. It stands in the App shell for signed-in people
// and in the Auth shell otherwise.
type PageModel struct {
	// App is nil when nobody is signed in.
	App  *layout.AppModel
	Auth layout.AuthModel
	// Status is printed small: "404".
	Status string
	// Title says what happened, Text what it means and what to do.
	Title     string
	Text      string
	RequestID string
	// Ways lead on; the first is the main one.
	Ways []component.Link
}
