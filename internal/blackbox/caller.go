package blackbox

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// Caller calls the API with a key.
type Caller struct {
	// Base is the server's address.
	Base, Key string
	HTTP      *http.Client
}

// Refusal is a status that a call did not want.
type Refusal int

func (r Refusal) Error() string { return strconv.Itoa(int(r)) }

// Call makes one call and decodes the answer; in and out may be nil.
func (c Caller) Call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.Base+"/api/v1"+path, body)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+c.Key)
	if in != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.HTTP.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		return fmt.Errorf("%s %s was answered %w: %s", method, path, Refusal(response.StatusCode), text)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(text, out)
}
