package api

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
)

// Listeners are the streams of machines that listen.
type Listeners interface {
	// Serve holds a stream until it ends and answers why. send writes parcels,
	// none for a sign of life; its error means that the listener left.
	Serve(ctx context.Context, l webhook.Listener, send func([]webhook.Parcel) error) (webhook.StreamEnd, error)
	// Answer takes what a listener says; nothing is a sign of life.
	Answer(ctx context.Context, l webhook.Listener, replies []webhook.Reply) error
}

const listenGroup = "Listening"

func (a *API) listenCalls(group *gin.RouterGroup) {
	add(a, Call{Method: http.MethodPost, Path: "/listen", ID: "listen", Group: listenGroup, May: account.ChangeEndpoint,
		Summary: "Listen on a machine without a public URL", Status: http.StatusCreated,
		Text: "Makes an endpoint of kind forward, or takes up again the one that this key made under the same name. Open its stream next: " +
			"until then, and while it is closed, its deliveries are held; after 30 seconds without a stream the endpoint is deleted. " +
			"bellwire listen --forward does all of this."}, a.listen)
	a.streamCall(group)
	add(a, Call{Method: http.MethodPost, Path: "/listen/{id}/answers", ID: "answer-requests", Group: listenGroup, May: account.ChangeEndpoint,
		Summary: "Say what became of requests", Status: http.StatusNoContent, Batch: true,
		Text: "Any node takes it, also after the stream broke. An empty list is a sign of life: send one every 10 seconds, or the stream ends after 35."}, a.answerRequests)
	add(a, Call{Method: http.MethodDelete, Path: "/listen/{id}", ID: "stop-listening", Group: listenGroup, May: account.ChangeEndpoint,
		Summary: "Stop listening", Status: http.StatusNoContent,
		Text: "Deletes the endpoint: what waits for it is cancelled, its log stays."}, a.stopListening)
}

// ListenRequest says what a machine wants to get.
type ListenRequest struct {
	ProjectID     string        `json:"projectId,omitempty" maxLength:"300" doc:"A project's id, or ext: and its external id; a project key need not say it"`
	Name          string        `json:"name" maxLength:"200" doc:"The machine's: with the same key it finds its endpoint again"`
	URL           string        `json:"url" maxLength:"2048" doc:"Where the machine posts to, for people to see: the server never dials it"`
	Topics        []string      `json:"topics,omitempty" doc:"Names or globs; default: all"`
	Format        string        `json:"format,omitempty" doc:"Default: by the group of the topics; see /meta"`
	Custom        *CustomFormat `json:"custom,omitempty"`
	PromptFilter  PromptFilter  `json:"promptFilter,omitempty"`
	PayloadFilter PayloadFilter `json:"payloadFilter,omitempty"`
	Secret        string        `json:"secret,omitempty" doc:"One that you bring; else one is made and kept while the endpoint lives"`
}

// Listening is a listener with its endpoint and secret.
type Listening struct {
	ID         string   `json:"id" format:"uuid" doc:"The endpoint's"`
	Endpoint   Endpoint `json:"endpoint"`
	Secret     string   `json:"secret" doc:"Signs what the machine gets"`
	Warnings   []string `json:"warnings"`
	Dashboard  string   `json:"dashboardUrl" doc:"The endpoint's page"`
	Deliveries string   `json:"deliveriesUrl" doc:"Followed by a delivery's id, its page"`
}

func (a *API) listen(ctx context.Context, caller account.Caller, in *struct{ Body ListenRequest }) (*answer[Listening], error) {
	project, err := a.projectOf(ctx, caller, in.Body.ProjectID, "projectId")
	if err != nil {
		return nil, err
	}
	r := EndpointRequest{Name: in.Body.Name, URL: in.Body.URL, Topics: in.Body.Topics, Format: in.Body.Format, Custom: in.Body.Custom,
		PromptFilter: in.Body.PromptFilter, PayloadFilter: in.Body.PayloadFilter}
	l, err := a.manage.Listen(ctx, caller, manage.NewEndpoint{ProjectID: project, Settings: r.settings(), Secret: in.Body.Secret})
	pages := a.manage.Meta().BaseURL + "/p/" + l.ProjectID.String()
	return answering(Listening{
		ID: l.EndpointID.String(), Endpoint: endpointShape(l.Endpoint), Secret: l.Secret, Warnings: present(l.Warnings),
		Dashboard: pages + "/endpoints/" + l.EndpointID.String(), Deliveries: pages + "/deliveries/",
	}, err)
}

func (a *API) stopListening(ctx context.Context, caller account.Caller, in *ByID) (*nothing, error) {
	id, err := endpointID(in)
	if err != nil {
		return nil, err
	}
	return done(a.manage.StopListening(ctx, caller, id))
}

// ForwardedRequest is a signed request for a listener to make.
type ForwardedRequest struct {
	DeliveryID     string  `json:"deliveryId"`
	AttemptID      string  `json:"attemptId"`
	EventID        string  `json:"eventId"`
	Topic          string  `json:"topic"`
	Attempt        int     `json:"attempt"`
	TimeoutSeconds float64 `json:"timeoutSeconds"`
	Headers        []Line  `json:"headers"`
	Body           []byte  `json:"body"`
}

func forwardedRequest(p webhook.Parcel) ForwardedRequest {
	return ForwardedRequest{
		DeliveryID: p.DeliveryID.String(), AttemptID: p.AttemptID.String(), EventID: p.EventID.String(), Topic: p.Topic, Attempt: p.Attempt,
		TimeoutSeconds: p.Timeout.Seconds(), Headers: each(p.Headers, func(h webhook.HeaderLine) Line { return Line{h.Name, h.Value} }), Body: p.Body,
	}
}

// streamText documents the stream: the document's schemas don't reach into it.
const streamText = "Server-sent events until either side ends it. `request` holds {deliveryId, attemptId, eventId, topic, attempt, timeoutSeconds, " +
	"headers: [{name, value}], body}, body in base64: POST it as it is, within the time, and tell /answers what came back. `ping` is a sign of life, " +
	"every 10 seconds. `end` holds {reason}: replaced, revoked and deleted are final, after silent and stopping connect again. " +
	"A newer stream of the same listener ends this one."

// streamCall mounts and documents the stream by hand: huma answers once.
func (a *API) streamCall(group *gin.RouterGroup) {
	call := Call{Method: http.MethodGet, Path: "/listen/{id}", ID: "open-stream", Group: listenGroup, May: account.ChangeEndpoint,
		Summary: "Open a listener's stream", Text: streamText}
	a.calls = append(a.calls, call)
	group.GET("/listen/:id", func(c *gin.Context) {
		if _, goOn := a.enter(c, call); !goOn {
			return
		}
		if err := a.stream(c); err != nil {
			a.Refuse(c, err)
		}
	})
	operation := a.operation(call)
	text := &huma.Schema{Type: huma.TypeString}
	operation.Parameters = []*huma.Param{{Name: "id", In: "path", Required: true, Schema: text, Description: "The listener's"}}
	operation.Responses = map[string]*huma.Response{
		"200":     {Description: "Server-sent events", Content: map[string]*huma.MediaType{"text/event-stream": {Schema: text}}},
		"default": {Description: "Error", Content: a.content(reflect.TypeFor[Problem](), problemType)},
	}
	a.spec.OpenAPI().AddOperation(&operation)
}

// stream answers an error as long as nothing is written.
func (a *API) stream(c *gin.Context) error {
	id, err := endpointID(&ByID{ID: c.Param("id")})
	if err != nil {
		return err
	}
	l, err := a.manage.Listener(c.Request.Context(), callerOf(c.Request.Context()), id)
	if err != nil {
		return err
	}
	out := newEventStream(c)
	why, err := a.options.Listeners.Serve(c.Request.Context(), l, out.requests)
	if err != nil {
		return err
	}
	_ = out.write("end", map[string]string{"reason": string(why)}) // who left does not read it
	_ = out.flush()
	return nil
}

// eventWriteTime is how long one event may take to be written: a listener that
// reads no more is gone.
const eventWriteTime = 10 * time.Second

// eventStream writes server-sent events.
type eventStream struct {
	c       *gin.Context
	control *http.ResponseController
	begun   bool
}

func newEventStream(c *gin.Context) *eventStream {
	return &eventStream{c: c, control: http.NewResponseController(c.Writer)}
}

func (s *eventStream) requests(parcels []webhook.Parcel) error {
	if !s.begun {
		s.begun = true
		header := s.c.Writer.Header()
		header.Set("Content-Type", "text/event-stream")
		header.Set("Cache-Control", "no-store, no-transform")
		header.Set("X-Accel-Buffering", "no") // proxies pass each event on at once
		s.c.Writer.WriteHeader(http.StatusOK)
		_ = s.control.SetReadDeadline(time.Time{}) // the request is read; the stream outlives its limit
	}
	if len(parcels) == 0 {
		if err := s.write("ping", struct{}{}); err != nil {
			return err
		}
	}
	for _, p := range parcels {
		if err := s.write("request", forwardedRequest(p)); err != nil {
			return err
		}
	}
	return s.flush()
}

func (s *eventStream) write(event string, data any) error {
	text, err := json.Marshal(data)
	if err != nil {
		return err
	}
	var line strings.Builder
	line.WriteString("event: " + event + "\ndata: ")
	line.Write(text) // JSON holds no line feeds
	line.WriteString("\n\n")
	_ = s.control.SetWriteDeadline(time.Now().Add(eventWriteTime))
	_, err = s.c.Writer.WriteString(line.String())
	return err
}

func (s *eventStream) flush() error { return s.control.Flush() }
