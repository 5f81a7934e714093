package publish_test

import (
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/publish"
	"github.com/bellwire/bellwire/internal/rawjson"
	"github.com/bellwire/bellwire/internal/webhook"
)

// FuzzSchema: no schema and no data make the check panic or run away, and what
// is refused is the input's mistake.
func FuzzSchema(f *testing.F) {
	f.Add(`{"type":"object","required":["a"],"properties":{"a":{"type":"number","multipleOf":0.01,"maximum":9},"b":{"enum":["x",1e2]}}}`, `{"a":1e-999999,"b":"x"}`)
	f.Add(`{"$ref":"#/$defs/a","$defs":{"a":{"pattern":"^(a+)+$","items":{"$ref":"#/$defs/a"}}}}`, `["aaaaaaaaaaaaaaaaaaaaaaaa!",[[]]]`)
	f.Add(`{"$dynamicRef":"#x","$dynamicAnchor":"x","not":{"oneOf":[true,{"const":null}]},"uniqueItems":true}`, `[1,1.0,{}]`)
	f.Fuzz(func(t *testing.T, schema, data string) {
		checked, err := rawjson.Check([]byte(data))
		if err != nil {
			return
		}
		began := time.Now()
		compiled, err := publish.CompileSchema([]byte(schema))
		if err == nil {
			err = compiled.Check(checked)
		}
		if err != nil && webhook.KindOf(err) != webhook.KindInvalid {
			t.Errorf("%q on %q: %v", schema, data, err)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%q on %q took %s", schema, data, took)
		}
	})
}
