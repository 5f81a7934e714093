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
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
)

// PublicPrefix is where the calls live that prompt clients make. Their answers
// and errors are of those clients' shape.
const PublicPrefix = "/api/public/v2"

// promptCalls are by hand: their input and errors are another house's.
func (a *API) promptCalls(group *gin.RouterGroup) {
	list := Call{Method: http.MethodGet, Path: "/prompts", ID: "list-prompts", May: account.ViewPrompts, Summary: "List the prompts"}
	create := Call{Method: http.MethodPost, Path: "/prompts", ID: "create-prompt", May: account.ChangePrompts, Status: http.StatusCreated,
		Summary: "Create a version of a prompt", Text: "The prompt is made with its first version. The answer means that the version and the events that follow are stored."}
	get := Call{Method: http.MethodGet, Path: "/prompts/{name}", ID: "get-prompt", May: account.ViewPrompts,
		Summary: "Get a version of a prompt", Text: "By number or by label, by the label production if neither is named."}
	label := Call{Method: http.MethodPatch, Path: "/prompts/{name}/versions/{version}", ID: "label-prompt", May: account.ChangePrompts, Summary: "Move labels to a version of a prompt"}
	remove := Call{Method: http.MethodDelete, Path: "/prompts/{name}", ID: "delete-prompt", May: account.ChangePrompts, Status: http.StatusNoContent,
		Summary: "Delete a prompt", Text: "With all its versions, or only the one that a number or a label names. The newest of the others becomes latest."}
	public[any, PromptPage](a, group, list, a.listPrompts, "name", "label", "tag", "page", "limit", "fromUpdatedAt", "toUpdatedAt")
	public[PromptRequest, PromptVersion](a, group, create, a.createPrompt)
	public[any, PromptFound](a, group, get, a.getPrompt, "version", "label", "resolve")
	public[LabelsRequest, PromptVersion](a, group, label, a.labelPrompt)
	public[any, any](a, group, remove, a.deletePrompt, "version", "label")
}

// asked is a request of a prompt client, let in.
type asked struct {
	*gin.Context
	caller  account.Caller
	project webhook.ProjectID
	body    []byte
}

// public puts a call on the engine that takes the named parameters of the query,
// and documents it.
func public[I, O any](a *API, group *gin.RouterGroup, call Call, do func(in asked) error, query ...string) {
	call.Base, call.Group = PublicPrefix, "Prompts"
	if call.Status == 0 {
		call.Status = http.StatusOK
	}
	a.calls = append(a.calls, call)
	group.Handle(call.Method, ginPath(call.Path), func(c *gin.Context) {
		body, goOn := a.enter(c, call)
		if !goOn {
			return
		}
		in := asked{Context: c, caller: callerOf(c.Request.Context()), body: body}
		err := checkText(body)
		if err == nil {
			err = a.checkQuery(&in, append(query, "projectId"))
		}
		if err == nil {
			err = do(in)
		}
		if err != nil {
			a.Refuse(c, err)
		}
	})
	a.documentPublic(call, reflect.TypeFor[I](), reflect.TypeFor[O](), append(query, "projectId"))
}

// ginPath is a path of the document as the engine writes it.
func ginPath(path string) string { return strings.NewReplacer("{", ":", "}", "").Replace(path) }

func (a *API) documentPublic(call Call, in, out reflect.Type, query []string) {
	operation := a.operation(call)
	operation.Servers = []*huma.Server{{URL: PublicPrefix}}
	operation.Security = append(operation.Security, map[string][]string{"pair": {}})
	if in.Kind() == reflect.Struct {
		operation.RequestBody = &huma.RequestBody{Required: true, Content: a.content(in, "application/json")}
	}
	answer := &huma.Response{Description: http.StatusText(call.Status)}
	if out.Kind() == reflect.Struct {
		answer.Content = a.content(out, "application/json")
	}
	operation.Responses = map[string]*huma.Response{
		strconv.Itoa(call.Status): answer,
		"default":                 {Description: "Error", Content: a.content(reflect.TypeFor[PublicError](), "application/json")},
	}
	for _, part := range pathParts(call.Path) {
		operation.Parameters = append(operation.Parameters, &huma.Param{Name: part, In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}})
	}
	for _, name := range query {
		operation.Parameters = append(operation.Parameters, &huma.Param{Name: name, In: "query", Description: queryWords[name], Schema: &huma.Schema{Type: huma.TypeString}})
	}
	a.spec.OpenAPI().AddOperation(&operation)
}

// pathParts are the names of what a path leaves open.
func pathParts(path string) (names []string) {
	for part := range strings.SplitSeq(path, "/") {
		if name, open := strings.CutPrefix(part, "{"); open {
			names = append(names, strings.TrimSuffix(name, "}"))
		}
	}
	return names
}

var queryWords = map[string]string{
	"name": "The whole name", "label": "A label that one of its versions holds", "tag": "One of its tags", "version": "A version's number",
	"page": "From 1; 1 if left out", "limit": "1 to 100; 10 if left out", "resolve": "true or false; it makes no difference: prompts hold no references",
	"fromUpdatedAt": "Changed at this time (RFC 3339) or later", "toUpdatedAt": "Changed at this time (RFC 3339) or earlier",
	"projectId": "For instance keys: a project's id, or ext: and its external id",
}

func (a *API) listPrompts(in asked) error {
	page, err := in.number("page", 1, 1<<20)
	if err != nil {
		return err
	}
	limit, err := in.number("limit", 10, 100)
	if err != nil {
		return err
	}
	q := webhook.PromptQuery{ProjectID: in.project, Name: in.Query("name"), Label: in.Query("label"), Tag: in.Query("tag"), Limit: limit, Skip: (page - 1) * limit}
	if q.Since, err = in.time("fromUpdatedAt"); err == nil {
		q.Until, err = in.time("toUpdatedAt")
	}
	if err != nil {
		return err
	}
	ctx := in.Request.Context()
	heads, total, err := a.manage.Prompts(ctx, in.caller, q)
	if err != nil {
		return err
	}
	numbers, configs, err := a.manage.PromptNumbers(ctx, in.caller, in.project, heads)
	if err != nil {
		return err
	}
	meta := PageMeta{Page: page, Limit: limit, TotalItems: total, TotalPages: (total + limit - 1) / limit}
	return write(in.Context, http.StatusOK, PromptPage{Meta: meta, Pagination: meta, Data: each(heads, func(h webhook.PromptHead) PromptMeta {
		return PromptMeta{
			Name: h.Name, Type: string(h.Type), Versions: present(numbers[h.ID]), Labels: present(h.Labels), Tags: present(h.Tags),
			LastUpdatedAt: stamp(h.UpdatedAt), LastConfig: orNull(configs[h.ID]),
		}
	})})
}

// orNull is for a config that went between two reads.
func orNull(text []byte) json.RawMessage {
	if text == nil {
		return json.RawMessage("null")
	}
	return text
}

func (a *API) createPrompt(in asked) error {
	name, draft, err := promptDraft(in.body)
	if err != nil {
		return err
	}
	p, v, err := a.manage.CreatePrompt(in.Request.Context(), in.caller, in.project, name, draft)
	if err != nil {
		return err
	}
	return write(in.Context, http.StatusCreated, versionShape(p, v))
}

func (a *API) getPrompt(in asked) error {
	which, err := in.which()
	if err == nil {
		_, err = in.oneOf("resolve", "true", "false")
	}
	if err != nil {
		return err
	}
	if which == (manage.Which{}) {
		which.Label = webhook.LabelProduction
	}
	p, v, err := a.manage.Prompt(in.Request.Context(), in.caller, in.project, in.Param("name"), which)
	if err != nil {
		return err
	}
	return write(in.Context, http.StatusOK, PromptFound{PromptVersion: versionShape(p, v)})
}

func (a *API) labelPrompt(in asked) error {
	number, err := positive("path.version", in.Param("version"), 1<<30)
	if err != nil {
		return err
	}
	labels, err := newLabels(in.body)
	if err != nil {
		return err
	}
	ctx := in.Request.Context()
	p, err := a.manage.AddPromptLabels(ctx, in.caller, in.project, in.Param("name"), number, labels)
	if err != nil {
		return err
	}
	v, err := a.manage.LabelledVersion(ctx, in.caller, p, number)
	if err != nil {
		return err
	}
	return write(in.Context, http.StatusOK, versionShape(p, v))
}

func (a *API) deletePrompt(in asked) error {
	which, err := in.which()
	if err != nil {
		return err
	}
	if _, err := a.manage.DeletePrompt(in.Request.Context(), in.caller, in.project, in.Param("name"), which); err != nil {
		return err
	}
	in.Status(http.StatusNoContent)
	return nil
}
