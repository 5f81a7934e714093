package bench

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// senderPlan is the first limit: nothing is stored or accepted, only signed and
// posted.
type senderPlan struct {
	URL, Run   string
	Deliveries int
	Workers    int
	Within     time.Duration
}

func (p senderPlan) run(ctx context.Context) (loaded, error) {
	ctx, cancel := context.WithTimeout(ctx, p.Within)
	defer cancel()
	client, start := sending(p.Workers), time.Now()
	var next, failed atomic.Int64
	var wrong atomic.Value
	var group sync.WaitGroup
	for range p.Workers {
		group.Go(func() {
			var body []byte
			for ctx.Err() == nil {
				seq := int(next.Add(1))
				if seq > p.Deliveries {
					return
				}
				body = appendData(body[:0], token{p.Run, seq, time.Now().UnixNano()})
				if err := post(ctx, client, p.URL, body, seq); err != nil {
					failed.Add(1)
					wrong.Store(err.Error())
				}
			}
		})
	}
	group.Wait()
	complaint, _ := wrong.Load().(string)
	sent := min(int(next.Load()), p.Deliveries)
	return loaded{Accepted: sent - int(failed.Load()), Failed: int(failed.Load()), Complaint: complaint, First: start.UnixNano(), Last: time.Now().UnixNano()}, nil
}

// limitSecret is what the limits sign with.
var limitSecret = []byte("what the limits sign with, of 32")

// post signs a body as the standard format does and sends it.
func post(ctx context.Context, client *http.Client, url string, body []byte, id int) error {
	now := strconv.FormatInt(time.Now().Unix(), 10)
	name := "msg_" + strconv.Itoa(id)
	hash := hmac.New(sha256.New, limitSecret)
	for _, part := range []string{name, ".", now, "."} {
		hash.Write([]byte(part))
	}
	hash.Write(body)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("webhook-id", name)
	request.Header.Set("webhook-timestamp", now)
	request.Header.Set("webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(hash.Sum(nil)))
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the receiver answered %d", response.StatusCode)
	}
	return nil
}
