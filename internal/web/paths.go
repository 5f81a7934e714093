package web

import (
	"net/url"

	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
)

// Every address of the dashboard is made here, so that handlers, presenters
// and redirects can't disagree.
const (
	pathSignIn   = "/sign-in"
	pathSignOut  = "/sign-out"
	pathStepUp   = "/step-up"
	pathSetup    = manage.SetupPath
	pathLink     = manage.LinkPath
	pathProjects = "/projects"
	pathProfile  = "/profile"
	pathCode     = "/sign-in/code"
	pathProvider = "/sign-in/oidc"
	pathReturned = manage.ReturnPath
	pathProve    = pathStepUp + "/oidc"
	pathInvited  = manage.InvitationPath
	pathFactor   = pathProfile + "/second-factor"
	pathTheme    = "/theme"
	pathIcon     = "/favicon.ico"
	pathSystem   = "/admin/system"
)

// under is an address inside a project: under(id, "endpoints", "new").
func under(id webhook.ProjectID, parts ...string) string {
	path := "/p/" + id.String()
	for _, part := range parts {
		path += "/" + url.PathEscape(part)
	}
	return path
}

func pathEndpoint(e webhook.Endpoint, more ...string) string {
	return under(e.ProjectID, append([]string{"endpoints", e.ID.String()}, more...)...)
}

func pathDelivery(d webhook.Delivery, more ...string) string {
	return under(d.ProjectID, append([]string{"deliveries", d.ID.String()}, more...)...)
}

func pathEvent(project webhook.ProjectID, id webhook.EventID, more ...string) string {
	return under(project, append([]string{"events", id.String()}, more...)...)
}
