package api

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
)

//go:embed docs.html
var docsHTML string

//go:embed docs.css
var docsCSS []byte

var docsPage = template.Must(template.New("docs").Parse(docsHTML))

// documentation serves the OpenAPI document and a page made from it. Both are
// written once: the calls do not change while the process runs.
func (a *API) documentation(engine *gin.Engine) {
	spec, err := json.Marshal(a.spec.OpenAPI())
	if err != nil {
		panic("the OpenAPI document can't be written: " + err.Error()) // at start, by our own types only
	}
	var page bytes.Buffer
	if err := docsPage.Execute(&page, docsView{BaseURL: a.manage.Meta().BaseURL, Chapters: a.chapters()}); err != nil {
		panic("the API page can't be written: " + err.Error())
	}
	engine.GET("/api/openapi.json", fixed("application/json", spec))
	engine.GET("/docs/api", fixed("text/html; charset=utf-8", page.Bytes()))
	engine.GET("/docs/api.css", fixed("text/css; charset=utf-8", docsCSS))
}

func fixed(kind string, body []byte) gin.HandlerFunc {
	return func(c *gin.Context) {
		c.Header("Cache-Control", "no-cache")
		c.Data(http.StatusOK, kind, body)
	}
}

// docsView is what the page shows.
type docsView struct {
	BaseURL  string
	Chapters []chapter
}

// chapter is one group of calls on the page.
type chapter struct {
	Name  string
	Calls []documented
}

type documented struct {
	Call
	FullPath   string
	Words      string
	Parameters []line
	Body       []line
	Answer     []line
	// Command is the call as a curl command with what it needs at least;
	// AnswerStatus and AnswerSample what comes back.
	Command      string
	AnswerStatus string
	AnswerSample string
}

// line is a parameter or member: nested members have dotted names.
type line struct {
	Name     string
	Type     string
	Required bool
	Words    string
}

func (a *API) chapters() []chapter {
	var chapters []chapter
	for _, call := range a.calls {
		i := slices.IndexFunc(chapters, func(c chapter) bool { return c.Name == call.Group })
		if i < 0 {
			chapters, i = append(chapters, chapter{Name: call.Group}), len(chapters)
		}
		chapters[i].Calls = append(chapters[i].Calls, a.documented(call))
	}
	return chapters
}

func (a *API) documented(call Call) documented {
	d := documented{Call: call, FullPath: call.FullPath(), Words: call.describe()}
	operation := operationOf(a.spec.OpenAPI().Paths[call.Path], call.Method)
	d.Command = a.command(call, operation)
	for _, p := range operation.Parameters {
		d.Parameters = append(d.Parameters, line{Name: p.Name, Type: p.In + " " + a.typeOf(p.Schema), Required: p.Required, Words: p.Description})
	}
	if operation.RequestBody != nil {
		d.Body = a.members(operation.RequestBody.Content["application/json"].Schema, "", 0)
	}
	for status, response := range operation.Responses {
		if !strings.HasPrefix(status, "2") {
			continue
		}
		d.AnswerStatus = status + " " + response.Description
		if content := response.Content["application/json"]; content != nil {
			d.Answer, d.AnswerSample = a.members(content.Schema, "", 0), a.sample(content.Schema, false)
		}
	}
	return d
}

// command is a first call, for a terminal.
func (a *API) command(call Call, operation *huma.Operation) string {
	path := strings.NewReplacer("{id}", sampleID, "{name}", sampleName(call), "{version}", "3", "{productId}", "prod_123").Replace(call.FullPath())
	text := `curl -H "Authorization: Bearer $KEY"`
	if call.Method != http.MethodGet {
		text += " -X " + call.Method
	}
	text += " " + a.manage.Meta().BaseURL + path
	if operation.RequestBody == nil {
		return text
	}
	body := a.sample(operation.RequestBody.Content["application/json"].Schema, true)
	return text + " \\\n  -H 'Content-Type: application/json' -d '" + strings.ReplaceAll(body, "'", `'\''`) + "'"
}

// sampleName is of the kind of thing that the call is about.
func sampleName(call Call) string {
	if call.Base == PublicPrefix {
		return "movie-critic"
	}
	return "product.viewed"
}

func operationOf(item *huma.PathItem, method string) *huma.Operation {
	switch method {
	case http.MethodPost:
		return item.Post
	case http.MethodPut:
		return item.Put
	case http.MethodPatch:
		return item.Patch
	case http.MethodDelete:
		return item.Delete
	}
	return item.Get
}

// maxNesting keeps the page's tables readable.
const maxNesting = 3

// members lists an object's members with those of the objects in it.
func (a *API) members(s *huma.Schema, at string, depth int) []line {
	s = a.resolve(s)
	for s.Type == huma.TypeArray {
		s, at = a.resolve(s.Items), strings.TrimSuffix(at, ".")+"[]."
	}
	if either, ok := s.Extensions["oneOf"].([]*huma.Schema); ok {
		var lines []line
		for _, shape := range either {
			lines = append(lines, a.members(shape, at, depth)...)
		}
		return lines
	}
	if s.Type != huma.TypeObject || depth > maxNesting {
		return nil
	}
	var lines []line
	for _, name := range orderOf(s) {
		member := s.Properties[name]
		lines = append(lines, line{Name: at + name, Type: a.typeOf(member), Required: slices.Contains(s.Required, name), Words: words(member)})
		lines = append(lines, a.members(member, at+name+".", depth+1)...)
	}
	return lines
}

// orderOf puts required members first, each part by name.
func orderOf(s *huma.Schema) []string {
	names := make([]string, 0, len(s.Properties))
	for name := range s.Properties {
		names = append(names, name)
	}
	slices.SortFunc(names, func(x, y string) int {
		if a, b := slices.Contains(s.Required, x), slices.Contains(s.Required, y); a != b {
			if a {
				return -1
			}
			return 1
		}
		return strings.Compare(x, y)
	})
	return names
}

func (a *API) resolve(s *huma.Schema) *huma.Schema {
	for s.Ref != "" {
		s = a.spec.OpenAPI().Components.Schemas.SchemaFromRef(s.Ref)
	}
	return s
}

func (a *API) typeOf(s *huma.Schema) string {
	s = a.resolve(s)
	switch {
	case s.Type == huma.TypeArray:
		return "list of " + a.typeOf(s.Items)
	case s.Type == "" && s.Title != "":
		return s.Title
	case s.Type == "":
		return "any JSON"
	case s.Format != "" && s.Type == huma.TypeString:
		return s.Format
	}
	return s.Type
}

func words(s *huma.Schema) string {
	text := s.Description
	if choices := s.Enum; len(choices) > 0 {
		var names []string
		for _, c := range choices {
			if name, ok := c.(string); ok {
				names = append(names, name)
			}
		}
		text = strings.TrimSpace("One of " + strings.Join(names, ", ") + ". " + text)
	}
	return text
}
