package web

import (
	"net/url"

	"github.com/bellwire/bellwire/internal/preset"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/endpoints"
)

// presetEndpoint fills a fresh form in for a service.
func presetEndpoint(in endpointInput, p preset.Preset) endpointInput {
	in.url, in.template, in.format = p.URL, p.Template, string(webhook.FormatStandard)
	for _, h := range p.Headers {
		row := headerInput{name: h.Name, kind: headerPlain, value: h.Value}
		if h.Secret {
			row.kind = headerSecret
		}
		in.headers = append(in.headers, row)
	}
	return in
}

// presetChips offer the services, and say what the chosen one needs.
func presetChips(project webhook.ProjectID, chosen string) ([]component.Chip, *endpoints.Need) {
	at := under(project, "endpoints", "new")
	_, known := preset.Find(chosen)
	chips := []component.Chip{{Label: "My own server", URL: at, On: !known}}
	var need *endpoints.Need
	for _, p := range preset.All {
		chips = append(chips, component.Chip{Label: p.Title, Title: p.Text, URL: at + "?for=" + url.QueryEscape(p.Name), On: p.Name == chosen})
		if p.Name == chosen {
			need = &endpoints.Need{Title: p.Title, Text: p.Text + " " + p.Need, Source: component.Link{Label: "What " + p.Title + " documents", URL: p.Source}}
		}
	}
	return chips, need
}
