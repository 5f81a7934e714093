package webhook_test

import (
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/webhook"
)

func TestTheFormatFollowsTheGroupsOfTheTopics(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		groups []webhook.Group
		want   webhook.FormatName
	}{
		{nil, webhook.FormatStandard},
		{[]webhook.Group{webhook.GroupCommerce}, webhook.FormatAbba},
		{[]webhook.Group{webhook.GroupPrompts}, webhook.FormatAbv},
		{[]webhook.Group{webhook.GroupStore}, webhook.FormatAICommerce},
		{[]webhook.Group{webhook.GroupStore, webhook.GroupStore, webhook.GroupStore}, webhook.FormatAICommerce},
		{[]webhook.Group{webhook.GroupOperational}, webhook.FormatStandard},
		{[]webhook.Group{webhook.GroupCustom}, webhook.FormatStandard},
		{[]webhook.Group{"unheard of"}, webhook.FormatStandard},
		{[]webhook.Group{webhook.GroupCommerce, webhook.GroupStore}, webhook.FormatStandard},
		{[]webhook.Group{webhook.GroupCommerce, webhook.GroupCommerce, webhook.GroupCustom}, webhook.FormatStandard},
	} {
		if got := webhook.DefaultFormat(c.groups); got != c.want {
			t.Errorf("%v gets %s, want %s", c.groups, got, c.want)
		}
	}
}

func TestTopicNamesAreSegmentsJoinedByDots(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"product.viewed": true, "a": true, "_x": true, "chat.message.sent": true, "A-1.b_2.-c": true, "7": true,
		strings.Repeat("a", 128): true, strings.Repeat("a", 129): false,
		"": false, ".": false, "a.": false, ".a": false, "a..b": false, "-a": false, "a b": false, "a*": false, "*": false,
		"ä": false, "a\n": false, "a.b\x00": false, "a/b": false,
	} {
		if got := webhook.ValidTopicName(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}

func TestPromptTopicsAreToldByTheirFirstSegment(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{"prompt.created": true, "prompt.": true, "prompt": false, "prompts.created": false, "my.prompt.x": false, "": false} {
		if got := webhook.IsPromptTopic(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}

func TestTheNearestNameIsTheOneSpelledMostAlike(t *testing.T) {
	t.Parallel()
	names := []string{"product.viewed", "product.added", "order.made", "cart.made"}
	for name, want := range map[string]string{
		"product.view":   "product.viewed",
		"product.addd":   "product.added",
		"product_viewed": "product.viewed",
		"order.maid":     "order.made",
		"order.created":  "",
		"xxxx.made":      "",
		"viewed":         "product.viewed",
		"made":           "cart.made",
		"product.viewed": "product.viewed",
		"":               "",
	} {
		if got := webhook.Nearest(name, names); got != want {
			t.Errorf("%q is nearest to %q, want %q", name, got, want)
		}
	}
	if got := webhook.Nearest("b", []string{"d", "c", "a"}); got != "a" {
		t.Errorf("of several as near it is %q, want the first of the alphabet", got)
	}
	if got := webhook.Nearest("a", nil); got != "" {
		t.Errorf("of no names the nearest is %q", got)
	}
}
