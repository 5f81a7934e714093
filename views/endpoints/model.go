// Package endpoints shows destinations: the list, one endpoint with its tabs,
// and the form. It must not know how a signature is made or a topic matched.
package endpoints

// SettingRow is one setting; several values are shown as a list.
type SettingRow struct {
	Label  string
	Values []string
	Mono   bool
	Note   string
}
