package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/audit"
	"github.com/bellwire/bellwire/views/component"
)

// auditPages show who did what.
func (w *Web) auditPages() []line {
	return []line{
		{get, "/p/:project/audit", member, w.listAudit},
		{get, "/p/:project/audit.csv", member, w.exportAudit},
	}
}

// auditFilter reads the filter from the address. "actor" is "system", or a
// type and an id: "user:019b…"; "endpoint" is the id of what was acted on.
func (w *Web) auditFilter(c *gin.Context) (webhook.AuditFilter, map[string]string) {
	f := webhook.AuditFilter{ProjectID: w.project(c).ID, Action: strings.TrimSpace(c.Query("action")), Cursor: c.Query("cursor")}
	var wrong map[string]string
	f.Since, f.Until, wrong = w.times(c)
	if raw := c.Query("actor"); raw != "" {
		kind, id, _ := strings.Cut(raw, ":")
		f.ActorType = webhook.ActorType(kind)
		parsed, err := webhook.ParseUUID(id)
		if f.ActorID = parsed; err != nil && f.ActorType != webhook.ActorSystem {
			wrong["actor"] = "is nobody"
		}
	}
	if raw := c.Query("endpoint"); raw != "" {
		f.Object = strings.ToLower(raw) // as ids are written
		if _, err := webhook.ParseUUID(f.Object); err != nil {
			wrong["endpoint"] = "is the id of none"
		}
	}
	return f, wrong
}

func (w *Web) listAudit(c *gin.Context) error {
	f, wrong := w.auditFilter(c)
	if err := w.caller(c).May(account.ViewAudit, f.ProjectID); err != nil {
		return err
	}
	var page webhook.Page[webhook.AuditEntry]
	var err error
	if len(wrong) == 0 {
		page, err = w.auditPage(c, f)
		if mistaken, ok := mistakes(err); ok {
			wrong = mistaken
		} else if err != nil {
			return err
		}
	}
	m, err := w.auditModel(c, f, wrong, page)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if len(wrong) > 0 {
		status = http.StatusUnprocessableEntity
	}
	return w.render(c, status, audit.List(m))
}

func (w *Web) auditModel(c *gin.Context, f webhook.AuditFilter, wrong map[string]string, page webhook.Page[webhook.AuditEntry]) (audit.ListModel, error) {
	shell, err := w.shell(c, atAudit, "Audit", component.Link{Label: "Audit"})
	if err != nil {
		return audit.ListModel{}, err
	}
	action := under(f.ProjectID, "audit")
	m := audit.ListModel{
		Shell: shell, Action: action, Mistakes: besides(wrong, "since", "until"), Actions: selected(auditActions, f.Action), Ranges: rangeChips(c),
		Since:     component.Input{Value: c.Query("since"), Error: wrong["since"]},
		Until:     component.Input{Value: c.Query("until"), Error: wrong["until"]},
		TimesOpen: c.Query("since")+c.Query("until") != "",
		ExportURL: under(f.ProjectID, "audit.csv"), ExportNote: "The file has the newest " + count(auditExport) + " acts that the filter leaves.",
		Pager: pager(c, page.Next, searchedBack(page.SearchedBackTo)), Empty: noAudit(c, action),
	}
	if raw := c.Request.URL.RawQuery; raw != "" {
		m.ExportURL += "?" + raw
	}
	for _, name := range []string{"range", "endpoint"} {
		if kept := c.Query(name); kept != "" {
			m.Kept = append(m.Kept, component.Option{Label: name, Value: kept})
		}
	}
	if f.Action != "" && !slices.ContainsFunc(m.Actions, func(o component.Option) bool { return o.Selected }) {
		m.Actions = append(m.Actions, component.Option{Value: f.Action, Label: f.Action, Selected: true})
	}
	if m.Actors, err = w.auditActors(c, page.Items); err != nil {
		return m, err
	}
	standing, err := w.standing(c, f, page.Items)
	m.Chosen = auditParts(c, m, auditedEndpoint(f, standing, page.Items))
	m.Sentence = chipWords(m.Chosen)
	for _, run := range runsOf(page.Items) {
		m.Rows = append(m.Rows, presentRun(run, standing, w.Now()))
	}
	return m, err
}

// standing are the names, by id, of the endpoints that a link still leads to:
// those of entries and the one that the list is narrowed to.
func (w *Web) standing(c *gin.Context, narrowed webhook.AuditFilter, entries []webhook.AuditEntry) (map[string]string, error) {
	objects := map[string]bool{narrowed.Object: true}
	for _, e := range entries {
		objects[e.Object] = objects[e.Object] || strings.HasPrefix(e.Action, "endpoint.")
	}
	f := manage.EndpointFilter{ProjectID: narrowed.ProjectID, Limit: manage.MaxLimit}
	for object, asked := range objects {
		if id, err := webhook.ParseUUID(object); err == nil && asked {
			f.IDs = append(f.IDs, webhook.EndpointID{UUID: id})
		}
	}
	if len(f.IDs) == 0 {
		return nil, nil
	}
	page, err := w.Manage.Endpoints(c.Request.Context(), w.caller(c), f)
	names := make(map[string]string, len(page.Items))
	for _, e := range page.Items {
		names[e.ID.String()] = e.Name
	}
	return names, err
}

// auditedEndpoint names the endpoint that the list is narrowed to; one that is
// deleted has the name of its last entry.
func auditedEndpoint(f webhook.AuditFilter, standing map[string]string, seen []webhook.AuditEntry) string {
	name := standing[f.Object]
	if name == "" && len(seen) > 0 {
		name = seen[0].ObjectName
	}
	if name == "" {
		name = component.Short(f.Object)
	}
	return "endpoint " + name
}

func noAudit(c *gin.Context, all string) component.EmptyModel {
	if filtered(c) {
		return component.EmptyModel{Title: "Nothing matches", Text: "Nobody did such a thing in this time.", Action: component.Link{Label: "See all acts", URL: all}}
	}
	return component.EmptyModel{Title: "Nothing was done yet", Text: "Whoever makes, changes, reveals or resends something here is named on this page, for good."}
}

// auditActors are those who can act in the project, and whoever did on this
// page.
func (w *Web) auditActors(c *gin.Context, seen []webhook.AuditEntry) ([]component.Option, error) {
	ctx, caller, project := c.Request.Context(), w.caller(c), w.project(c).ID
	members, err := w.Manage.Members(ctx, caller, project)
	if err != nil {
		return nil, err
	}
	keys, err := w.Manage.Keys(ctx, caller, project)
	if err != nil {
		return nil, err
	}
	options := []component.Option{{Value: "", Label: "anybody"}}
	add := func(value, label string) {
		if !slices.ContainsFunc(options, func(o component.Option) bool { return o.Value == value }) {
			options = append(options, component.Option{Value: value, Label: label})
		}
	}
	for _, m := range members {
		name := m.Email
		if m.Name != "" {
			name = m.Name + " · " + m.Email
		}
		add(actorValue(webhook.Actor{Type: webhook.ActorUser, ID: m.UserID.UUID}), name)
	}
	for _, k := range keys {
		add(actorValue(webhook.Actor{Type: webhook.ActorKey, ID: k.ID.UUID}), byWhom(webhook.Actor{Type: webhook.ActorKey, Name: k.Name}))
	}
	add(string(webhook.ActorSystem), "Bellwire itself")
	for _, entry := range seen {
		add(actorValue(entry.Actor), byWhom(entry.Actor))
	}
	return selected(options, c.Query("actor")), nil
}

func actorValue(a webhook.Actor) string {
	if a.Type == webhook.ActorSystem {
		return string(webhook.ActorSystem)
	}
	return string(a.Type) + ":" + a.ID.String()
}

// auditParts are the parts of the filter, each with the address without it.
func auditParts(c *gin.Context, m audit.ListModel, endpoint string) []component.Chip {
	var chips []component.Chip
	if c.Query("endpoint") != "" {
		chips = append(chips, component.Chip{Label: endpoint, URL: without(c, "endpoint")})
	}
	chosen := func(name string, options []component.Option) {
		for _, o := range options {
			if o.Selected && o.Value != "" {
				chips = append(chips, component.Chip{Label: o.Label, URL: without(c, name)})
			}
		}
	}
	chosen("action", m.Actions)
	chosen("actor", m.Actors)
	return append(chips, spanParts(c)...)
}

// auditExport is the most acts in one file.
const auditExport = 10_000

// exportAudit streams the list as CSV, a page of the log at a time.
func (w *Web) exportAudit(c *gin.Context) error {
	f, wrong := w.auditFilter(c)
	if err := w.caller(c).May(account.ViewAudit, f.ProjectID); err != nil {
		return err
	}
	for name, text := range wrong {
		return webhook.Invalid(name, "%s %s", name, text)
	}
	f.Limit, f.Cursor = manage.MaxLimit, ""
	page, err := w.Manage.Audit(c.Request.Context(), w.caller(c), f)
	if err != nil {
		return err
	}
	file := newAuditFile(c)
	for left := auditExport; ; {
		if err = file.add(page.Items[:min(left, len(page.Items))]); err != nil {
			break
		}
		left -= len(page.Items)
		if f.Cursor = page.Next; f.Cursor == "" || left <= 0 {
			return nil
		}
		if page, err = w.Manage.Audit(c.Request.Context(), w.caller(c), f); err != nil {
			break
		}
	}
	// Half the file is out: only a broken connection tells that it is not whole.
	w.Log.ErrorContext(c.Request.Context(), "an export of the audit log broke off", "error", err)
	panic(http.ErrAbortHandler)
}
