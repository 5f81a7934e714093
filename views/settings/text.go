package settings

import (
	"fmt"

	"github.com/bellwire/bellwire/views/component"
)

// First reports whether there is nothing yet, and the person may make it.
func (m ProjectsModel) First() bool { return len(m.Rows) == 0 && m.CreateURL != "" && m.Query == "" }

func passwordTitle(m ProfileModel) string {
	if m.HasPassword {
		return "Password"
	}
	return "Set a password"
}

func passwordText(m ProfileModel) string {
	if m.HasPassword {
		return "A new one signs out your other browsers."
	}
	return "So that you can come back without a link."
}

func leftText(left int) string {
	switch left {
	case 0:
		return "No recovery code is left."
	case 1:
		return "1 recovery code is left."
	}
	return fmt.Sprintf("%d recovery codes are left.", left)
}

func endedTitle(n int) string {
	if n == 1 {
		return "1 key that was revoked or has expired"
	}
	return fmt.Sprintf("%d keys that were revoked or have expired", n)
}

// personName is what somebody is called: those who never said are their
// address.
func personName(r MemberRow) string {
	if r.Name == "" {
		return r.Email
	}
	return r.Name
}

func noKeys(m KeysModel) component.EmptyModel {
	empty := component.EmptyModel{Title: "No key in use", Text: "A program needs one to publish events or to read the log."}
	if m.CreateURL != "" {
		empty.Text += " Make it below."
	}
	return empty
}

func endsText(r InvitationRow) string {
	if r.Over {
		return " · the link ended "
	}
	return " · the link ends "
}
