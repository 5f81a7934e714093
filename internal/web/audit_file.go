package web

import (
	"encoding/csv"
	"net/http"
	"strings"
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
			e.At.UTC().Format(time.RFC3339Nano), string(e.Actor.Type), e.Actor.Name, id, e.Action, e.Object, e.ObjectName, e.Detail, e.Addr,
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

// harmless keeps a spreadsheet from taking a cell for a formula: names and
// details are other people's text.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
