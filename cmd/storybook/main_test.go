package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/bellwire/bellwire/static"
)

// everyStory renders each story once and hands it over as a document.
func everyStory(t *testing.T, check func(t *testing.T, page string, doc *goquery.Document)) {
	t.Helper()
	for name, tell := range stories() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var page bytes.Buffer
			if err := tell("light").Render(t.Context(), &page); err != nil {
				t.Fatal(err)
			}
			doc, err := goquery.NewDocumentFromReader(bytes.NewReader(page.Bytes()))
			if err != nil {
				t.Fatal(err)
			}
			check(t, page.String(), doc)
		})
	}
}

func TestPages_stayInsideThePolicy(t *testing.T) {
	t.Parallel()
	everyStory(t, func(t *testing.T, page string, doc *goquery.Document) {
		if n := doc.Find("[style], style, script:not([src]), iframe, object, base").Length(); n != 0 {
			t.Errorf("%d elements that the policy forbids", n)
		}
		doc.Find("*").Each(func(_ int, s *goquery.Selection) {
			for _, a := range s.Nodes[0].Attr {
				if strings.HasPrefix(a.Key, "on") || strings.HasPrefix(a.Key, "hx-on") {
					t.Errorf("%s has the handler %s", s.Nodes[0].Data, a.Key)
				}
			}
		})
		doc.Find("script[src], link[href], img[src]").Each(func(_ int, s *goquery.Selection) {
			src := s.AttrOr("src", s.AttrOr("href", ""))
			if _, ok := static.Lookup(src); !ok {
				t.Errorf("%q is not one of our files", src)
			}
		})
		if strings.Contains(page, hostile) || strings.Contains(page, "<b>bold</b>") {
			t.Error("hostile text came out unescaped")
		}
	})
}

func TestPages_haveUniqueIDsAndTargetsThatExist(t *testing.T) {
	t.Parallel()
	everyStory(t, func(t *testing.T, _ string, doc *goquery.Document) {
		seen := map[string]bool{}
		doc.Find("[id]").Each(func(_ int, s *goquery.Selection) {
			id := s.AttrOr("id", "")
			if seen[id] {
				t.Errorf("id %q twice", id)
			}
			seen[id] = true
		})
		for _, attr := range []string{"popovertarget", "for", "aria-labelledby", "aria-describedby", "data-narrow"} {
			doc.Find("[" + attr + "]").Each(func(_ int, s *goquery.Selection) {
				for _, id := range strings.Fields(s.AttrOr(attr, "")) {
					if !seen[id] {
						t.Errorf("%s points at %q, which is not there", attr, id)
					}
				}
			})
		}
		doc.Find(`main a[href^="#"]`).Each(func(_ int, s *goquery.Selection) {
			if id := strings.TrimPrefix(s.AttrOr("href", ""), "#"); id != "" && !seen[id] {
				t.Errorf("a link leads to #%s, which is not there", id)
			}
		})
	})
}

func TestPages_nameEveryControl(t *testing.T) {
	t.Parallel()
	everyStory(t, func(t *testing.T, _ string, doc *goquery.Document) {
		doc.Find("input:not([type=hidden]), select, textarea").Each(func(_ int, s *goquery.Selection) {
			id := s.AttrOr("id", "")
			labelled := s.AttrOr("aria-label", "") != "" || s.Closest("label").Length() > 0 ||
				(id != "" && doc.Find(`label[for="`+id+`"]`).Length() > 0)
			if !labelled {
				t.Errorf("the control %q has no name", s.AttrOr("name", id))
			}
		})
		doc.Find("button, a").Each(func(_ int, s *goquery.Selection) {
			if strings.TrimSpace(s.Text()) == "" && s.AttrOr("aria-label", "") == "" {
				t.Errorf("a %s without words: %v", s.Nodes[0].Data, s.AttrOr("class", ""))
			}
		})
		if n := doc.Find("h1").Length(); n != 1 {
			t.Errorf("%d first headings", n)
		}
	})
}

// Without script a page can change things by forms only, and each must name
// its method: a missing one would put secrets into the address.
func TestForms_nameTheirMethodAndSecretsNeverGoByGet(t *testing.T) {
	t.Parallel()
	everyStory(t, func(t *testing.T, _ string, doc *goquery.Document) {
		doc.Find("form").Each(func(_ int, s *goquery.Selection) {
			method := s.AttrOr("method", "")
			if method != "get" && method != "post" {
				t.Errorf("a form to %q has the method %q", s.AttrOr("action", ""), method)
			}
			if method == "get" && s.Find(`[type=password], [name=token], [name=secret]`).Length() > 0 {
				t.Errorf("a form to %q sends a secret by GET", s.AttrOr("action", ""))
			}
			s.Find("[type=password]").Each(func(_ int, p *goquery.Selection) {
				if p.AttrOr("value", "") != "" {
					t.Error("a password is sent back to the browser")
				}
			})
		})
	})
}

func TestHandler_servesStoriesAndFiles(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]int{
		"/": http.StatusOK, "/story/overview": http.StatusOK, "/story/nothing": http.StatusNotFound,
		static.Path("dist/app.css"): http.StatusOK, "/static/dist/app.css": http.StatusNotFound,
	} {
		answer := httptest.NewRecorder()
		handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
		if answer.Code != want {
			t.Errorf("GET %s answers %d, want %d", path, answer.Code, want)
		}
	}
}
