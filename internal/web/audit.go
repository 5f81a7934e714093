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
// type and an id: "user:019b…".
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
		page, err = w.Manage.Audit(c.Request.Context(), w.caller(c), f)
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
	if kept := c.Query("range"); kept != "" {
		m.Kept = []component.Option{{Label: "range", Value: kept}}
	}
	if filtered(c) {
		m.ClearURL = action
	}
	if f.Action != "" && !slices.ContainsFunc(m.Actions, func(o component.Option) bool { return o.Selected }) {
		m.Actions = append(m.Actions, component.Option{Value: f.Action, Label: f.Action, Selected: true})
	}
	if m.Actors, err = w.auditActors(c, page.Items); err != nil {
		return m, err
	}
	m.Sentence = auditSentence(c, m)
	standing, err := w.standing(c, page.Items)
	for _, entry := range page.Items {
		m.Rows = append(m.Rows, presentAudit(entry, standing, w.Now()))
	}
	return m, err
}

// standing are the endpoints of entries that a link still leads to.
func (w *Web) standing(c *gin.Context, entries []webhook.AuditEntry) (map[string]bool, error) {
	f := manage.EndpointFilter{ProjectID: w.project(c).ID, Limit: manage.MaxLimit}
	for _, e := range entries {
		if id, err := webhook.ParseUUID(e.Object); err == nil {
			f.IDs = append(f.IDs, webhook.EndpointID{UUID: id})
		}
	}
	if len(f.IDs) == 0 {
		return nil, nil
	}
	page, err := w.Manage.Endpoints(c.Request.Context(), w.caller(c), f)
	ids := make(map[string]bool, len(page.Items))
	for _, e := range page.Items {
		ids[e.ID.String()] = true
	}
	return ids, err
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
		add(actorValue(webhook.Actor{Type: webhook.ActorKey, ID: k.ID.UUID}), "key "+k.Name)
	}
	add(string(webhook.ActorSystem), "Bellwire itself")
	for _, entry := range seen {
		add(actorValue(entry.Actor), entry.Actor.Name)
	}
	return selected(options, c.Query("actor")), nil
}

func actorValue(a webhook.Actor) string {
	if a.Type == webhook.ActorSystem {
		return string(webhook.ActorSystem)
	}
	return string(a.Type) + ":" + a.ID.String()
}

// auditSentence reads the filter out.
func auditSentence(c *gin.Context, m audit.ListModel) string {
	var parts []string
	for _, options := range [][]component.Option{m.Actions, m.Actors} {
		for _, o := range options {
			if o.Selected && o.Value != "" {
				parts = append(parts, o.Label)
			}
		}
	}
	parts = append(parts, spanWords(c)...)
	if len(parts) == 0 {
		return "who did what in this project, newest first; kept for good"
	}
	return strings.Join(parts, " · ")
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
