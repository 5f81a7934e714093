package bench_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/bench"
)

func TestA_token_is_found_again_wherever_the_payload_went(t *testing.T) {
	t.Parallel()
	data := bench.AppendData(nil, "r7", 42, 1234567890)
	if len(data) != 1024 || !json.Valid(data) {
		t.Errorf("a payload of %d bytes, valid %v: %s", len(data), json.Valid(data), data)
	}
	wrapped, err := json.Marshal(map[string]any{"event": string(data)})
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range []string{string(data), `{"id":1,"data":` + string(data) + `}`, string(wrapped)} {
		if run, seq, sent, ok := bench.FindToken([]byte(body)); run != "r7" || seq != 42 || sent != 1234567890 || !ok {
			t.Errorf("found %q %d %d %v in %.80s", run, seq, sent, ok, body)
		}
	}
	for _, body := range []string{"", "{}", "BLWR.", "BLWR.r7.42.", "BLWR.r7.x.1.", "BLWR.r7.42.x.", "BLWR.r7.0.1.", "BLWR.r7.-3.1.", strings.Repeat("BLWR", 9)} {
		if _, _, _, ok := bench.FindToken([]byte(body)); ok {
			t.Errorf("a token was found in %q", body)
		}
	}
}
