package store

import (
	"context"

	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
)

const auditColumns = "id, at, project_id, actor_type, actor_id, actor_name, action, object, object_name, detail, addr"

// AddAudit records an act that changes nothing else.
func (s *Store) AddAudit(ctx context.Context, entry webhook.AuditEntry) error {
	return s.tx(ctx, "write the audit log", func(tx *gorm.DB) error { return addAudit(tx, entry) })
}

// Audit lists who did what, newest first. An action also finds those below it:
// "endpoint" finds "endpoint.created".
func (s *Store) Audit(ctx context.Context, filter webhook.AuditFilter) (webhook.Page[webhook.AuditEntry], error) {
	var none webhook.Page[webhook.AuditEntry]
	w, err := newWindow(filter.Since, filter.Until, filter.Cursor)
	if err != nil {
		return none, err
	}
	source := conditions{texts: []string{"TRUE"}}
	if !filter.ProjectID.IsZero() {
		source.and("project_id = ?", uid(filter.ProjectID.UUID))
	}
	where := source
	if filter.Action != "" || filter.Object != "" || filter.ActorType != "" || !filter.ActorID.IsZero() {
		if err := w.bound(s.db(ctx), scanned, "id", "audit"+source.sql(), source.args...); err != nil {
			return none, wrap("list the audit log", err)
		}
	}
	if filter.Action != "" {
		action := clean(filter.Action)
		where.and("(action = ? OR substr(action, 1, ?) = ?)", action, len([]rune(action))+1, action+".")
	}
	if filter.Object != "" {
		where.and("object = ?", clean(filter.Object))
	}
	if filter.ActorType != "" {
		where.and("actor_type = ?", clean(string(filter.ActorType)))
	}
	if !filter.ActorID.IsZero() {
		where.and("actor_id = ?", uid(filter.ActorID))
	}
	where.and("id >= ? AND id < ?", w.from, w.to)
	var rows []auditRow
	limit := limitOf(filter.Limit)
	err = s.db(ctx).Raw("SELECT "+auditColumns+" FROM audit"+where.sql()+" ORDER BY id DESC LIMIT ?", where.with(limit+1)...).Scan(&rows).Error
	if err != nil {
		return none, wrap("list the audit log", err)
	}
	p, err := paged(rows, limit, plain(auditRow.entry), func(r auditRow) string { return idCursor(r.ID) })
	return reached(p, w), err
}
