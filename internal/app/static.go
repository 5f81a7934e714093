package app

import (
	"net/http"
	"strings"

	"github.com/bellwire/bellwire/static"
)

// serveStatic answers an embedded file by its hashed name. The name changes
// with the content, so browsers may keep it for good.
func serveStatic(w http.ResponseWriter, r *http.Request) {
	file, ok := static.Lookup(r.URL.Path)
	if !ok {
		http.NotFound(w, r)
		return
	}
	header := w.Header()
	header.Set("Content-Type", file.Type)
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	data := file.Data
	if file.Gzip != nil {
		header.Set("Vary", "Accept-Encoding")
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			header.Set("Content-Encoding", "gzip")
			data = file.Gzip
		}
	}
	w.Write(data)
}
