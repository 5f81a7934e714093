package api

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/publish"
	"github.com/bellwire/bellwire/internal/webhook"
)

// Publisher accepts events, each request's all together or not at all.
type Publisher interface {
	Publish(ctx context.Context, caller account.Caller, drafts []publish.Draft) ([]webhook.Receipt, error)
	PublishBatch(ctx context.Context, caller account.Caller, drafts []publish.Draft) ([]webhook.Receipt, error)
	// TopicsChanged makes the next event see the topics as they are now.
	TopicsChanged()
	// Try says what publishing would come to.
	Try(ctx context.Context, caller account.Caller, draft publish.Draft) (publish.Trial, error)
}

// Options are what an API is made of.
type Options struct {
	Manage    *manage.Service
	Publisher Publisher
	Listeners Listeners
	Log       *slog.Logger
	// Version is the build's, shown in the OpenAPI document.
	Version string
	Now     func() time.Time
	// PublishRate is how many events a second each key may publish here; 0 for
	// no bound.
	PublishRate int
}

// API answers /api/v1 and describes it.
type API struct {
	options Options
	manage  *manage.Service
	calls   []Call
	spec    huma.API

	keys      *brief[[32]byte, account.Caller] // by the SHA-256 of the secret
	wrongKeys *brief[[32]byte, error]
	externals *brief[string, webhook.ProjectID] // by "ext:…", for instance keys
	paces     *paces
}

// New makes an API; Mount puts it on an engine.
func New(options Options) *API {
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	a := &API{
		options: options,
		manage:  options.Manage,

		keys:      newBrief[[32]byte, account.Caller](options.Now),
		wrongKeys: newBrief[[32]byte, error](options.Now),
		externals: newBrief[string, webhook.ProjectID](options.Now),
		paces:     newPaces(options.PublishRate, options.Now),
	}
	a.manage.WhenRevoked(func(id webhook.KeyID) {
		a.keys.forget(func(caller account.Caller) bool { return caller.Key.ID == id })
	})
	return a
}

// Prefix is where all calls live.
const Prefix = "/api/v1"

// Mount adds every call, the OpenAPI document and its page.
func (a *API) Mount(engine *gin.Engine) {
	a.spec = humagin.NewWithGroup(engine, engine.Group(Prefix), a.config())
	a.publishCalls(engine.Group(Prefix))
	a.eventCalls()
	a.productCalls(engine.Group(Prefix))
	a.topicCalls()
	a.promptCalls(engine.Group(PublicPrefix))
	a.projectCalls()
	a.endpointCalls()
	a.slackCalls()
	a.webhookCalls()
	a.secretCalls()
	a.deliveryCalls()
	a.listenCalls(engine.Group(Prefix))
	a.keyCalls()
	a.reportCalls()
	a.systemCalls()
	a.documentation(engine)
}

// Call is one row of the route table.
type Call struct {
	Method string
	// Path is below Base.
	Path string
	// Base is where the call's path begins: Prefix if empty.
	Base string
	// ID names the operation in the OpenAPI document.
	ID      string
	Summary string
	// Text says more, where there is more to say.
	Text string
	// Group is the heading that the call is documented under.
	Group string
	// May is the action that the caller needs the right to; empty for any key.
	May account.Action
	// Status of success; 200 if zero.
	Status int
	// Batch calls take larger bodies.
	Batch bool
}

// FullPath is the path of the request.
func (c Call) FullPath() string {
	if c.Base == "" {
		return Prefix + c.Path
	}
	return c.Base + c.Path
}

func (c Call) bodyLimit() int64 {
	if c.Batch {
		return manage.MaxBatchBody
	}
	return manage.MaxBody
}

// place is the part of the request that inner packages' places are in.
func (c Call) place() string {
	if c.Method == http.MethodGet || c.Method == http.MethodDelete {
		return "query."
	}
	return "body."
}

// Calls are all calls with who may make them, once mounted.
func (a *API) Calls() []Call { return a.calls }

// add puts a call on the engine and into the document.
func add[I, O any](a *API, call Call, do func(ctx context.Context, caller account.Caller, in *I) (*O, error)) {
	a.calls = append(a.calls, call)
	huma.Register(a.spec, a.operation(call), func(ctx context.Context, in *I) (*O, error) {
		out, err := do(ctx, callerOf(ctx), in)
		if err != nil {
			return nil, a.problem(ctx, call.Path, err, call.place())
		}
		return out, nil
	})
}

func (a *API) operation(call Call) huma.Operation {
	return huma.Operation{
		OperationID:   call.ID,
		Method:        call.Method,
		Path:          call.Path,
		Summary:       call.Summary,
		Description:   call.describe(),
		Tags:          []string{call.Group},
		DefaultStatus: call.Status,
		Security:      []map[string][]string{{"key": {}}},
		// The body is read and bounded before huma sees it.
		MaxBodyBytes:    -1,
		BodyReadTimeout: -1,
		Middlewares:     huma.Middlewares{a.gate(call)},
	}
}

// gate is enter for calls that huma carries.
func (a *API) gate(call Call) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		c := humagin.Unwrap(ctx)
		body, goOn := a.enter(c, call)
		if !goOn {
			return
		}
		if err := checkText(body); err != nil {
			a.Refuse(c, err)
			return
		}
		c.Request.Body = replay(body)
		next(ctx)
	}
}

// describe adds who may call to the words of the call.
func (c Call) describe() string {
	text := c.Text
	if text != "" {
		text += " "
	}
	if c.May == "" {
		return text + "Any key."
	}
	return text + "Needs " + c.key() + "."
}

// key says which keys may make the call.
func (c Call) key() string {
	scopes, wide := account.KeyFor(c.May)
	words := make([]string, len(scopes))
	for i, s := range scopes {
		words[i] = string(s)
	}
	if wide {
		return "an instance key with the scope " + strings.Join(words, " or ")
	}
	return "a key with the scope " + strings.Join(words, " or ")
}

func (a *API) config() huma.Config {
	config := huma.DefaultConfig("Bellwire", a.options.Version)
	config.CreateHooks = nil // they add $schema to every answer
	config.DocsPath = ""     // huma's page loads a CDN
	config.SchemasPath = ""
	config.OpenAPIPath = ""
	config.RejectUnknownQueryParameters = true
	config.Info.Description = introduction
	config.Servers = []*huma.Server{{URL: Prefix}}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"key":  {Type: "http", Scheme: "bearer", Description: "An API key's secret, bwsk_…"},
		"pair": {Type: "http", Scheme: "basic", Description: "An API key's id as the user name and its secret as the password; for prompts only"},
	}
	return config
}

const introduction = `Publish events, manage endpoints, and read the log of every delivery.

Errors are application/problem+json (RFC 9457) with the wrong places in errors. Lists answer {"data": […], "nextCursor": …}; give nextCursor as cursor to go on. Unknown members and parameters are refused. A project key works in its project; an instance key names one with projectId, as an id or as ext: and the platform's own id.`
