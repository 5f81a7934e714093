package web

import (
	"maps"
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/views/component"
)

// listed turns the wrong places of a form into its summary, in a steady order.
func listed(wrong map[string]string) []component.Mistake {
	var all []component.Mistake
	for _, field := range slices.Sorted(maps.Keys(wrong)) {
		text := wrong[field]
		if field != "" {
			text = field + " " + text
		}
		all = append(all, component.Mistake{Field: field, Text: text})
	}
	return all
}

// besides are the wrong places that none of the fields shows beside itself.
func besides(wrong map[string]string, fields ...string) []component.Mistake {
	rest := maps.Clone(wrong)
	for _, field := range fields {
		delete(rest, field)
	}
	return listed(rest)
}

// pager leads on from the page that is shown, with its filters kept.
func pager(c *gin.Context, next, text string) component.Pager {
	p := component.Pager{Text: text}
	if c.Query("cursor") != "" {
		p.FirstURL = withQuery(c, "cursor", "")
	}
	if next != "" {
		p.NextURL = withQuery(c, "cursor", next)
	}
	return p
}

// withQuery is the present address with one value of its query changed; an
// empty value is dropped.
func withQuery(c *gin.Context, name, value string) string {
	u := *c.Request.URL
	query := u.Query()
	query.Del(name)
	if name != "cursor" {
		query.Del("cursor")
	}
	if value != "" {
		query.Set(name, value)
	}
	u.RawQuery = query.Encode()
	return u.RequestURI()
}

// selected marks the chosen one of several options.
func selected(options []component.Option, value string) []component.Option {
	marked := slices.Clone(options)
	for i := range marked {
		marked[i].Selected = marked[i].Value == value
	}
	return marked
}
