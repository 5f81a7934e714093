package store

import (
	"context"
	"slices"
	"strings"

	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
)

type promptRow struct {
	ID        uid `gorm:"primaryKey"`
	ProjectID uid
	Name      string
	Type      string
	Tags      string
	Labels    string
	Latest    int
	Versions  int
	Made      int
	CreatedAt int64 `gorm:"autoCreateTime:false"`
	UpdatedAt int64 `gorm:"autoUpdateTime:false"`
}

func (promptRow) TableName() string { return "prompts" }

func newPromptRow(p webhook.Prompt) promptRow {
	return promptRow{
		ID: uid(p.ID.UUID), ProjectID: uid(p.ProjectID.UUID), Name: clean(p.Name), Type: string(p.Type), Tags: toLines(p.Tags), Labels: toLines(p.Labels()),
		Latest: p.Versions[len(p.Versions)-1].Number, Versions: len(p.Versions), Made: p.Made, CreatedAt: ms(p.CreatedAt), UpdatedAt: ms(p.UpdatedAt),
	}
}

func (r promptRow) prompt() webhook.Prompt {
	return webhook.Prompt{
		ID: webhook.PromptID{UUID: webhook.UUID(r.ID)}, ProjectID: webhook.ProjectID{UUID: webhook.UUID(r.ProjectID)}, Name: r.Name,
		Type: webhook.PromptType(r.Type), Tags: ofLines(r.Tags), Made: r.Made, CreatedAt: at(r.CreatedAt), UpdatedAt: at(r.UpdatedAt),
	}
}

func (r promptRow) head() webhook.PromptHead {
	return webhook.PromptHead{
		ID: webhook.PromptID{UUID: webhook.UUID(r.ID)}, Name: r.Name, Type: webhook.PromptType(r.Type), Tags: ofLines(r.Tags), Labels: ofLines(r.Labels),
		Latest: r.Latest, Count: r.Versions, UpdatedAt: at(r.UpdatedAt),
	}
}

type promptVersionRow struct {
	ID            uid `gorm:"primaryKey"`
	PromptID      uid
	ProjectID     uid
	Version       int
	Labels        string
	Bytes         int
	CommitMessage string
	CreatedByType string
	CreatedByID   uid
	CreatedByName string
	CreatedAt     int64 `gorm:"autoCreateTime:false"`
	UpdatedAt     int64 `gorm:"autoUpdateTime:false"`
	Config        []byte
	Content       []byte
}

func (promptVersionRow) TableName() string { return "prompt_versions" }

func newPromptVersionRow(p webhook.Prompt, v webhook.PromptVersion) promptVersionRow {
	return promptVersionRow{
		ID: uid(v.ID.UUID), PromptID: uid(p.ID.UUID), ProjectID: uid(p.ProjectID.UUID), Version: v.Number, Labels: toLines(v.Labels), Bytes: v.Bytes,
		CommitMessage: clean(v.CommitMessage), CreatedByType: string(v.CreatedBy.Type), CreatedByID: uid(v.CreatedBy.ID), CreatedByName: clean(v.CreatedBy.Name),
		CreatedAt: ms(v.CreatedAt), UpdatedAt: ms(v.UpdatedAt), Config: v.Config, Content: v.Content,
	}
}

func (r promptVersionRow) version() webhook.PromptVersion {
	return webhook.PromptVersion{
		ID: webhook.PromptVersionID{UUID: webhook.UUID(r.ID)}, Number: r.Version, Labels: ofLines(r.Labels), Bytes: r.Bytes, CommitMessage: r.CommitMessage,
		CreatedBy: actor(r.CreatedByType, r.CreatedByID, r.CreatedByName), CreatedAt: at(r.CreatedAt), UpdatedAt: at(r.UpdatedAt),
		Config: r.Config, Content: r.Content,
	}
}

func toLines(words []string) string { return clean(strings.Join(words, "\n")) }

func ofLines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

const (
	promptColumns = "p.id, p.project_id, p.name, p.type, p.tags, p.labels, p.latest, p.versions, p.made, p.created_at, p.updated_at"
	// What versions hold can be large, and is read one by one.
	versionColumns = "v.id, v.prompt_id, v.project_id, v.version, v.labels, v.bytes, v.commit_message, v.created_by_type, v.created_by_id, v.created_by_name, v.created_at, v.updated_at"
)

// Prompt reads a prompt with all its versions, without what those hold.
func (s *Store) Prompt(ctx context.Context, project webhook.ProjectID, name string) (webhook.Prompt, error) {
	p, err := promptNamed(s.db(ctx), project, name)
	if err == nil && !p.Exists() {
		err = webhook.NotFound("there is no such prompt")
	}
	return p, wrap("read a prompt", err)
}

// promptNamed answers the zero prompt if there is none.
func promptNamed(db *gorm.DB, project webhook.ProjectID, name string) (webhook.Prompt, error) {
	var found []promptRow
	err := db.Raw("SELECT "+promptColumns+" FROM prompts p WHERE p.project_id = ? AND p.name = ?", uid(project.UUID), clean(name)).Scan(&found).Error
	if err != nil || len(found) == 0 {
		return webhook.Prompt{}, err
	}
	p := found[0].prompt()
	var rows []promptVersionRow
	err = db.Raw("SELECT "+versionColumns+" FROM prompt_versions v WHERE v.prompt_id = ? AND v.project_id = ? ORDER BY v.version", found[0].ID, uid(project.UUID)).Scan(&rows).Error
	for _, r := range rows {
		p.Versions = append(p.Versions, r.version())
	}
	return p, err
}

// PromptVersion reads one version of a prompt with what it holds.
func (s *Store) PromptVersion(ctx context.Context, project webhook.ProjectID, id webhook.PromptVersionID) (webhook.PromptVersion, error) {
	v, err := versionWhole(s.db(ctx), project, id)
	return v, wrap("read a prompt's version", err)
}

func versionWhole(db *gorm.DB, project webhook.ProjectID, id webhook.PromptVersionID) (webhook.PromptVersion, error) {
	r, err := one[promptVersionRow](db, "version", "SELECT "+versionColumns+", v.config, v.content FROM prompt_versions v WHERE v.id = ? AND v.project_id = ?",
		uid(id.UUID), uid(project.UUID))
	return r.version(), err
}

// Prompts lists the prompts of a project by name, and says how many the query
// finds without its bounds.
func (s *Store) Prompts(ctx context.Context, q webhook.PromptQuery) (heads []webhook.PromptHead, total int, err error) {
	where := s.promptsWhere(q)
	db := s.db(ctx)
	if err := db.Raw("SELECT count(*) FROM prompts p"+where.sql(), where.args...).Scan(&total).Error; err != nil {
		return nil, 0, wrap("count prompts", err)
	}
	var rows []promptRow
	err = db.Raw("SELECT "+promptColumns+" FROM prompts p"+where.sql()+" ORDER BY p.name LIMIT ? OFFSET ?", where.with(limitOf(q.Limit), q.Skip)...).Scan(&rows).Error
	for _, r := range rows {
		heads = append(heads, r.head())
	}
	return heads, total, wrap("list prompts", err)
}

// PromptNames are the names of all prompts that a query finds, in order.
func (s *Store) PromptNames(ctx context.Context, q webhook.PromptQuery) (names []string, err error) {
	where := s.promptsWhere(q)
	err = s.db(ctx).Raw("SELECT p.name FROM prompts p"+where.sql()+" ORDER BY p.name", where.args...).Scan(&names).Error
	return names, wrap("list the names of prompts", err)
}

func (s *Store) promptsWhere(q webhook.PromptQuery) conditions {
	within := "instr"
	if s.dialect == Postgres {
		within = "strpos"
	}
	where := conditions{}
	where.and("p.project_id = ?", uid(q.ProjectID.UUID))
	if q.Name != "" {
		where.and("p.name = ?", clean(q.Name))
	}
	if q.Search != "" {
		where.and(within+"(lower(p.name), lower(?)) > 0", clean(q.Search))
	}
	if q.Folder != "" {
		where.and("substr(p.name, 1, ?) = ?", len([]rune(clean(q.Folder)))+1, clean(q.Folder)+"/")
	}
	if q.Direct {
		start := 1
		if q.Folder != "" {
			start = len([]rune(clean(q.Folder))) + 2
		}
		where.and(within+"(substr(p.name, ?), '/') = 0", start)
	}
	for column, word := range map[string]string{"p.labels": q.Label, "p.tags": q.Tag} {
		if word != "" {
			where.and(within+"('\n' || "+column+" || '\n', ?) > 0", "\n"+clean(word)+"\n")
		}
	}
	if !q.Since.IsZero() {
		where.and("p.updated_at >= ?", ms(q.Since))
	}
	if !q.Until.IsZero() {
		where.and("p.updated_at <= ?", ms(q.Until))
	}
	return where
}

// PromptNumbers are the numbers of the versions of prompts, in order, and the
// configs of their newest ones.
func (s *Store) PromptNumbers(ctx context.Context, project webhook.ProjectID, prompts []webhook.PromptID) (numbers map[webhook.PromptID][]int, configs map[webhook.PromptID][]byte, err error) {
	numbers, configs = map[webhook.PromptID][]int{}, map[webhook.PromptID][]byte{}
	if len(prompts) == 0 {
		return numbers, configs, nil
	}
	var rows []promptVersionRow
	err = s.db(ctx).Raw(`SELECT v.prompt_id, v.version FROM prompt_versions v WHERE v.prompt_id IN ? AND v.project_id = ? ORDER BY v.prompt_id, v.version`,
		uids(prompts), uid(project.UUID)).Scan(&rows).Error
	if err != nil {
		return nil, nil, wrap("list versions of prompts", err)
	}
	for _, r := range rows {
		id := webhook.PromptID{UUID: webhook.UUID(r.PromptID)}
		numbers[id] = append(numbers[id], r.Version)
	}
	rows = nil
	err = s.db(ctx).Raw(`SELECT v.prompt_id, v.config FROM prompts p JOIN prompt_versions v ON v.prompt_id = p.id AND v.version = p.latest
 WHERE p.id IN ? AND p.project_id = ?`, uids(prompts), uid(project.UUID)).Scan(&rows).Error
	for _, r := range rows {
		configs[webhook.PromptID{UUID: webhook.UUID(r.PromptID)}] = r.Config
	}
	return numbers, configs, wrap("read configs of prompts", err)
}

// PromptWords are the labels and tags that the prompts of a project have, in
// order, each up to a limit.
func (s *Store) PromptWords(ctx context.Context, project webhook.ProjectID, limit int) (labels, tags []string, err error) {
	var rows []promptRow
	err = s.db(ctx).Raw("SELECT DISTINCT p.labels, p.tags FROM prompts p WHERE p.project_id = ? LIMIT ?", uid(project.UUID), scanned).Scan(&rows).Error
	if err != nil {
		return nil, nil, wrap("list labels and tags of prompts", err)
	}
	for _, r := range rows {
		labels, tags = append(labels, ofLines(r.Labels)...), append(tags, ofLines(r.Tags)...)
	}
	some := func(words []string) []string {
		slices.Sort(words)
		words = slices.Compact(words)
		return words[:min(len(words), limit)]
	}
	return some(labels), some(tags), nil
}
