package web

import (
	"net/url"
	"strings"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/audit"
	"github.com/bellwire/bellwire/views/component"
)

// auditActions are the families of acts that the page can be narrowed to.
var auditActions = []component.Option{
	{Value: "", Label: "anything"},
	{Value: "endpoint", Label: "endpoints"},
	{Value: "endpoint.secret", Label: "signing secrets"},
	{Value: "delivery", Label: "deliveries"},
	{Value: "event", Label: "events"},
	{Value: "payload", Label: "payloads looked at"},
	{Value: "prompt", Label: "prompts"},
	{Value: "key", Label: "API keys"},
	{Value: "member", Label: "members"},
	{Value: "invitation", Label: "invitations"},
	{Value: "user", Label: "sign-ins"},
	{Value: "slack", Label: "Slack"},
	{Value: "project", Label: "the project"},
}

// act tells an action: what stands before the thing's name and after it.
type act struct{ did, after string }

var acts = map[string]act{
	"endpoint.created":            {"created the endpoint", ""},
	"endpoint.updated":            {"changed the endpoint", ""},
	"endpoint.deleted":            {"deleted the endpoint", ""},
	"endpoint.paused":             {"paused", ""},
	"endpoint.resumed":            {"resumed", ""},
	"endpoint.secret.revealed":    {"revealed the signing secret of", ""},
	"endpoint.secret.rotated":     {"began to rotate the signing secret of", ""},
	"endpoint.secret.switched":    {"switched", "to its next signing secret"},
	"endpoint.secret.undone":      {"took back the last step of the secret rotation of", ""},
	"endpoint.secret.replaced":    {"replaced the signing secret of", ""},
	"endpoint.secret.compromised": {"replaced the signing secret of", "because others may know it"},
	"delivery.resent":             {"resent a delivery of", ""},
	"delivery.sent-now":           {"sent a waiting delivery of", "at once"},
	"delivery.cancelled":          {"cancelled a delivery of", ""},
	"event.published":             {"published a test event of", ""},
	"event.expunged":              {"expunged the payload of an event of", ""},
	"payload.viewed":              {"looked at the payload of", ""},
	"prompt.version_created":      {"made a version of the prompt", ""},
	"prompt.labelled":             {"moved labels of the prompt", ""},
	"prompt.tagged":               {"changed the tags of the prompt", ""},
	"prompt.version_deleted":      {"deleted a version of the prompt", ""},
	"prompt.deleted":              {"deleted the prompt", ""},
	"prompt.viewed":               {"looked at the prompt", ""},
	"key.created":                 {"created the API key", ""},
	"key.revoked":                 {"revoked the API key", ""},
	"member.added":                {"added the member", ""},
	"member.changed":              {"changed the role of", ""},
	"member.removed":              {"removed the member", ""},
	"sign-in-link.created":        {"made a sign-in link for", ""},
	"invitation.created":          {"invited", ""},
	"invitation.renewed":          {"made a new invitation link for", ""},
	"invitation.revoked":          {"revoked the invitation of", ""},
	"invitation.accepted":         {"accepted the invitation of", ""},
	"slack.connected":             {"connected Slack:", ""},
	"slack.disconnected":          {"disconnected Slack:", ""},
	"project.created":             {"created the project", ""},
	"project.updated":             {"changed the project", ""},
	"project.deleted":             {"deleted the project", ""},
	"project.suspended":           {"suspended the project", ""},
	"project.unsuspended":         {"lifted the suspension of the project", ""},
	"user.signed-in":              {"signed in as", ""},
	"user.created":                {"made an account for", ""},
}

// onOneself tells acts that their doer did to nobody else.
var onOneself = map[string]string{"user.signed-in": "signed in", "invitation.accepted": "accepted their invitation"}

// byWhom names who acted: a key's name alone would read like a person's.
func byWhom(a webhook.Actor) string {
	switch {
	case a.Name == "" && a.Type == "":
		return "somebody"
	case a.Name == "":
		return string(a.Type)
	case a.Type == webhook.ActorKey:
		return "the key “" + a.Name + "”"
	}
	return a.Name
}

// maxDetail is the longest detail that is shown as it is, in characters.
const maxDetail = 120

// detailLine is a detail on one line; its own lines are settings that changed.
func detailLine(detail string) string { return strings.ReplaceAll(detail, "\n", "; ") }

// presentDetail is a detail as one line, and what that opens to if it is cut.
func presentDetail(detail string) (line string, more []string) {
	line = detailLine(detail)
	if runes := []rune(line); len(runes) > maxDetail {
		return string(runes[:maxDetail]) + "…", strings.Split(detail, "\n")
	}
	return line, nil
}

func presentAudit(e webhook.AuditEntry, standing map[string]string, now time.Time) audit.Row {
	told, known := acts[e.Action]
	if !known {
		told.did = "did “" + strings.NewReplacer(".", " ", "-", " ").Replace(e.Action) + "” to"
		if e.ObjectName == "" {
			told.did = strings.TrimSuffix(told.did, " to")
		}
	}
	row := audit.Row{
		ID: e.ID.String(), Who: byWhom(e.Actor), Kind: actorKind(e.Actor), Did: told.did, After: told.after, Exact: e.Action,
		Addr: e.Addr, At: moment(e.At, now), Object: component.Link{Label: e.ObjectName, URL: auditObject(e, standing)},
		ActorURL: under(e.ProjectID, "audit") + "?actor=" + url.QueryEscape(actorValue(e.Actor)),
	}
	row.Detail, row.More = presentDetail(e.Detail)
	if did, own := onOneself[e.Action]; own && (e.ObjectName == e.Actor.Name || e.Object == e.Actor.ID.String()) {
		row.Did, row.Object = did, component.Link{}
	}
	if e.Action == "payload.viewed" {
		row.Object.Label = auditThing(e)
	}
	return row
}

// pathHistory is the audit log of one endpoint.
func pathHistory(e webhook.Endpoint) string {
	return under(e.ProjectID, "audit") + "?endpoint=" + e.ID.String()
}

// auditThing names one of many things that share a topic.
func auditThing(e webhook.AuditEntry) string {
	return e.ObjectName + " · " + component.Short(e.Object)
}

// auditObject is the page of what was acted on; empty if it has none, or none
// any more.
func auditObject(e webhook.AuditEntry, standing map[string]string) string {
	family, _, _ := strings.Cut(e.Action, ".")
	switch {
	case family == "key":
		return under(e.ProjectID, "keys")
	case family == "member" || family == "sign-in-link" || family == "invitation":
		return under(e.ProjectID, "members")
	case e.Object == "":
		return ""
	case family == "endpoint" && standing[e.Object] != "":
		return under(e.ProjectID, "endpoints", e.Object)
	case family == "delivery":
		return under(e.ProjectID, "deliveries", e.Object)
	case family == "event":
		return under(e.ProjectID, "events", e.Object)
	case family == "payload":
		return under(e.ProjectID, "search") + "?q=" + url.QueryEscape(e.Object)
	}
	return ""
}
