package web

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
)

// resendDeliveries sends the rows that were picked in a list again and leads
// back to it.
func (w *Web) resendDeliveries(c *gin.Context) error {
	project := w.project(c).ID
	back := localPath(c.PostForm("back"))
	if back == "/" {
		back = under(project, "deliveries")
	}
	var ids []webhook.DeliveryID
	for _, text := range c.PostFormArray("id") {
		id, err := webhook.ParseUUID(text)
		if err != nil {
			return webhook.Invalid("id", "is not the id of a delivery")
		}
		ids = append(ids, webhook.DeliveryID{UUID: id})
	}
	if len(ids) == 0 {
		if err := w.caller(c).May(account.SendAgain, project); err != nil {
			return err
		}
		w.flash(c, component.Flash{Tone: component.Quiet, Text: "Nothing was picked. Tick the deliveries to resend first."})
		return w.redirect(c, back)
	}
	resent, err := w.Manage.ResendMany(c.Request.Context(), w.caller(c), project, ids)
	if err != nil {
		return err
	}
	w.flash(c, resentFlash(resent))
	return w.redirect(c, back)
}

// resentFlash sums up: "12 resent; 2 could not: the endpoint is deleted."
func resentFlash(resent []manage.Resent) component.Flash {
	reasons := map[string]int{}
	var last manage.Resent
	done := 0
	for _, r := range resent {
		if r.Refused != nil {
			reasons[r.Refused.Error()]++
			continue
		}
		done, last = done+1, r
	}
	failed := len(resent) - done
	f := component.Flash{Tone: component.Good, Text: fmt.Sprintf("%d resent", done)}
	if failed > 0 {
		f.Tone = component.Retry
		f.Text += fmt.Sprintf("; %d could not: %s", failed, reasonWords(reasons))
	}
	f.Text += "."
	switch done {
	case 0:
		f.Tone, f.Text = component.Bad, "Nothing was resent: "+reasonWords(reasons)+"."
	case 1:
		f.Link = component.Link{Label: "Watch it go", URL: pathDelivery(last.Delivery.Delivery)}
	}
	return f
}

// reasonWords names the reasons, with numbers if there are several.
func reasonWords(reasons map[string]int) string {
	var parts []string
	for _, reason := range slices.Sorted(maps.Keys(reasons)) {
		if len(reasons) == 1 {
			return reason
		}
		parts = append(parts, fmt.Sprintf("%s (%d)", reason, reasons[reason]))
	}
	return strings.Join(parts, ", ")
}
