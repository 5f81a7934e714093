package layout

import (
	"unicode/utf8"

	"github.com/a-h/templ"
)

// htmxConfig keeps htmx inside the policy: no eval, no style element; a 422
// brings the form again and is swapped in.
const htmxConfig = `{"includeIndicatorStyles":false,"allowEval":false,"selfRequestsOnly":true,"historyCacheSize":0,` +
	`"responseHandling":[{"code":"204","swap":false},{"code":"[23]..","swap":true},{"code":"422","swap":true},{"code":"[45]..","swap":false,"error":true}]}`

// theme leaves the choice to the system unless the person made one.
func theme(name string) templ.Attributes {
	if name != "light" && name != "dark" {
		return nil
	}
	return templ.Attributes{"data-theme": name}
}

// jumps are the addresses of the keyboard's "g" keys.
func jumps(k Keys) templ.Attributes {
	attrs := templ.Attributes{}
	for key, url := range map[string]string{"o": k.Overview, "e": k.Endpoints, "d": k.Deliveries, "v": k.Events, "t": k.Topics} {
		if url != "" {
			attrs["data-go-"+key] = url
		}
	}
	return attrs
}

// brief names are never cut where there is room for a rail.
func brief(label string) bool { return utf8.RuneCountInString(label) <= 16 }

func home(m AppModel) string {
	if m.Project.URL != "" {
		return m.Project.URL
	}
	return "/"
}

// first are the places that a phone shows at once.
func first(groups []RailGroup, n int) []RailItem {
	var out []RailItem
	for _, g := range groups {
		out = append(out, g.Items...)
	}
	return out[:min(n, len(out))]
}
