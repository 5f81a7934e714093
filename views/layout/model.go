// Package layout holds the shells that pages stand in: App for signed-in
// people, Auth for the doors. It knows navigation, flashes and the theme and
// must not know what any page shows.
package layout

import "github.com/bellwire/bellwire/views/component"

// AppModel is everything around a page.
type AppModel struct {
	// Title is the page's own; the product's name is added.
	Title string
	// Crumbs lead from the project to this page; the last has no URL.
	Crumbs []component.Link
	// Project is the current one; its Label is empty outside any project.
	Project component.Link
	// Projects are those the person can switch to, at most a handful;
	// AllProjectsURL lists the rest.
	Projects       []component.Chip
	AllProjectsURL string
	Rail           []RailGroup
	User           User
	// SearchURL takes "q" by GET; empty hides the box. Query refills it.
	SearchURL string
	Query     string
	// Environment is a word such as "demo" or "dev", empty for production;
	// EnvironmentNote says what it means.
	Environment     string
	EnvironmentNote string
	Flashes         []component.Flash
	// Trouble puts a dot on the favicon: something fails.
	Trouble bool
	// Theme is "light", "dark" or empty for the system's; read from the
	// cookie "theme". ThemeURL takes "theme" and "back" by POST.
	Theme    string
	ThemeURL string
	// Path is this page, for "back".
	Path string
	// Wide lets logs use the full width.
	Wide bool
	// Keys are the addresses of the keyboard's "g" jumps.
	Keys Keys
}

// Keys are where "g o", "g e", "g d", "g v" and "g t" lead; empty for nowhere.
type Keys struct {
	Overview   string
	Endpoints  string
	Deliveries string
	Events     string
	Topics     string
}

// RailGroup is a part of the left rail; the first has no title.
type RailGroup struct {
	Title string
	Items []RailItem
}

// RailItem is one place in the rail.
type RailItem struct {
	Label   string
	Icon    component.Icon
	URL     string
	Current bool
	// Count is a number that wants attention, such as failing endpoints.
	Count string
	Tone  component.Tone
}

// User is who is signed in.
type User struct {
	Name       string
	Email      string
	Role       string
	ProfileURL string
	// SignOutURL takes POST.
	SignOutURL string
}

// AuthModel is everything around a door: sign-in, set-up, step-up.
type AuthModel struct {
	Title   string
	Theme   string
	Flashes []component.Flash
	// Notice is a warning about the installation, such as plain http.
	Notice string
}
