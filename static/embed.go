// Package static embeds what browsers load: style, scripts, pictures. It knows
// files and their hashes, and must not know who serves them or which page asks.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"path"
	"strings"
)

// FS holds the files by their plain names: "dist/app.css", "js/app.js",
// "vendor/htmx-2.0.11.min.js", "img/favicon.svg".
//
//go:embed dist js vendor img
var FS embed.FS

// Prefix is where the files are served.
const Prefix = "/static/"

// File is one embedded file, ready to be served under its hashed name.
type File struct {
	Name string
	// Type is the Content-Type.
	Type string
	Data []byte
	// Gzip is Data compressed, nil where that saves nothing.
	Gzip []byte
	// Hash is part of the served name, so an answer never changes.
	Hash string
}

var byName, byPath = index()

// Path is where a file is served: "dist/app.css" is at
// "/static/dist/app.5f0c2a9be1d4.css". It panics on a name that is not
// embedded: that is a mistake in a view, seen by the first test that renders it.
func Path(name string) string {
	file, ok := byName[name]
	if !ok {
		panic("static: no file " + name)
	}
	return Prefix + hashed(name, file.Hash)
}

// Lookup finds the file that a served path names, with or without Prefix.
func Lookup(served string) (*File, bool) {
	file, ok := byPath[strings.TrimPrefix(strings.TrimPrefix(served, Prefix), "/")]
	return file, ok
}

func index() (names, paths map[string]*File) {
	names, paths = map[string]*File{}, map[string]*File{}
	squeeze := squeezer()
	err := fs.WalkDir(FS, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := FS.ReadFile(name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		file := &File{Name: name, Type: contentType(name), Data: data, Gzip: squeeze(data), Hash: hex.EncodeToString(sum[:6])}
		names[name], paths[hashed(name, file.Hash)] = file, file
		return nil
	})
	if err != nil {
		panic("static: " + err.Error()) // the files are part of the program
	}
	return names, paths
}

func hashed(name, hash string) string {
	ext := path.Ext(name)
	return strings.TrimSuffix(name, ext) + "." + hash + ext
}

func contentType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".txt":
		return "text/plain; charset=utf-8"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}

// squeezer compresses file by file with one writer: it is large, and this runs
// at every start.
func squeezer() func(data []byte) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // the level is valid
	return func(data []byte) []byte {
		out.Reset()
		w.Reset(&out)
		_, _ = w.Write(data) // a buffer does not fail
		_ = w.Close()
		if out.Len() > len(data)*9/10 {
			return nil
		}
		return bytes.Clone(out.Bytes())
	}
}
