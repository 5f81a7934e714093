package slack

import (
	"encoding/json"
	"fmt"

	"github.com/bellwire/bellwire/internal/webhook"
)

// answer is what every method of Slack's API says in its body; the status is
// 200 also for most refusals.
// https://docs.slack.dev/apis/web-api/#responses
type answer struct {
	OK    *bool  `json:"ok"`
	Error string `json:"error"`
}

// judge looks into an answer that came as a success by its status.
func judge(a *webhook.Attempt) {
	if a.Outcome != webhook.OutcomeDelivered {
		if limited(a) {
			a.Error = "Slack takes no more messages for this channel at the moment (ratelimited); it goes again after the time that Slack names"
		}
		return
	}
	var said answer
	if err := json.Unmarshal(a.Response.Body, &said); err != nil || said.OK == nil {
		a.Outcome, a.Cause, a.Error = webhook.OutcomeFailed, webhook.CauseSlack, "the answer is not one of Slack's: it does not say ok"
		return
	}
	if *said.OK {
		return
	}
	a.Outcome = webhook.OutcomeFailed
	a.Cause, a.Error = explain(said.Error)
}

func limited(a *webhook.Attempt) bool { return a.Response.Status == 429 }

// explain says a refusal in words, with what to do.
// https://docs.slack.dev/reference/methods/chat.postMessage#errors
func explain(code string) (webhook.Cause, string) {
	if words, ok := tokenFaults[code]; ok {
		return webhook.CauseSlackToken, fmt.Sprintf("%s (%s)", words, code)
	}
	if words, ok := messageFaults[code]; ok {
		return webhook.CauseSlack, fmt.Sprintf("%s (%s)", words, code)
	}
	return webhook.CauseSlack, fmt.Sprintf("Slack refused the call: %s", word(code))
}

// word is a code as it may be shown: Slack's are of small letters and digits.
func word(code string) string {
	if code == "" || len(code) > 60 {
		return "it gave no reason"
	}
	for _, r := range code {
		if r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9') {
			return "it gave no reason"
		}
	}
	return code
}

// tokenFaults end with a new connection.
var tokenFaults = map[string]string{
	"token_revoked":           "the connection to Slack was revoked in the workspace; connect Slack again",
	"token_expired":           "the connection to Slack has expired; connect Slack again",
	"invalid_auth":            "Slack does not know this connection; connect Slack again",
	"not_authed":              "Slack does not know this connection; connect Slack again",
	"account_inactive":        "the app was removed from the workspace, or the workspace is gone; connect Slack again",
	"org_login_required":      "the workspace is moving to an organisation; connect Slack again once that is done",
	"team_access_not_granted": "the app may no longer act in this workspace; connect Slack again",
}

// messageFaults end with a change of the endpoint, the channel or the app.
var messageFaults = map[string]string{
	"channel_not_found":                   "Slack does not find the channel: it was deleted, or is private and the app was not invited; invite the app with /invite, or choose another channel",
	"not_in_channel":                      "the app is no member of the channel; invite it there with /invite",
	"is_archived":                         "the channel is archived; unarchive it, or choose another one",
	"missing_scope":                       "the connection lacks a permission; connect Slack again to grant it",
	"restricted_action":                   "the workspace lets only some post to this channel; ask its admin, or choose another one",
	"restricted_action_read_only_channel": "only admins may post to this channel; ask one, or choose another channel",
	"ratelimited":                         "Slack takes no more calls at the moment; it goes again later",
	"rate_limited":                        "Slack takes no more calls at the moment; it goes again later",
	"msg_too_long":                        "the message is too long for Slack",
	"invalid_blocks":                      "Slack can't show the message as it is",
	"team_added_to_org":                   "the workspace is moving to an organisation; it goes again later",
	"access_denied":                       "it was not allowed in the workspace",
	"invalid_code":                        "Slack does not know this way back any more; connect again",
	"code_already_used":                   "this way back was used already; connect again",
	"bad_redirect_uri":                    "Slack does not know the address that it should send people back to; an operator must add it to the Slack app",
	"invalid_client_id":                   "Slack does not know this installation's app; an operator must check the client id",
	"bad_client_secret":                   "Slack does not take this installation's client secret; an operator must check it",
	"fatal_error":                         "Slack failed; it goes again later",
	"internal_error":                      "Slack failed; it goes again later",
	"service_unavailable":                 "Slack is away; it goes again later",
}
