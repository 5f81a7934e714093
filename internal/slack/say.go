package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/bellwire/bellwire/internal/webhook"
)

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 64 << 10

// Say posts a message's JSON once, outside the log of deliveries.
func (a App) Say(ctx context.Context, token string, message []byte) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.API.JoinPath("chat.postMessage").String(), bytes.NewReader(message))
	if err != nil {
		return fmt.Errorf("post to Slack: %w", err)
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := a.Client.Do(request)
	if err != nil {
		return fault(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return fault(err)
	}
	if response.StatusCode == http.StatusTooManyRequests {
		return webhook.Conflict("Slack takes no more messages for this channel at the moment; try again in a minute")
	}
	var said answer
	if err := json.Unmarshal(body, &said); err != nil || said.OK == nil {
		return webhook.Unavailable(fmt.Errorf("slack answered %d and nothing of its own", response.StatusCode))
	}
	if !*said.OK {
		_, words := explain(said.Error)
		return webhook.Conflict("%s", words)
	}
	return nil
}
