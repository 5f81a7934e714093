package app

import (
	"context"
	"time"

	"github.com/bellwire/bellwire/internal/config"
	"github.com/bellwire/bellwire/internal/egress"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/sender"
	"github.com/bellwire/bellwire/internal/slack"
	"github.com/bellwire/bellwire/internal/webhook"
)

// senders has each kind of endpoint sent to by who can.
type senders struct {
	webhooks *sender.Sender
	slack    *slack.Sender
}

func (s senders) Send(ctx context.Context, job webhook.Job, target *webhook.Target) webhook.Attempt {
	return s.SendTest(ctx, job, target, false)
}

func (s senders) SendTest(ctx context.Context, job webhook.Job, target *webhook.Target, useNext bool) webhook.Attempt {
	if target.Kind == webhook.KindSlack {
		return s.slack.Send(ctx, job, target)
	}
	return s.webhooks.SendTest(ctx, job, target, useNext)
}

// poster makes requests to Slack on the way, and within the limits, of every
// delivery.
func poster(out *egress.Egress) slack.Post {
	return func(ctx context.Context, to string, headers []webhook.HeaderLine, body []byte, timeout time.Duration) webhook.Attempt {
		return sender.Post(ctx, out.Transport(), to, headers, body, timeout)
	}
}

func slackApp(c config.Config, out *egress.Egress) slack.App {
	return slack.App{
		ClientID: c.Slack.ClientID, Secret: c.Slack.Secret, API: c.SlackAPI, Client: out.Client(),
		RedirectURL: c.BaseURL.JoinPath(manage.SlackReturnPath).String(),
	}
}
