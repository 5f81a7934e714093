package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/prompts"
)

// promptPages show the prompt registry. No prompt is named "new".
func (w *Web) promptPages() []line {
	return []line{
		{get, "/p/:project/prompts", member, w.listPrompts},
		{get, "/p/:project/prompts/new", member, w.newPrompt},
		{post, "/p/:project/prompts/new", member, w.createPrompt},
		{get, "/p/:project/prompts/:prompt", member, w.showPrompt},
		{post, "/p/:project/prompts/:prompt/labels", member, w.labelPrompt},
		{post, "/p/:project/prompts/:prompt/tags", member, w.tagPrompt},
		{post, "/p/:project/prompts/:prompt/delete", member, w.deletePrompt},
	}
}

// listedPrompts is how many stand on a page, listedFolders how many folders
// stand before them.
const (
	listedPrompts = 50
	listedFolders = 200
)

// promptSearch is what the list is asked for.
type promptSearch struct {
	words, label, tag, folder string
	page                      int
}

func readPromptSearch(c *gin.Context) promptSearch {
	s := promptSearch{words: strings.TrimSpace(c.Query("q")), label: c.Query("label"), tag: c.Query("tag"), folder: strings.Trim(c.Query("folder"), "/"), page: 1}
	if n, err := strconv.Atoi(c.Query("page")); err == nil && n > 1 && n <= 100 {
		s.page = n
	}
	return s
}

// narrows reports whether it looks for something, in all folders.
func (s promptSearch) narrows() bool { return s.words != "" || s.label != "" || s.tag != "" }

func (s promptSearch) query(project webhook.ProjectID) webhook.PromptQuery {
	q := webhook.PromptQuery{ProjectID: project, Search: s.words, Label: s.label, Tag: s.tag, Skip: (s.page - 1) * listedPrompts, Limit: listedPrompts}
	if !s.narrows() {
		q.Folder, q.Direct = s.folder, true
	}
	return q
}

func (w *Web) listPrompts(c *gin.Context) error {
	project, caller, ctx := w.project(c).ID, w.caller(c), c.Request.Context()
	s := readPromptSearch(c)
	heads, total, err := w.Manage.Prompts(ctx, caller, s.query(project))
	if err != nil {
		return err
	}
	labels, tags, err := w.Manage.PromptWords(ctx, caller, project)
	if err != nil {
		return err
	}
	m := presentPrompts(project, s, heads, w.Now())
	m.Labels, m.Tags = wordOptions("any label", labels, s.label), wordOptions("any tag", tags, s.tag)
	if s.page == 1 && !s.narrows() {
		names, err := w.Manage.PromptNames(ctx, caller, webhook.PromptQuery{ProjectID: project, Folder: s.folder})
		if err != nil {
			return err
		}
		m.Folders = foldersOf(project, s.folder, names)
	}
	m.Pager = promptPager(c, s.page, len(heads), total)
	if caller.May(account.ChangePrompts, project) == nil {
		m.NewURL = newPromptURL(project, "")
	}
	m.Empty = emptyPrompts(project, s, m.NewURL)
	if m.Shell, err = w.shell(c, atPrompts, m.Title, promptCrumbs(project, s.folder)...); err != nil {
		return err
	}
	return w.render(c, http.StatusOK, prompts.List(m))
}

func newPromptURL(project webhook.ProjectID, name string) string {
	path := under(project, "prompts", "new")
	if name != "" {
		path += "?name=" + url.QueryEscape(name)
	}
	return path
}

func pathPrompt(project webhook.ProjectID, name string, version int) string {
	path := under(project, "prompts", name)
	if version > 0 {
		path += "?version=" + strconv.Itoa(version)
	}
	return path
}

func folderURL(project webhook.ProjectID, folder string) string {
	if folder == "" {
		return under(project, "prompts")
	}
	return under(project, "prompts") + "?folder=" + url.QueryEscape(folder)
}

// promptCrumbs lead down the folders of a path.
func promptCrumbs(project webhook.ProjectID, path string) []component.Link {
	crumbs := []component.Link{{Label: "Prompts", URL: folderURL(project, "")}}
	if path == "" {
		return crumbs
	}
	parts := strings.Split(path, "/")
	for i, part := range parts {
		crumbs = append(crumbs, component.Link{Label: part, URL: folderURL(project, strings.Join(parts[:i+1], "/"))})
	}
	return crumbs
}

// foldersOf counts the names below each folder that a folder holds itself.
func foldersOf(project webhook.ProjectID, folder string, names []string) []prompts.Folder {
	var folders []prompts.Folder
	counts := map[string]int64{}
	for _, name := range names {
		rest := name
		if folder != "" {
			rest = strings.TrimPrefix(name, folder+"/")
		}
		first, _, deeper := strings.Cut(rest, "/")
		if !deeper {
			continue
		}
		if counts[first]++; counts[first] == 1 && len(folders) < listedFolders {
			path := strings.TrimPrefix(folder+"/"+first, "/")
			folders = append(folders, prompts.Folder{Name: first, URL: folderURL(project, path)})
		}
	}
	for i := range folders {
		folders[i].Count = plural(counts[folders[i].Name], "prompt", "prompts")
	}
	return folders
}

func wordOptions(all string, words []string, chosen string) []component.Option {
	options := []component.Option{{Label: all}}
	known := chosen == ""
	for _, word := range words {
		known = known || word == chosen
		options = append(options, component.Option{Value: word, Label: word, Selected: word == chosen})
	}
	if !known {
		options = append(options, component.Option{Value: chosen, Label: chosen, Selected: true})
	}
	return options
}

func promptPager(c *gin.Context, page, shown, total int) component.Pager {
	p := component.Pager{FirstLabel: "First page", NextLabel: "Next page"}
	if from := (page - 1) * listedPrompts; total > listedPrompts {
		p.Text = count(int64(from+1)) + "–" + count(int64(from+shown)) + " of " + count(int64(total)) + ", by name"
		if from+shown < total {
			p.NextURL = withQuery(c, "page", strconv.Itoa(page+1))
		}
	}
	if page > 1 {
		p.FirstURL = withQuery(c, "page", "")
	}
	return p
}

func emptyPrompts(project webhook.ProjectID, s promptSearch, newURL string) component.EmptyModel {
	all := component.Link{Label: "All prompts", URL: folderURL(project, "")}
	switch {
	case s.narrows():
		return component.EmptyModel{Title: "No prompt is like that", Text: "Look for a shorter part of the name, another label or tag, or see them all.", Action: all}
	case s.folder != "" || s.page > 1:
		return component.EmptyModel{Title: "Nothing is here", Text: "The folder is empty: folders are parts of names, and go with the last prompt in them.", Action: all}
	}
	m := component.EmptyModel{Title: "No prompt yet", Text: "Keep what you say to models here: in versions, found by name and label, and every change told to your webhooks. Programs use /api/public/v2/prompts."}
	if newURL != "" {
		m.Action = component.Link{Label: "Make the first one", URL: newURL}
	}
	return m
}
