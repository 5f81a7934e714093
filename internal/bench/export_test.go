package bench

import "os"

// Asked are the routes that the pages' table asks for.
func Asked() map[string]bool {
	s := sample{deliveries: map[string]string{}}
	for _, state := range states {
		s.deliveries[state] = "id"
	}
	routes := map[string]bool{}
	for _, v := range (world{}).visits(s) {
		routes[v.route] = true
	}
	return routes
}

// Quantile is what percentiles are made with.
var Quantile = quantile

// ServerTiming reads the header.
var ServerTiming = serverTiming

// What the receiver's tests need.
type (
	ReceiverPlan = receiverPlan
	Receipts     = receipts
)

// NewReceiver is the receiver's handler.
var NewReceiver = newReceiver

// AppendData writes a payload with its token.
func AppendData(to []byte, run string, seq int, sent int64) []byte {
	return appendData(to, token{run, seq, sent})
}

// FindToken finds it again.
func FindToken(body []byte) (run string, seq int, sent int64, ok bool) {
	t, ok := findToken(body)
	return t.run, t.seq, t.sent, ok
}

// NewFlow and FigureOf are a round's result and the medians of some.
func NewFlow(rate, limit float64, lost, duplicates int) flow {
	return flow{rate: rate, limit: limit, lost: lost, duplicates: duplicates}
}

func FigureOf(rounds ...flow) (string, []float64, string) {
	f := figure("a course", rounds)
	return f.Name, f.Values, f.Note
}

// UsedCPU and Resident are of this process.
func UsedCPU() float64  { return usedCPU(os.Getpid()) }
func Resident() float64 { return resident(os.Getpid()) }

// ReadMetrics reads an answer of /metrics.
var ReadMetrics = readMetrics

// Quantile estimates one of a histogram's observations.
func (m metrics) Quantile(histogram string, before metrics, q float64) float64 {
	return m.quantile(histogram, before, q)
}
