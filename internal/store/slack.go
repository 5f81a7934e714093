package store

import (
	"context"
	"strings"

	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

type slackRow struct {
	ProjectID   uid `gorm:"primaryKey"`
	TeamID      string
	TeamName    string
	Scopes      string // joined by spaces
	Sealed      []byte
	ConnectedBy string
	ConnectedAt int64
}

func (slackRow) TableName() string { return "slack_installs" }

func newSlackRow(i webhook.SlackInstall) slackRow {
	return slackRow{
		ProjectID: uid(i.ProjectID.UUID), TeamID: clean(i.TeamID), TeamName: clean(i.TeamName), Scopes: clean(strings.Join(i.Scopes, " ")),
		Sealed: i.Sealed, ConnectedBy: clean(i.ConnectedBy), ConnectedAt: ms(i.ConnectedAt),
	}
}

func (r slackRow) install() webhook.SlackInstall {
	return webhook.SlackInstall{
		ProjectID: webhook.ProjectID{UUID: webhook.UUID(r.ProjectID)}, TeamID: r.TeamID, TeamName: r.TeamName, Scopes: strings.Fields(r.Scopes),
		Sealed: r.Sealed, ConnectedBy: r.ConnectedBy, ConnectedAt: at(r.ConnectedAt),
	}
}

// SlackInstall is a project's connection, its token unopened.
func (s *Store) SlackInstall(ctx context.Context, project webhook.ProjectID) (webhook.SlackInstall, error) {
	row, err := one[slackRow](s.db(ctx), "connection to Slack", "SELECT * FROM slack_installs WHERE project_id = ?", uid(project.UUID))
	return row.install(), wrap("read the connection to Slack", err)
}

// slackInstalls are those of projects, by project.
func (s *Store) slackInstalls(ctx context.Context, projects []uid) (map[uid]*webhook.SlackInstall, error) {
	if len(projects) == 0 {
		return nil, nil
	}
	var rows []slackRow
	if err := s.db(ctx).Raw("SELECT * FROM slack_installs WHERE project_id IN ?", projects).Scan(&rows).Error; err != nil {
		return nil, wrap("read connections to Slack", err)
	}
	installs := make(map[uid]*webhook.SlackInstall, len(rows))
	for _, r := range rows {
		install := r.install()
		installs[r.ProjectID] = &install
	}
	return installs, nil
}

// SlackUse counts a project's endpoints of kind slack.
func (s *Store) SlackUse(ctx context.Context, project webhook.ProjectID) (webhook.SlackUse, error) {
	return slackUse(s.db(ctx), project)
}

func slackUse(db *gorm.DB, project webhook.ProjectID) (use webhook.SlackUse, err error) {
	err = db.Raw("SELECT count(*) AS endpoints, count(CASE WHEN paused_because = ? THEN 1 END) AS held FROM endpoints WHERE project_id = ? AND kind = ? AND deleted_at = 0",
		string(webhook.PausedBySlack), uid(project.UUID), string(webhook.KindSlack)).Scan(&use).Error
	return use, wrap("count Slack endpoints", err)
}

// ConnectSlack stores a project's connection and lets endpoints go that waited
// for it. A Conflict if its endpoints post to another workspace.
func (s *Store) ConnectSlack(ctx context.Context, install webhook.SlackInstall, entry webhook.AuditEntry) error {
	return s.tx(ctx, "connect Slack", func(tx *gorm.DB) error {
		now, err := s.clock(tx)
		if err != nil {
			return err
		}
		if err := lockProject(tx, install.ProjectID); err != nil {
			return err
		}
		if err := sameTeam(tx, install); err != nil {
			return err
		}
		row := newSlackRow(install)
		if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
			return err
		}
		if err := s.eachSlack(tx, install.ProjectID, "e.paused_because = 'slack'", func(e endpointRow) error { return letGo(tx, e, 0, now) }); err != nil {
			return err
		}
		return addAudit(tx, entry)
	})
}

func sameTeam(tx *gorm.DB, install webhook.SlackInstall) error {
	before, err := one[slackRow](tx, "connection to Slack", "SELECT * FROM slack_installs WHERE project_id = ?", uid(install.ProjectID.UUID))
	if webhook.KindOf(err) == webhook.KindNotFound || err == nil && before.TeamID == install.TeamID {
		return nil
	}
	if err != nil {
		return err
	}
	use, err := slackUse(tx, install.ProjectID)
	if err == nil && use.Endpoints > 0 {
		return webhook.Conflict("this project's Slack endpoints post to channels of %s; connect that workspace, or disconnect Slack before you choose another one", before.TeamName)
	}
	return err
}

// DisconnectSlack forgets a project's connection and holds what would post
// through it. Who connects another workspace next finds the endpoints held
// until their channels are chosen anew.
func (s *Store) DisconnectSlack(ctx context.Context, project webhook.ProjectID, entry webhook.AuditEntry) error {
	return s.tx(ctx, "disconnect Slack", func(tx *gorm.DB) error {
		now, err := s.clock(tx)
		if err != nil {
			return err
		}
		if err := lockProject(tx, project); err != nil {
			return err
		}
		if err := changed(tx.Exec("DELETE FROM slack_installs WHERE project_id = ?", uid(project.UUID)), "connection to Slack"); err != nil {
			return err
		}
		err = s.eachSlack(tx, project, "e.state = 'active'", func(e endpointRow) error {
			return hold(tx, project, webhook.EndpointID{UUID: webhook.UUID(e.ID)}, webhook.PausedBySlack, now)
		})
		if err != nil {
			return err
		}
		return addAudit(tx, entry)
	})
}

func (s *Store) eachSlack(tx *gorm.DB, project webhook.ProjectID, which string, do func(endpointRow) error) error {
	var rows []endpointRow
	err := tx.Raw("SELECT "+endpointColumns+" FROM endpoints e WHERE e.project_id = ? AND e.kind = 'slack' AND e.deleted_at = 0 AND "+which+" ORDER BY e.id"+s.lock(),
		uid(project.UUID)).Scan(&rows).Error
	if err != nil {
		return err
	}
	for _, e := range rows {
		if err := do(e); err != nil {
			return err
		}
	}
	return nil
}
