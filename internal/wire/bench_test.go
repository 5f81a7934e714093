package wire_test

import (
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/internal/wire"
)

// kilobyte is a data object of about 1 KB.
func kilobyte() []byte {
	return []byte(`{"productId":"prod_123","oldPrice":129.99,"newPrice":99.50,"items":[1,2,3],"text":"` + strings.Repeat("lorem ipsum ", 75) + `"}`)
}

func BenchmarkBuild(b *testing.B) {
	for _, format := range []webhook.FormatName{webhook.FormatAbba, webhook.FormatStandard, webhook.FormatAICommerce} {
		b.Run(string(format), func(b *testing.B) {
			m := message(format)
			m.Event.Data = kilobyte()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := wire.Build(m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkBody(b *testing.B) {
	for _, format := range []webhook.FormatName{webhook.FormatAbba, webhook.FormatStandard, webhook.FormatAICommerce} {
		b.Run(string(format), func(b *testing.B) {
			ev := message(format).Event
			ev.Data = kilobyte()
			b.ReportAllocs()
			for b.Loop() {
				wire.Body(format, nil, ev, firstSecret)
			}
		})
	}
}
