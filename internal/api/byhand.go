package api

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
)

// EventRequest documents one event to publish; draft reads it.
type EventRequest struct {
	Topic          string          `json:"topic" example:"product.viewed"`
	Data           json.RawMessage `json:"data" doc:"A JSON object of at most 256 KiB that its topic's schema takes; receivers get its bytes as they are but for white space"`
	ProjectID      string          `json:"projectId,omitempty" doc:"A project's id, or ext: and its external id; a project key need not say it"`
	Audience       string          `json:"audience,omitempty" enum:"project,all" doc:"all: every project that subscribes; instance keys only"`
	OccurredAt     string          `json:"occurredAt,omitempty" format:"date-time" doc:"Now, if left out"`
	IdempotencyKey string          `json:"idempotencyKey,omitempty" maxLength:"255" doc:"Kept for 24 hours; a repeat gets the first answer. The header Idempotency-Key does the same"`
}

// EventsRequest documents a batch.
type EventsRequest struct {
	Events []EventRequest `json:"events" minItems:"1" maxItems:"1000"`
}

const eventGroup = "Events"

// publishCalls are the hot path: by hand, without reflection.
func (a *API) publishCalls(group *gin.RouterGroup) {
	one := Call{Method: http.MethodPost, Path: "/events", ID: "publish-event", Group: eventGroup, May: account.Publish,
		Summary: "Publish an event", Text: "The answer means that the event is stored with its deliveries. A key that publishes more than the server allows, 20,000 events a second unless it is set otherwise, gets 429 with Retry-After.", Status: http.StatusAccepted}
	batch := Call{Method: http.MethodPost, Path: "/events/batch", ID: "publish-events", Group: eventGroup, May: account.Publish,
		Summary: "Publish up to 1000 events", Text: "All of them are stored, or none.", Status: http.StatusAccepted, Batch: true}
	byHand[EventRequest, Receipt](a, group, one, a.publishOne, one.headers()...)
	byHand[EventsRequest, Receipts](a, group, batch, a.publishBatch, batch.headers()...)
	preview := Call{Method: http.MethodPost, Path: "/events/preview", ID: "preview-event", Group: eventGroup, May: account.ViewEndpoints,
		Summary: "Say who would get an event", Text: "Checks it as publishing would and stores nothing.", Status: http.StatusOK}
	byHand[EventRequest, EventPreview](a, group, preview, a.previewEvent, preview.headers()...)
}

// byHand puts a call on the engine that reads its body itself, and documents
// it with the types of its body and answer and what it reads beside the body.
func byHand[I, O any](a *API, group *gin.RouterGroup, call Call, do func(c *gin.Context, body []byte) error, parameters ...*huma.Param) {
	a.calls = append(a.calls, call)
	group.Handle(call.Method, strings.NewReplacer("{", ":", "}", "").Replace(call.Path), func(c *gin.Context) {
		body, goOn := a.enter(c, call)
		if !goOn {
			return
		}
		if err := do(c, body); err != nil {
			a.Refuse(c, err)
		}
	})
	operation := a.operation(call)
	operation.RequestBody = &huma.RequestBody{Required: true, Content: a.content(reflect.TypeFor[I](), "application/json")}
	operation.Responses = map[string]*huma.Response{
		strconv.Itoa(call.Status): {Description: http.StatusText(call.Status), Content: a.content(reflect.TypeFor[O](), "application/json")},
		"default":                 {Description: "Error", Content: a.content(reflect.TypeFor[Problem](), problemType)},
	}
	operation.Parameters = parameters
	a.spec.OpenAPI().AddOperation(&operation)
}

// headers are what publishing reads beside the body.
func (c Call) headers() []*huma.Param {
	text := &huma.Schema{Type: huma.TypeString}
	hop := &huma.Param{Name: hopHeader, In: "header", Schema: text,
		Description: "Pass on what your receiver got: how often the event came round already; above 3 it is refused as a loop"}
	if c.Batch {
		return []*huma.Param{hop}
	}
	key := &huma.Param{Name: idempotencyHeader, In: "header", Schema: text, Description: "The same as the member idempotencyKey"}
	return []*huma.Param{key, hop}
}

func (a *API) content(t reflect.Type, kind string) map[string]*huma.MediaType {
	return map[string]*huma.MediaType{kind: {Schema: a.spec.OpenAPI().Components.Schemas.Schema(t, true, "")}}
}
