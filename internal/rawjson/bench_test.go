package rawjson_test

import (
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/rawjson"
)

// kilobyte is a data object of about 1 KB, compact.
func kilobyte() []byte {
	item := `{"id":"prod_xyz","name":"Nike Air Max","price":129.99,"tags":["run","sale"]},`
	return []byte(`{"sessionId":"sess_abc123","storeId":"store_xyz","total":3,"text":"` + strings.Repeat("lorem ", 40) +
		`","products":[` + strings.Repeat(item, 8) + `null]}`)
}

func BenchmarkCheck(b *testing.B) {
	data := kilobyte()
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := rawjson.Check(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkJavaScript(b *testing.B) {
	data := kilobyte()
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		rawjson.JavaScript(data)
	}
}

func BenchmarkLookup(b *testing.B) {
	data := kilobyte()
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := rawjson.Lookup(data, "products", "7", "price"); !ok {
			b.Fatal("not found")
		}
	}
}
