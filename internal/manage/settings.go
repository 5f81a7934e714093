package manage

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/bellwire/bellwire/internal/filter"
	"github.com/bellwire/bellwire/internal/payload"
	"github.com/bellwire/bellwire/internal/retry"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/internal/wire"
)

// The bounds of an endpoint's own limits.
const (
	maxInFlight = 1000
	maxRate     = 10_000
	// abvTimeout is what that format's document promises its receivers.
	abvTimeout = 30 * time.Second
)

// complete fills in what a developer left out and checks all of an endpoint's
// settings. It answers warnings, and every wrong place at once.
func (s *Service) complete(set *webhook.Settings, topics []webhook.Topic) (warnings []string, err error) {
	var wrong problems
	kept, groups, warnings, err := checkPatterns(set.Topics, topics)
	wrong.add(err)
	set.Topics = kept
	if set.Kind == "" {
		set.Kind = webhook.KindWebhook
	}
	if set.Kind == webhook.KindSlack {
		wrong.add(completeSlack(set))
	} else {
		if set.Channel != nil {
			wrong.add(webhook.Invalid("channel", "belongs to kind slack"))
		}
		set.URL, err = s.checkTarget(set.Kind, set.URL)
		wrong.add(err)
	}
	setDefaults(set, groups)
	if set.Name != "" { // it is empty still when the URL has no host
		set.Name, err = checkName("name", set.Name)
		wrong.add(err)
	}
	wrong.add(checkFormat(set))
	wrong.add(checkTemplate(set))
	wrong.add(filter.CheckPrompt(set.Prompt))
	wrong.add(filter.CheckPayload(set.Payload))
	wrong.add(wire.CheckHeaders(set.Headers, set.Format, set.Custom))
	wrong.add(retry.Check(set.Retry))
	wrong.add(checkLimits(set))
	return warnings, wrong.err()
}

// checkTarget judges kind and URL together: who dials decides where to.
func (s *Service) checkTarget(kind webhook.EndpointKind, raw string) (string, error) {
	var wrong problems
	if kind != webhook.KindWebhook && kind != webhook.KindForward {
		wrong.add(webhook.Invalid("kind", "must be webhook or slack"))
	}
	switch {
	case raw == "":
		wrong.add(webhook.Invalid("url", "is missing"))
	case kind == webhook.KindForward:
		wrong.add(checkLocalURL(raw))
	default:
		checked, err := s.URLs.CheckURL(raw)
		if wrong.add(err); err == nil {
			raw = checked
		}
	}
	return raw, wrong.err()
}

// checkKeeps refuses changes that only the listener itself can make.
func checkKeeps(old, now webhook.Settings) error {
	switch {
	case old.Kind != "" && old.Kind != now.Kind && (old.Kind == webhook.KindSlack || now.Kind == webhook.KindSlack):
		return webhook.Invalid("kind", "can't be changed: make another endpoint and delete this one")
	case old.Kind != webhook.KindForward && now.Kind == webhook.KindForward:
		return webhook.Invalid("kind", "must be webhook: bellwire listen --forward makes endpoints of kind forward")
	case old.Kind != webhook.KindForward:
		return nil
	case now.Kind != old.Kind:
		return webhook.Invalid("kind", "can't be changed: this endpoint ends with its listener")
	case now.URL != old.URL:
		return webhook.Invalid("url", "is the listener's own: start it again with another --forward")
	}
	return nil
}

func setDefaults(set *webhook.Settings, groups []webhook.Group) {
	if strings.TrimSpace(set.Name) == "" {
		if u, err := url.Parse(set.URL); err == nil {
			set.Name = u.Hostname()
		}
	}
	if set.Format == "" {
		set.Format = webhook.DefaultFormat(groups)
	}
	if set.Retry.Policy == "" {
		set.Retry.Policy = webhook.RetryStandard
		if set.Format == webhook.FormatAICommerce {
			set.Retry.Policy = webhook.RetryShort
		}
		if len(set.Retry.Delays) > 0 {
			set.Retry.Policy = webhook.RetryCustom
		}
	}
	if set.Timeout == 0 {
		set.Timeout = webhook.DefaultTimeout
		if set.Format == webhook.FormatAbv {
			set.Timeout = abvTimeout
		}
	}
}

func checkFormat(set *webhook.Settings) error {
	known := slices.ContainsFunc(wire.Formats(), func(f wire.Info) bool { return f.Name == set.Format })
	switch {
	case set.Kind == webhook.KindSlack:
		return nil // there is one only
	case !known:
		return webhook.Invalid("format", "must be one of %s", strings.Join(formatNames(), ", "))
	case set.Format == webhook.FormatCustom:
		return wire.CheckCustom(set.Custom)
	case set.Custom != nil:
		return webhook.Invalid("custom", "belongs to the format custom only")
	}
	return nil
}

func checkTemplate(set *webhook.Settings) error {
	switch {
	case set.Template == "":
		return nil
	case set.Kind == webhook.KindSlack:
		return webhook.Invalid(payload.Place, "belongs to webhooks")
	case wire.BodyDependsOnSecret(set.Format):
		return webhook.Invalid(payload.Place, "can't be used with format %s, which signs inside of its own body", set.Format)
	}
	return payload.Check(set.Template)
}

func formatNames() []string {
	var names []string
	for _, f := range wire.Formats() {
		names = append(names, string(f.Name))
	}
	return names
}

func checkLimits(set *webhook.Settings) error {
	var wrong problems
	if set.Timeout < time.Second || set.Timeout > webhook.MaxTimeout {
		wrong.add(webhook.Invalid("timeoutSeconds", "must be from 1 to %d", int(webhook.MaxTimeout.Seconds())))
	}
	if set.MaxInFlight < 0 || set.MaxInFlight > maxInFlight {
		wrong.add(webhook.Invalid("maxInFlight", "must be from 1 to %d, or 0 for the default of %d", maxInFlight, webhook.DefaultMaxInFlight))
	}
	if !(set.RatePerSecond >= 0 && set.RatePerSecond <= maxRate) || set.RatePerSecond > 0 && set.RatePerSecond < 0.001 {
		wrong.add(webhook.Invalid("ratePerSecond", "must be from 0.001 to %d, or 0 for no limit", maxRate))
	}
	return wrong.err()
}

// sealHeaders replaces the values of secret headers by sealed ones. One that
// comes without a value keeps that of the header of the same name before.
func (s *Service) sealHeaders(id webhook.EndpointID, headers, before []webhook.Header) ([]webhook.Header, error) {
	sealed := slices.Clone(headers)
	for i := range sealed {
		h := &sealed[i]
		h.Sealed = nil
		shown := h.Value == masked // came back from where it is not shown
		if !h.Secret && shown {
			return nil, webhook.Invalid(fmt.Sprintf("headers[%d].value", i), "is missing")
		}
		if !h.Secret {
			continue
		}
		if h.Value != "" && !shown {
			h.Sealed = s.Box.Seal([]byte(h.Value), id.UUID, webhook.HeaderField(h.Name))
			h.Value = ""
			continue
		}
		at := slices.IndexFunc(before, func(b webhook.Header) bool { return b.Secret && strings.EqualFold(b.Name, h.Name) })
		if at < 0 {
			return nil, webhook.Invalid(fmt.Sprintf("headers[%d].value", i), "is missing")
		}
		h.Value, h.Sealed = "", before[at].Sealed
	}
	return sealed, nil
}

// hostOf is the name that a URL's address is looked up under.
func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
