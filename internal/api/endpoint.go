package api

import (
	"time"

	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
)

// PromptFilter narrows prompt topics: each list is "any of".
type PromptFilter struct {
	Names  []string `json:"names" required:"false" doc:"Globs"`
	Tags   []string `json:"tags" required:"false"`
	Labels []string `json:"labels" required:"false"`
}

// Header is a custom request header.
type Header struct {
	Name   string `json:"name"`
	Value  string `json:"value,omitempty" doc:"Masked in answers if secret; in a change, a secret header without it keeps what it has"`
	Secret bool   `json:"secret,omitempty"`
}

// Retry says when a failed delivery is tried again.
type Retry struct {
	Policy        string `json:"policy,omitempty" enum:"standard,short,custom" doc:"Default: standard; short for format aicommerce"`
	DelaysSeconds []int  `json:"delaysSeconds" required:"false" maxItems:"20" minimum:"0" maximum:"31536000" doc:"For custom: the wait after each failure"`
	ClientErrors  *bool  `json:"clientErrors,omitempty" doc:"Whether 4xx answers are tried again; default true"`
}

// CustomFormat describes the signature and body of format custom.
type CustomFormat struct {
	Header   string `json:"header" doc:"The signature header's name"`
	Signed   string `json:"signed" doc:"body, {t}.{body} or {id}.{t}.{body}"`
	Encoding string `json:"encoding" doc:"hex or base64"`
	Value    string `json:"value" doc:"The header's value, with {t} and {signature} to fill in"`
	Body     string `json:"body" doc:"plain, flat or data"`
}

// Settings are what a developer chooses about an endpoint, as answers show it.
type Settings struct {
	Name           string        `json:"name"`
	Kind           string        `json:"kind"`
	URL            string        `json:"url" doc:"Of kind slack: the channel as people know it, #general"`
	Channel        *SlackChannel `json:"channel,omitempty" doc:"Of kind slack"`
	Format         string        `json:"format"`
	Custom         *CustomFormat `json:"custom,omitempty"`
	Template       string        `json:"template,omitempty" doc:"Makes the body in place of the format's"`
	Topics         []string      `json:"topics"`
	PromptFilter   PromptFilter  `json:"promptFilter"`
	PayloadFilter  PayloadFilter `json:"payloadFilter"`
	Headers        []Header      `json:"headers"`
	Retry          Retry         `json:"retry"`
	TimeoutSeconds float64       `json:"timeoutSeconds"`
	MaxInFlight    int           `json:"maxInFlight" doc:"How many requests may be under way at once, over all nodes; 0 stands for the default of 64"`
	RatePerSecond  float64       `json:"ratePerSecond" doc:"0 stands for no limit"`
	Ordered        bool          `json:"ordered" doc:"One at a time, oldest first"`
}

// Endpoint is a destination.
type Endpoint struct {
	ID        string `json:"id" format:"uuid"`
	ProjectID string `json:"projectId" format:"uuid"`
	Version   int64  `json:"version" doc:"Grows with each change of settings"`
	Settings
	State               string `json:"state" enum:"active,paused"`
	PausedBecause       string `json:"pausedBecause,omitempty" enum:"person,gone,failing,project,secret,slack,listener"`
	PausedAt            string `json:"pausedAt,omitempty" format:"date-time"`
	NotBefore           string `json:"notBefore,omitempty" format:"date-time" doc:"The receiver asked to be left alone until then"`
	ConsecutiveFailures int    `json:"consecutiveFailures"`
	LastSuccessAt       string `json:"lastSuccessAt,omitempty" format:"date-time"`
	LastFailureAt       string `json:"lastFailureAt,omitempty" format:"date-time"`
	CreatedAt           string `json:"createdAt" format:"date-time"`
	UpdatedAt           string `json:"updatedAt" format:"date-time"`
}

// NewEndpoint is an endpoint with its secret and what may go wrong although it
// was saved.
type NewEndpoint struct {
	Endpoint
	Secret   string   `json:"secret" doc:"Empty for kind slack, which signs nothing"`
	Warnings []string `json:"warnings"`
}

// ChangedEndpoint is an endpoint after a change.
type ChangedEndpoint struct {
	Endpoint
	Warnings []string `json:"warnings"`
}

// EndpointRequest makes an endpoint.
type EndpointRequest struct {
	ProjectID      string        `json:"projectId,omitempty" maxLength:"300" doc:"A project's id, or ext: and its external id"`
	Name           string        `json:"name,omitempty" maxLength:"200" doc:"Default: the URL's host"`
	Kind           string        `json:"kind,omitempty" doc:"webhook, which is the default, or slack"`
	URL            string        `json:"url,omitempty" maxLength:"2048" example:"https://example.com/webhooks" doc:"Needed for kind webhook"`
	Channel        *SlackChannel `json:"channel,omitempty" doc:"Needed for kind slack"`
	Format         string        `json:"format,omitempty" doc:"Default: by the group of the topics; see /meta"`
	Custom         *CustomFormat `json:"custom,omitempty"`
	Template       string        `json:"template,omitempty" maxLength:"16384" doc:"A JSON document whose texts hold {{expressions}} in CEL over id, topic, occurredAt, data and secret; it makes the body in place of the format's, which signs it"`
	Topics         []string      `json:"topics" doc:"Names or globs"`
	PromptFilter   PromptFilter  `json:"promptFilter,omitempty"`
	PayloadFilter  PayloadFilter `json:"payloadFilter,omitempty"`
	Headers        []Header      `json:"headers,omitempty"`
	Secret         string        `json:"secret,omitempty" doc:"One that you bring; else one is made"`
	Retry          Retry         `json:"retry,omitempty"`
	TimeoutSeconds float64       `json:"timeoutSeconds,omitempty" minimum:"1" maximum:"30"`
	MaxInFlight    int           `json:"maxInFlight,omitempty" minimum:"0" maximum:"1000" doc:"How many requests may be under way at once, over all nodes; 0 stands for the default of 64"`
	RatePerSecond  float64       `json:"ratePerSecond,omitempty" minimum:"0" maximum:"10000"`
	Ordered        bool          `json:"ordered,omitempty"`
}

// EndpointPatch changes the members that are sent, each as a whole.
type EndpointPatch struct {
	Version        int64          `json:"version,omitempty" minimum:"0" maximum:"9007199254740991" doc:"The version that the change was made on; another one stored is a conflict"`
	Name           *string        `json:"name,omitempty" maxLength:"200"`
	Kind           *string        `json:"kind,omitempty"`
	URL            *string        `json:"url,omitempty" maxLength:"2048"`
	Channel        *SlackChannel  `json:"channel,omitempty" doc:"Of kind slack: another channel, by its id"`
	Format         *string        `json:"format,omitempty"`
	Custom         *CustomFormat  `json:"custom,omitempty"`
	Template       *string        `json:"template,omitempty" maxLength:"16384" doc:"Empty: the format's own body"`
	Topics         *[]string      `json:"topics,omitempty"`
	PromptFilter   *PromptFilter  `json:"promptFilter,omitempty"`
	PayloadFilter  *PayloadFilter `json:"payloadFilter,omitempty"`
	Headers        *[]Header      `json:"headers,omitempty"`
	Retry          *Retry         `json:"retry,omitempty"`
	TimeoutSeconds *float64       `json:"timeoutSeconds,omitempty" minimum:"1" maximum:"30"`
	MaxInFlight    *int           `json:"maxInFlight,omitempty" minimum:"0" maximum:"1000" doc:"0 stands for the default of 64"`
	RatePerSecond  *float64       `json:"ratePerSecond,omitempty" minimum:"0" maximum:"10000"`
	Ordered        *bool          `json:"ordered,omitempty"`
}

func endpointShape(e webhook.Endpoint) Endpoint {
	return Endpoint{
		ID: e.ID.String(), ProjectID: e.ProjectID.String(), Version: e.Version, Settings: settingsShape(e.Settings),
		State: string(e.State), PausedBecause: string(e.PausedBecause), PausedAt: stamp(e.PausedAt), NotBefore: stamp(e.NotBefore),
		ConsecutiveFailures: e.ConsecutiveFailures, LastSuccessAt: stamp(e.LastSuccessAt), LastFailureAt: stamp(e.LastFailureAt),
		CreatedAt: stamp(e.CreatedAt), UpdatedAt: stamp(e.UpdatedAt),
	}
}

func settingsShape(s webhook.Settings) Settings {
	again := !s.Retry.NoClientErrors
	shape := Settings{
		Name: s.Name, Kind: string(s.Kind), URL: s.URL, Format: string(s.Format), Template: s.Template, Topics: present(s.Topics),
		PromptFilter:  PromptFilter{Names: present(s.Prompt.Names), Tags: present(s.Prompt.Tags), Labels: present(s.Prompt.Labels)},
		PayloadFilter: payloadShape(s.Payload),
		Headers:       each(s.Headers, func(h webhook.Header) Header { return Header{h.Name, h.Value, h.Secret} }),
		Retry: Retry{Policy: string(s.Retry.Policy), ClientErrors: &again,
			DelaysSeconds: each(s.Retry.Delays, func(d time.Duration) int { return int(d / time.Second) })},
		TimeoutSeconds: s.Timeout.Seconds(), MaxInFlight: s.MaxInFlight, RatePerSecond: s.RatePerSecond, Ordered: s.Ordered,
	}
	if s.Channel != nil {
		channel := channelShape(*s.Channel)
		shape.Channel = &channel
	}
	if s.Custom != nil {
		custom := CustomFormat(*s.Custom)
		shape.Custom = &custom
	}
	return shape
}

// each maps a list; the answer is never nil.
func each[T, V any](list []T, shape func(T) V) []V {
	shaped := make([]V, len(list))
	for i, item := range list {
		shaped[i] = shape(item)
	}
	return shaped
}

func (r EndpointRequest) settings() webhook.Settings {
	return webhook.Settings{
		Name: r.Name, Kind: webhook.EndpointKind(r.Kind), URL: r.URL, Channel: (*webhook.SlackChannel)(r.Channel), Format: webhook.FormatName(r.Format), Custom: (*webhook.CustomFormat)(r.Custom), Template: r.Template,
		Topics: r.Topics, Prompt: webhook.PromptFilter(r.PromptFilter), Payload: r.PayloadFilter.filter(), Headers: headerRows(r.Headers),
		Retry: r.Retry.policy(), Timeout: seconds(r.TimeoutSeconds), MaxInFlight: r.MaxInFlight, RatePerSecond: r.RatePerSecond, Ordered: r.Ordered,
	}
}

func headerRows(rows []Header) []webhook.Header {
	return each(rows, func(h Header) webhook.Header { return webhook.Header{Name: h.Name, Value: h.Value, Secret: h.Secret} })
}

func (r Retry) policy() webhook.RetryPolicy {
	return webhook.RetryPolicy{
		Policy:         webhook.RetryName(r.Policy),
		Delays:         each(r.DelaysSeconds, func(s int) time.Duration { return time.Duration(s) * time.Second }),
		NoClientErrors: r.ClientErrors != nil && !*r.ClientErrors,
	}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func (p EndpointPatch) patch() manage.EndpointPatch {
	return manage.EndpointPatch{
		Version: p.Version, Name: p.Name, Kind: (*webhook.EndpointKind)(p.Kind), URL: p.URL, Channel: through(p.Channel, func(c SlackChannel) string { return c.ID }), Format: (*webhook.FormatName)(p.Format),
		Custom: (*webhook.CustomFormat)(p.Custom), Template: p.Template, Topics: p.Topics, Prompt: (*webhook.PromptFilter)(p.PromptFilter),
		Payload: through(p.PayloadFilter, PayloadFilter.filter), Headers: through(p.Headers, headerRows), Retry: through(p.Retry, Retry.policy),
		Timeout: through(p.TimeoutSeconds, seconds), MaxInFlight: p.MaxInFlight, RatePerSecond: p.RatePerSecond, Ordered: p.Ordered,
	}
}

// through maps what was sent and leaves nil what was not.
func through[T, V any](sent *T, to func(T) V) *V {
	if sent == nil {
		return nil
	}
	value := to(*sent)
	return &value
}
