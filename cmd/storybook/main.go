// Storybook serves every view with canned models, for people who work on the
// pages. It knows views and static, and must not know the product behind them.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"html"
	"log"
	"net/http"
	"sort"
	"time"

	"github.com/a-h/templ"

	"github.com/bellwire/bellwire/static"
)

// policy is the one that the product serves its pages under.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func main() {
	addr := flag.String("addr", "127.0.0.1:6006", "where to listen")
	flag.Parse()
	server := &http.Server{Addr: *addr, Handler: handler(), ReadHeaderTimeout: 5 * time.Second}
	log.Printf("storybook at http://%s", *addr)
	log.Fatal(server.ListenAndServe())
}

func handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /static/", serveStatic)
	mux.HandleFunc("GET /{$}", index)
	mux.HandleFunc("GET /story/{name}", story)
	return mux
}

func serveStatic(w http.ResponseWriter, r *http.Request) {
	file, ok := static.Lookup(r.URL.Path)
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", file.Type)
	_, _ = w.Write(file.Data) // the browser may have gone
}

func index(w http.ResponseWriter, _ *http.Request) {
	names := make([]string, 0, len(stories()))
	for name := range stories() {
		names = append(names, name)
	}
	sort.Strings(names)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprint(w, "<!DOCTYPE html><title>Storybook</title><ul>")
	for _, name := range names {
		n := html.EscapeString(name)
		fmt.Fprintf(w, `<li><a href="/story/%s">%s</a> · <a href="/story/%s?theme=dark">dark</a>`, n, n, n)
	}
}

func story(w http.ResponseWriter, r *http.Request) {
	tell, ok := stories()[r.PathValue("name")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	theme := r.URL.Query().Get("theme")
	if theme == "" {
		theme = "light"
	}
	var page bytes.Buffer
	if err := tell(theme).Render(r.Context(), &page); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", policy)
	_, _ = w.Write(page.Bytes()) // the browser may have gone
}

// teller makes one story in a theme.
type teller func(theme string) templ.Component
