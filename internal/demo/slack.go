package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/slack/slacktest"
	"github.com/bellwire/bellwire/internal/webhook"
)

// Slack is the workspace that the demo brings along, on loopback.
type Slack struct {
	*slacktest.Workspace
	// API is where its methods are.
	API    *url.URL
	server *http.Server
}

// NewSlack opens the workspace.
func NewSlack(log *slog.Logger) (*Slack, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open the demo's Slack: %w", err)
	}
	w := slacktest.New("T0DEMO", "Lantern Labs", workspace()...)
	s := &Slack{Workspace: w, API: &url.URL{Scheme: "http", Host: listener.Addr().String(), Path: "/api/"}}
	s.server = &http.Server{Handler: w, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		if err := s.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("the demo's Slack stopped", "error", err)
		}
	}()
	return s, nil
}

// Close ends it.
func (s *Slack) Close() error { return s.server.Close() }

// The channels that the demo's endpoints post to.
const (
	channelChanges    = "C0CHANGES"
	channelProduction = "C0PRODUCT"
)

func workspace() []slacktest.Channel {
	list := []slacktest.Channel{
		{ID: channelChanges, Name: "prompt-changes"}, {ID: channelProduction, Name: "production-alerts"}, {ID: "C0GENERAL", Name: "general"},
		{ID: "C0RANDOM0", Name: "random"}, {ID: "C0LEADS00", Name: "leads", Private: true},
		{ID: "C0OLDNEWS", Name: "old-news", Refuses: "is_archived"},
	}
	for i, team := range []string{"billing", "checkout", "design", "growth", "infra", "legal", "mobile", "onboarding", "search", "support"} {
		list = append(list, slacktest.Channel{ID: fmt.Sprintf("C0TEAM%03d", i), Name: "team-" + team})
	}
	return list
}

// seedSlack connects the prompts' project, anew at each start as the workspace
// forgets tokens, and lets two channels hear of prompts.
func (d *Demo) seedSlack(ctx context.Context, project webhook.ProjectID, known map[string]webhook.Endpoint) error {
	if d.Slack == nil {
		return nil
	}
	if _, err := d.Manage.FinishSlack(ctx, d.caller, project, d.Slack.Code(d.Back)); err != nil {
		return err
	}
	var failed error
	for _, e := range []struct {
		name, channel string
		prompt        webhook.PromptFilter
	}{
		{"#prompt-changes", channelChanges, webhook.PromptFilter{}},
		{"#production-alerts", channelProduction, webhook.PromptFilter{Labels: []string{webhook.LabelProduction}}},
	} {
		if _, ok := known[e.name]; ok {
			continue
		}
		set := webhook.Settings{Name: e.name, Kind: webhook.KindSlack, Topics: []string{"prompt.*"}, Prompt: e.prompt, Retry: soon}
		_, err := d.Manage.CreateSlackEndpoints(ctx, d.caller, manage.NewEndpoint{ProjectID: project, Settings: set}, []string{e.channel})
		failed = errors.Join(failed, err)
	}
	return failed
}
