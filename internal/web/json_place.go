package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
)

func asTold(err error) (*webhook.Error, bool) {
	var told *webhook.Error
	ok := errors.As(err, &told)
	return told, ok
}

// pretty lays JSON out over lines without touching how anything is spelt.
func pretty(data []byte) string {
	var out bytes.Buffer
	if tooDeep(data) || json.Indent(&out, data, "", "  ") != nil {
		return string(data)
	}
	return out.String()
}

// faultAt is what is wrong with a field and not with something inside it.
func faultAt(faults []webhook.Field, location string) string {
	for _, f := range faults {
		if f.Location == location {
			return f.Message
		}
	}
	return ""
}

// inByte is how a fault of JSON's grammar names its place.
var inByte = regexp.MustCompile(` \(byte (\d+)\)$`)

// editorFaults are the faults at a root and below it, with the lines of the
// text on which they stand.
func editorFaults(faults []webhook.Field, root, text string) []component.EditorFault {
	var list []component.EditorFault
	for _, f := range faults {
		rest, ok := strings.CutPrefix(f.Location, root)
		if !ok || rest != "" && rest[0] != '.' && rest[0] != '[' {
			continue
		}
		fault := component.EditorFault{Path: f.Location, Text: f.Message}
		line := lineOf(text, rest)
		if at := inByte.FindStringSubmatch(f.Message); at != nil {
			fault.Text = strings.TrimSuffix(f.Message, at[0])
			offset, _ := strconv.Atoi(at[1]) // digits, by the pattern
			lead := len(text) - len(strings.TrimLeft(text, " \t\r\n"))
			line = 1 + strings.Count(text[:min(lead+offset-1, len(text))], "\n")
		}
		if line > 0 && strings.TrimSpace(text) != "" {
			fault.Line = strconv.Itoa(line)
		}
		list = append(list, fault)
	}
	return list
}

// lineOf is the line, from 1, of the member that a path such as ".items[2].id"
// names; of one that is missing, that of what lacks it. 0 if the text can't be
// read as far as that.
func lineOf(text, path string) int {
	if tooDeep([]byte(text)) {
		return 0
	}
	p := placing{decoder: json.NewDecoder(strings.NewReader(text)), wanted: path, longest: -1}
	p.decoder.UseNumber()
	_ = p.value("") // broken text has the places before the break
	if p.longest < 0 {
		return 0
	}
	return 1 + strings.Count(text[:min(int(p.offset), len(text))], "\n")
}

// placing looks for the longest path that leads to the wanted one.
type placing struct {
	decoder *json.Decoder
	wanted  string
	longest int
	offset  int64
}

func (p *placing) value(path string) error {
	token, err := p.decoder.Token()
	if err != nil {
		return err
	}
	if rest, ok := strings.CutPrefix(p.wanted, path); ok && len(path) > p.longest && (rest == "" || rest[0] == '.' || rest[0] == '[') {
		p.longest, p.offset = len(path), p.decoder.InputOffset()
	}
	switch token {
	case json.Delim('{'):
		return p.object(path)
	case json.Delim('['):
		return p.list(path)
	}
	return nil
}

func (p *placing) object(path string) error {
	for p.decoder.More() {
		name, err := p.decoder.Token()
		if err != nil {
			return err
		}
		if err := p.value(fmt.Sprintf("%s.%v", path, name)); err != nil {
			return err
		}
	}
	_, err := p.decoder.Token()
	return err
}

func (p *placing) list(path string) error {
	for i := 0; p.decoder.More(); i++ {
		if err := p.value(fmt.Sprintf("%s[%d]", path, i)); err != nil {
			return err
		}
	}
	_, err := p.decoder.Token()
	return err
}
