package store

import (
	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
)

// never is the due time of an endpoint with nothing waiting.
const never = int64(1<<63 - 1)

// syncQueue copies what the queue must know from endpoints and their projects
// to endpoint_queue, making missing rows. Call it in the transaction that made,
// paused, resumed or deleted an endpoint, after the change.
func syncQueue(tx *gorm.DB, endpoints ...webhook.EndpointID) error {
	return tx.Exec(syncQueueSQL+" e.id IN ? "+syncQueueConflict, uids(endpoints)).Error
}

// syncProjectQueue is syncQueue for all endpoints of a project: call it in the
// transaction that suspended the project or let it go again.
func syncProjectQueue(tx *gorm.DB, project webhook.ProjectID) error {
	return tx.Exec(syncQueueSQL+" e.project_id = ? "+syncQueueConflict, uid(project.UUID)).Error
}

const syncQueueSQL = `INSERT INTO endpoint_queue (endpoint_id, project_id, paused, not_before)
 SELECT e.id, e.project_id, (e.state = 'paused' OR e.deleted_at <> 0 OR p.suspended_at <> 0 OR p.deleted_at <> 0), e.not_before
 FROM endpoints e JOIN projects p ON p.id = e.project_id WHERE`

const syncQueueConflict = `ORDER BY e.id
 ON CONFLICT (endpoint_id) DO UPDATE SET paused = excluded.paused, not_before = excluded.not_before`

// easeRate lets an endpoint that was slowed down wait no longer than its own
// rate asks for, 0 for none; now is the database's clock.
func easeRate(tx *gorm.DB, endpoint webhook.EndpointID, rate float64, now int64) error {
	latest := now * 1000
	if rate > 0 {
		latest += int64(1e6 / rate)
	}
	return tx.Exec("UPDATE endpoint_queue SET rate_tat = ? WHERE endpoint_id = ? AND rate_tat > ?", latest, uid(endpoint.UUID), latest).Error
}

// bumpCatalogue tells every node that its copy of the project's endpoints is
// old. Call it in the transaction of any change to an endpoint or to the
// project's suspension, first of all: it locks the project.
func bumpCatalogue(tx *gorm.DB, project webhook.ProjectID) error {
	return tx.Exec("UPDATE projects SET catalogue = catalogue + 1 WHERE id = ?", uid(project.UUID)).Error
}

// addAudit writes an audit entry.
func addAudit(tx *gorm.DB, entry webhook.AuditEntry) error {
	row := newAuditRow(entry)
	return tx.Create(&row).Error
}
