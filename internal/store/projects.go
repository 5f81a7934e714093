package store

import (
	"context"
	"errors"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
)

type projectRow struct {
	ID          uid `gorm:"primaryKey"`
	Name        string
	ExternalID  string
	CreatedAt   int64 `gorm:"autoCreateTime:false"`
	SuspendedAt int64
	Catalogue   int64
	DeletedAt   int64
}

func (projectRow) TableName() string { return "projects" }

func (r projectRow) project() webhook.Project {
	return webhook.Project{
		ID: webhook.ProjectID{UUID: webhook.UUID(r.ID)}, Name: r.Name, ExternalID: r.ExternalID,
		CreatedAt: at(r.CreatedAt), SuspendedAt: at(r.SuspendedAt), Catalogue: r.Catalogue,
	}
}

const projectColumns = "p.id, p.name, p.external_id, p.created_at, p.suspended_at, p.catalogue, p.deleted_at"

// Projects lists projects by name.
func (s *Store) Projects(ctx context.Context, filter webhook.ProjectFilter) (webhook.Page[webhook.Project], error) {
	var none webhook.Page[webhook.Project]
	name, id, err := readNameCursor(filter.Cursor)
	if err != nil {
		return none, err
	}
	var where conditions
	where.and("p.deleted_at = 0")
	if !filter.Member.IsZero() {
		where.and("p.id IN (SELECT m.project_id FROM members m WHERE m.user_id = ?)", uid(filter.Member.UUID))
	}
	if filter.Query != "" {
		part := containing(filter.Query)
		where.and(`(lower(p.name) LIKE ? ESCAPE '\' OR lower(p.external_id) LIKE ? ESCAPE '\')`, part, part)
	}
	if filter.Cursor != "" {
		where.and("(lower(p.name), p.id) > (?, ?)", name, scope(id))
	}
	type listed struct {
		Row      projectRow `gorm:"embedded"`
		SortName string
	}
	var rows []listed
	limit := limitOf(filter.Limit)
	err = s.db(ctx).Raw("SELECT "+projectColumns+", lower(p.name) AS sort_name FROM projects p"+where.sql()+
		" ORDER BY lower(p.name), p.id LIMIT ?", where.with(limit+1)...).Scan(&rows).Error
	if err != nil {
		return none, wrap("list projects", err)
	}
	return paged(rows, limit,
		plain(func(r listed) webhook.Project { return r.Row.project() }),
		func(r listed) string { return nameCursor(r.SortName, r.Row.ID) })
}

// Project reads one project.
func (s *Store) Project(ctx context.Context, id webhook.ProjectID) (webhook.Project, error) {
	row, err := one[projectRow](s.db(ctx), "project",
		"SELECT "+projectColumns+" FROM projects p WHERE p.id = ? AND p.deleted_at = 0", uid(id.UUID))
	return row.project(), wrap("read a project", err)
}

// ProjectByExternalID finds a project by the platform's own name for it.
func (s *Store) ProjectByExternalID(ctx context.Context, externalID string) (webhook.Project, error) {
	row, err := one[projectRow](s.db(ctx), "project",
		"SELECT "+projectColumns+" FROM projects p WHERE p.external_id = ? AND p.external_id <> '' AND p.deleted_at = 0", clean(externalID))
	return row.project(), wrap("read a project", err)
}

// CreateProject stores a project; a Conflict if its external id is taken.
func (s *Store) CreateProject(ctx context.Context, project webhook.Project, entry webhook.AuditEntry) error {
	return s.tx(ctx, "create a project", func(tx *gorm.DB) error {
		row := projectRow{
			ID: uid(project.ID.UUID), Name: clean(project.Name), ExternalID: clean(project.ExternalID),
			CreatedAt: ms(project.CreatedAt), SuspendedAt: ms(project.SuspendedAt), Catalogue: max(project.Catalogue, 1),
		}
		if err := taken(tx.Create(&row).Error, "another project has the external id %q", project.ExternalID); err != nil {
			return err
		}
		return addAudit(tx, entry)
	})
}

// UpdateProject writes name and external id; a Conflict if the latter is taken.
func (s *Store) UpdateProject(ctx context.Context, project webhook.Project, entry webhook.AuditEntry) error {
	return s.tx(ctx, "update a project", func(tx *gorm.DB) error {
		result := tx.Model(&projectRow{}).Where("id = ? AND deleted_at = 0", uid(project.ID.UUID)).
			Updates(map[string]any{"name": clean(project.Name), "external_id": clean(project.ExternalID)})
		if err := taken(result.Error, "another project has the external id %q", project.ExternalID); err != nil {
			return err
		}
		if err := changed(result, "project"); err != nil {
			return err
		}
		return addAudit(tx, entry)
	})
}

// SuspendProject holds every delivery of the project; a zero time lets them go.
func (s *Store) SuspendProject(ctx context.Context, id webhook.ProjectID, since time.Time, entry webhook.AuditEntry) error {
	return s.tx(ctx, "suspend a project", func(tx *gorm.DB) error {
		if err := lockProject(tx, id); err != nil {
			return err
		}
		if err := tx.Exec("UPDATE projects SET suspended_at = ? WHERE id = ?", ms(since), uid(id.UUID)).Error; err != nil {
			return err
		}
		if err := syncProjectQueue(tx, id); err != nil {
			return err
		}
		return addAudit(tx, entry)
	})
}

// DeleteProject makes the project gone for everybody at once: its people, keys,
// links and secrets go now, Housekeep removes the rest in small batches. Its
// audit entries stay.
func (s *Store) DeleteProject(ctx context.Context, id webhook.ProjectID, entry webhook.AuditEntry) error {
	return s.tx(ctx, "delete a project", func(tx *gorm.DB) error {
		if err := lockProject(tx, id); err != nil {
			return err
		}
		for _, sql := range []string{
			"UPDATE projects SET deleted_at = @at WHERE id = @id",
			"UPDATE endpoints SET deleted_at = @at WHERE project_id = @id AND deleted_at = 0",
			"UPDATE secrets SET sealed = NULL WHERE endpoint_id IN (SELECT id FROM endpoints WHERE project_id = @id)",
			"DELETE FROM members WHERE project_id = @id",
			"DELETE FROM keys WHERE project_id = @id",
			"DELETE FROM links WHERE project_id = @id",
		} {
			if err := tx.Exec(sql, map[string]any{"at": ms(entry.At), "id": uid(id.UUID)}).Error; err != nil {
				return err
			}
		}
		if err := syncProjectQueue(tx, id); err != nil {
			return err
		}
		return addAudit(tx, entry)
	})
}

// lockProject moves the catalogue of a project that stands on, and holds the
// project until the transaction ends.
func lockProject(tx *gorm.DB, id webhook.ProjectID) error {
	if err := bumpCatalogue(tx, id); err != nil {
		return err
	}
	_, err := one[projectRow](tx, "project", "SELECT "+projectColumns+" FROM projects p WHERE p.id = ? AND p.deleted_at = 0", uid(id.UUID))
	return err
}

// taken turns a broken uniqueness into a Conflict in words.
func taken(err error, format string, args ...any) error {
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return webhook.Conflict(format, args...)
	}
	return err
}
