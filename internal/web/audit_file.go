package web

import (
	"encoding/csv"
	"net/http"
	"regexp"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/webhook"
)

// auditFile is the audit log as CSV on its way to a browser.
type auditFile struct {
	out *csv.Writer
	c   *gin.Context
}

func newAuditFile(c *gin.Context) *auditFile {
	c.Header("Content-Type", "text/csv; charset=utf-8")
	c.Header("Content-Disposition", `attachment; filename="audit.csv"`)
	c.Header("Cache-Control", "no-store")
	c.Status(http.StatusOK)
	f := &auditFile{out: csv.NewWriter(c.Writer), c: c}
	_ = f.out.Write([]string{"time", "actor_type", "actor", "actor_id", "action", "object", "object_name", "detail", "address"}) // Flush tells
	return f
}

// add writes entries and sends them off.
func (f *auditFile) add(entries []webhook.AuditEntry) error {
	for _, e := range entries {
		id := ""
		if !e.Actor.ID.IsZero() {
			id = e.Actor.ID.String()
		}
		row := []string{
			e.At.UTC().Format(time.RFC3339Nano), string(e.Actor.Type), e.Actor.Name, id, e.Action, e.Object, e.ObjectName, detailLine(e.Detail), e.Addr,
		}
		for i := range row {
			row[i] = harmless(row[i])
		}
		if err := f.out.Write(row); err != nil {
			return err
		}
	}
	f.out.Flush()
	f.c.Writer.Flush()
	return f.out.Error()
}

// Where a spreadsheet could begin to take text for a formula: at the start of a
// cell, and after what it may take for the end of one, such as the semicolon
// where commas stand in numbers. Some read the wide forms, too.
var (
	formula      = regexp.MustCompile(`^([\s"']*[=+\-@＝＋－＠])`)
	formulaLater = regexp.MustCompile(`([;\t\r\n])([\s"']*[=+\-@＝＋－＠])`)
)

// harmless puts an apostrophe before formulas: names and details are other
// people's text.
func harmless(cell string) string {
	return formula.ReplaceAllString(formulaLater.ReplaceAllString(cell, "$1'$2"), "'$1")
}
