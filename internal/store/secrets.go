package store

import (
	"context"

	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
)

// Secrets lists the sealed secrets of an endpoint, oldest first, wiped ones
// included.
func (s *Store) Secrets(ctx context.Context, project webhook.ProjectID, endpoint webhook.EndpointID) ([]webhook.Secret, error) {
	secrets, err := secretsOf(s.db(ctx), project, endpoint)
	return secrets, wrap("read secrets", err)
}

// RevealSecrets is Secrets with the audit entry of somebody looking.
func (s *Store) RevealSecrets(ctx context.Context, project webhook.ProjectID, endpoint webhook.EndpointID, entry webhook.AuditEntry) ([]webhook.Secret, error) {
	var secrets []webhook.Secret
	err := s.tx(ctx, "reveal secrets", func(tx *gorm.DB) (err error) {
		if secrets, err = secretsOf(tx, project, endpoint); err != nil {
			return err
		}
		return addAudit(tx, entry)
	})
	if err != nil {
		return nil, err
	}
	return secrets, nil
}

func secretsOf(db *gorm.DB, project webhook.ProjectID, endpoint webhook.EndpointID) ([]webhook.Secret, error) {
	var rows []secretRow
	// An endpoint without secrets answers one row of NULLs, a missing one none.
	err := db.Raw(`SELECT s.id, e.id AS endpoint_id, s.sealed, coalesce(s.created_at, 0) AS created_at, coalesce(s.active_from, 0) AS active_from,
 coalesce(s.expires_at, 0) AS expires_at, coalesce(s.grace_ms, 0) AS grace_ms
 FROM endpoints e JOIN projects p ON p.id = e.project_id AND p.deleted_at = 0 LEFT JOIN secrets s ON s.endpoint_id = e.id
 WHERE e.id = ? AND e.project_id = ? ORDER BY s.id`, uid(endpoint.UUID), uid(project.UUID)).Scan(&rows).Error
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, webhook.NotFound("there is no such endpoint")
	}
	secrets := make([]webhook.Secret, 0, len(rows))
	for _, r := range rows {
		if r.ID != (uid{}) {
			secrets = append(secrets, r.secret())
		}
	}
	return secrets, nil
}

// ChangeSecrets brings the endpoint's secrets from before to after, row by id;
// a Conflict if others stand there by now.
func (s *Store) ChangeSecrets(ctx context.Context, project webhook.ProjectID, endpoint webhook.EndpointID, before, after []webhook.Secret, entry webhook.AuditEntry) error {
	return s.tx(ctx, "change secrets", func(tx *gorm.DB) error {
		// Two changes at once meet at the endpoint's row.
		if _, err := s.lockStanding(tx, project, endpoint); err != nil {
			return err
		}
		stored, err := secretsOf(tx, project, endpoint)
		if err != nil {
			return err
		}
		if !sameSecrets(stored, before) {
			return webhook.Conflict("the endpoint's secrets were changed by somebody else meanwhile; look again")
		}
		if err := writeSecrets(tx, endpoint, byID(before), after); err != nil {
			return err
		}
		return addAudit(tx, entry)
	})
}

// writeSecrets inserts, updates and deletes what differs.
func writeSecrets(tx *gorm.DB, endpoint webhook.EndpointID, before map[webhook.SecretID]webhook.Secret, after []webhook.Secret) error {
	for _, secret := range after {
		secret.EndpointID = endpoint
		row := newSecretRow(secret)
		_, there := before[secret.ID]
		delete(before, secret.ID)
		if !there {
			if err := tx.Create(&row).Error; err != nil {
				return err
			}
			continue
		}
		err := tx.Exec("UPDATE secrets SET sealed = ?, active_from = ?, expires_at = ?, grace_ms = ? WHERE id = ? AND endpoint_id = ?",
			row.Sealed, row.ActiveFrom, row.ExpiresAt, row.GraceMS, row.ID, row.EndpointID).Error
		if err != nil {
			return err
		}
	}
	for id := range before {
		if err := tx.Exec("DELETE FROM secrets WHERE id = ? AND endpoint_id = ?", uid(id.UUID), uid(endpoint.UUID)).Error; err != nil {
			return err
		}
	}
	return nil
}

func byID(secrets []webhook.Secret) map[webhook.SecretID]webhook.Secret {
	m := make(map[webhook.SecretID]webhook.Secret, len(secrets))
	for _, s := range secrets {
		m[s.ID] = s
	}
	return m
}

// sameSecrets compares ids and times.
func sameSecrets(a, b []webhook.Secret) bool {
	other := byID(b)
	if len(a) != len(b) || len(other) != len(b) {
		return false
	}
	for _, s := range a {
		o, there := other[s.ID]
		if !there || !s.ActiveFrom.Equal(o.ActiveFrom) || !s.ExpiresAt.Equal(o.ExpiresAt) || s.Grace != o.Grace {
			return false
		}
	}
	return true
}
