// Package preset lists services that take webhooks of their own shape, with what
// an endpoint needs to speak to each: address, headers and payload template. It
// is data; every entry is held against what the service documents.
package preset

import "github.com/bellwire/bellwire/internal/webhook"

// Preset is one service.
type Preset struct {
	Name  string
	Title string
	// Text says what an event becomes there.
	Text string
	// URL is the documented address, with words in capitals to fill in.
	URL string
	// Headers are needed besides; those without a value are secrets to fill in.
	Headers  []webhook.Header
	Template string
	// Need says where to get what has to be filled in.
	Need string
	// Source is the document that the request follows.
	Source string
}

// Find answers the service of a name.
func Find(name string) (Preset, bool) {
	for _, p := range All {
		if p.Name == name {
			return p, true
		}
	}
	return Preset{}, false
}

// All are the services in the order in which people see them.
var All = []Preset{
	{
		Name: "github", Title: "GitHub Actions", Text: "Starts workflows that listen to repository_dispatch with this topic as its type.",
		URL: "https://api.github.com/repos/OWNER/REPO/dispatches",
		Headers: []webhook.Header{
			{Name: "Authorization", Secret: true}, {Name: "Accept", Value: "application/vnd.github+json"}, {Name: "X-GitHub-Api-Version", Value: "2022-11-28"},
		},
		Template: `{
  "event_type": "{{cut(topic, 100)}}",
  "client_payload": {"id": "{{id}}", "type": "{{topic}}", "timestamp": "{{occurredAt}}", "data": "{{data}}"}
}`,
		Need:   "Put owner and repository into the URL. Authorization is “Bearer ” and a fine-grained token that may write the repository's contents. GitHub takes at most 64 KiB.",
		Source: "https://docs.github.com/en/rest/repos/repos#create-a-repository-dispatch-event",
	},
	{
		Name: "pagerduty", Title: "PagerDuty", Text: "Opens an alert for each event; the same event again changes nothing.",
		URL:     "https://events.pagerduty.com/v2/enqueue",
		Headers: []webhook.Header{{Name: "X-Routing-Key", Secret: true}},
		Template: `{
  "routing_key": "{{secret['X-Routing-Key']}}",
  "event_action": "trigger",
  "dedup_key": "{{id}}",
  "payload": {
    "summary": "{{cut(topic + ' ' + json(data), 1024)}}",
    "source": "bellwire",
    "severity": "error",
    "timestamp": "{{occurredAt}}",
    "custom_details": "{{data}}"
  }
}`,
		Need:   "X-Routing-Key is the integration key of an Events API v2 integration. The address of accounts in the EU is https://events.eu.pagerduty.com/v2/enqueue.",
		Source: "https://developer.pagerduty.com/docs/events-api-v2/trigger-events/",
	},
	{
		Name: "discord", Title: "Discord", Text: "Posts a message to a channel; nobody is pinged.",
		URL: "https://discord.com/api/webhooks/ID/TOKEN",
		Template: `{
  "username": "Bellwire",
  "embeds": [{
    "title": "{{cut(topic, 256)}}",
    "description": "{{cut(json(data), 4000)}}",
    "timestamp": "{{occurredAt}}",
    "footer": {"text": "{{id}}"}
  }],
  "allowed_mentions": {"parse": []}
}`,
		Need:   "Copy the URL from the channel's settings: Integrations, Webhooks. Discord takes about 30 messages a minute: set a rate of 0.5 per second.",
		Source: "https://discord.com/developers/docs/resources/webhook#execute-webhook",
	},
	{
		Name: "teams", Title: "Microsoft Teams", Text: "Posts a card to a channel or chat.",
		URL: "https://TENANT.environment.api.powerplatform.com/powerautomate/automations/direct/workflows/ID/triggers/manual/paths/invoke?api-version=1&sig=SIGNATURE",
		Template: `{
  "type": "message",
  "attachments": [{
    "contentType": "application/vnd.microsoft.card.adaptive",
    "contentUrl": null,
    "content": {
      "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
      "type": "AdaptiveCard",
      "version": "1.4",
      "body": [
        {"type": "TextBlock", "size": "Medium", "weight": "Bolder", "text": "{{topic}}"},
        {"type": "TextBlock", "wrap": true, "text": "{{cut(json(data), 4000)}}"},
        {"type": "TextBlock", "isSubtle": true, "spacing": "Small", "text": "{{occurredAt}} {{id}}"}
      ]
    }
  }]
}`,
		Need:   "Make the workflow “Send webhook alerts to a channel” in Teams and copy its URL. Teams takes at most 28 KiB.",
		Source: "https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook",
	},
	{
		Name: "datadog", Title: "Datadog events", Text: "Adds an event to the event stream, tagged with the topic.",
		URL:     "https://api.datadoghq.com/api/v1/events",
		Headers: []webhook.Header{{Name: "DD-API-KEY", Secret: true}},
		Template: `{
  "title": "{{cut(topic, 100)}}",
  "text": "{{cut(json(data), 4000)}}",
  "alert_type": "info",
  "aggregation_key": "{{topic}}",
  "date_happened": "{{int(occurredAt)}}",
  "tags": ["source:bellwire", "topic:{{topic}}", "event_id:{{id}}"]
}`,
		Need:   "DD-API-KEY is an API key of your organisation. Outside of US1 the host is another, such as api.datadoghq.eu. Datadog takes no events of more than 18 hours ago.",
		Source: "https://docs.datadoghq.com/api/latest/events/#post-an-event",
	},
}
