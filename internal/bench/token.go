package bench

import (
	"bytes"
	"strconv"
	"strings"
)

// A token travels inside every payload: mark, run, sequence and the time of
// sending, each ended by a dot. It is found by plain search, so a body may be
// wrapped or written anew on the way.
const mark = "BLWR."

// token is what a payload carries.
type token struct {
	run string
	seq int
	// sent is in Unix nanoseconds.
	sent int64
}

func (t token) append(to []byte) []byte {
	to = append(append(append(to, mark...), t.run...), '.')
	to = append(strconv.AppendInt(to, int64(t.seq), 10), '.')
	return append(strconv.AppendInt(to, t.sent, 10), '.')
}

// findToken looks for the first token in a body.
func findToken(body []byte) (token, bool) {
	_, rest, found := bytes.Cut(body, []byte(mark))
	run, rest, second := bytes.Cut(rest, []byte("."))
	seq, rest, third := bytes.Cut(rest, []byte("."))
	sent, _, last := bytes.Cut(rest, []byte("."))
	if !found || !second || !third || !last {
		return token{}, false
	}
	n, wrong := strconv.Atoi(string(seq))
	at, bad := strconv.ParseInt(string(sent), 10, 64)
	return token{string(run), n, at}, wrong == nil && bad == nil && n > 0
}

// payloadSize is how long the data of every event is.
const payloadSize = 1024

var padding = strings.Repeat("The quick brown fox jumps over the lazy dog 0123456789 ", payloadSize/50)

// appendData writes an object of payloadSize bytes that carries the token.
func appendData(to []byte, t token) []byte {
	start := len(to)
	to = append(to, `{"token":"`...)
	to = append(t.append(to), `","pad":"`...)
	const end = `"}`
	pad := max(0, payloadSize-(len(to)-start)-len(end))
	return append(append(to, padding[:pad]...), end...)
}
