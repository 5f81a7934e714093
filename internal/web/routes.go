package web

import (
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"
)

// Route is one line of the dashboard's table: who may come is beside the path.
type Route struct {
	Method  string
	Path    string
	Who     string
	Handler gin.HandlerFunc
}

// line is a Route before its handler is wrapped.
type line struct {
	method string
	path   string
	who    who
	handle handler
}

const (
	get  = http.MethodGet
	post = http.MethodPost
)

// Routes are all of the dashboard's addresses.
func (w *Web) Routes() []Route {
	var routes []Route
	for _, l := range slices.Concat(w.doors(), w.ownPages(), w.profilePages(), w.factorPages(), w.projectPages(), w.startPages(), w.peoplePages(), w.endpointPages(), w.logPages(), w.eventPages(), w.topicPages(), w.productPages(), w.promptPages(), w.slackPages(), w.auditPages(), w.adminPages()) {
		routes = append(routes, Route{l.method, l.path, string(l.who), w.handle(l.who, l.handle)})
	}
	return routes
}

// doors are where people come in and go out.
func (w *Web) doors() []line {
	return []line{
		{get, pathSignIn, anyone, w.showSignIn},
		{post, pathSignIn, anyone, w.doSignIn},
		{get, pathCode, anyone, w.showCode},
		{post, pathCode, anyone, w.doCode},
		{get, pathProvider, anyone, w.toProvider},
		{get, pathReturned, anyone, w.fromProvider},
		{get, pathProve, signedIn, w.toProveAgain},
		{post, pathSignOut, enrolling, w.doSignOut},
		{get, pathSetup, anyone, w.showSetup},
		{post, pathSetup, anyone, w.doSetup},
		{get, pathLink, anyone, w.showLink},
		{post, pathLink, anyone, w.useLink},
		{get, pathInvited, anyone, w.showInvitation},
		{post, pathInvited, anyone, w.acceptInvitation},
		{post, pathStepUp, enrolling, w.doStepUp},
		{post, pathTheme, anyone, w.setTheme},
		{get, pathIcon, anyone, w.showIcon},
	}
}
