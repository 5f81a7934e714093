package publish_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bellwire/bellwire/internal/publish"
	"github.com/bellwire/bellwire/internal/webhook"
)

func TestSchemasThatCannotBeUsedAreRefused(t *testing.T) {
	t.Parallel()
	for name, schema := range map[string]string{
		"no JSON":                `{`,
		"a wrong keyword":        `{"type":"thing"}`,
		"a reference to the web": `{"$ref":"https://example.com/schema.json"}`,
		"a reference to a file":  `{"$ref":"file:///etc/passwd"}`,
		"another meta-schema":    `{"$schema":"https://example.com/meta"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := publish.CompileSchema([]byte(schema)); webhook.KindOf(err) != webhook.KindInvalid {
				t.Errorf("it was answered %v", err)
			}
		})
	}
}

func TestNoSchemaTakesEverything(t *testing.T) {
	t.Parallel()
	schema, err := publish.CompileSchema(nil)
	if err != nil || schema.Check([]byte(`{"a":1}`)) != nil {
		t.Errorf("it was answered %v", err)
	}
}

func TestEveryRuleIsTold(t *testing.T) {
	t.Parallel()
	cases := []struct{ schema, data, want string }{
		{`{"properties":{"a":{"type":["string","null"]}}}`, `{"a":1}`, `data.a must be null or string, not number`},
		{`{"properties":{"a":{"const":"x"}}}`, `{"a":1}`, `data.a must be "x"`},
		{`{"properties":{"a":{"pattern":"^p"}}}`, `{"a":"q"}`, `data.a must match the pattern ^p`},
		{`{"properties":{"a":{"minLength":2}}}`, `{"a":"q"}`, `data.a must have at least 2 characters`},
		{`{"properties":{"a":{"maxLength":0}}}`, `{"a":"q"}`, `data.a must have at most 0 characters`},
		{`{"properties":{"a":{"minItems":1}}}`, `{"a":[]}`, `data.a must have at least 1 items`},
		{`{"properties":{"a":{"maxItems":1}}}`, `{"a":[1,2]}`, `data.a must have at most 1 items`},
		{`{"properties":{"a":{"maximum":1.5}}}`, `{"a":2}`, `data.a must be at most 1.5`},
		{`{"properties":{"a":{"exclusiveMinimum":1}}}`, `{"a":1}`, `data.a must be more than 1`},
		{`{"properties":{"a":{"exclusiveMaximum":1}}}`, `{"a":1}`, `data.a must be less than 1`},
		{`{"properties":{"a":{"multipleOf":2}}}`, `{"a":3}`, `data.a breaks the rule multipleOf of the topic's schema`},
		{`{"properties":{"a":{"anyOf":[{"type":"string"},{"type":"null"}]}}}`, `{"a":3}`, `data.a fits none of the shapes that the topic's schema allows`},
		{`{"properties":{"a":{}},"additionalProperties":false}`, `{"a":3,"b":1}`, `data.b is not a member that the topic's schema allows`},
		{`{"$defs":{"m":{"required":["x"]}},"properties":{"a":{"items":{"$ref":"#/$defs/m"}}}}`, `{"a":[{"x":1},{}]}`, `data.a[1].x is missing`},
		{`{"type":"array"}`, `{}`, `data must be array, not object`},
	}
	for _, c := range cases {
		schema, err := publish.CompileSchema([]byte(c.schema))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := schema.Check([]byte(c.data)); err != nil {
			got, _, _ = strings.Cut(err.Error(), ";")
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.schema, diff)
		}
	}
}

func TestCostlyNumbersAreCheckedQuickly(t *testing.T) {
	t.Parallel()
	schema, err := publish.CompileSchema([]byte(`{"properties":{"a":{"items":{"type":"integer","minimum":0}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	numbers := strings.Repeat("1e-999999,", 25_000) + "0." + strings.Repeat("1", 10_000) + ",7"
	startedAt := time.Now()
	err = schema.Check([]byte(`{"a":[` + numbers + `]}`))
	if took := time.Since(startedAt); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
	if webhook.KindOf(err) != webhook.KindInvalid {
		t.Errorf("it was answered %v", err)
	}
}
