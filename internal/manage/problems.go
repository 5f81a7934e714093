package manage

import (
	"errors"
	"strings"

	"github.com/bellwire/bellwire/internal/webhook"
)

// problems gathers the wrong places of an input, so that a form shows all of
// them at once.
type problems struct {
	fields []webhook.Field
	other  error
}

// add takes an error apart; one that is not about the input wins over all.
func (p *problems) add(err error) {
	var e *webhook.Error
	switch {
	case err == nil:
	case errors.As(err, &e) && e.Kind == webhook.KindInvalid:
		p.fields = append(p.fields, e.Fields...)
	case p.other == nil:
		p.other = err
	}
}

func (p *problems) err() error {
	if p.other != nil {
		return p.other
	}
	return webhook.InvalidFields(p.fields)
}

// moved renames the places of an Invalid error: from and what is below it.
func moved(err error, from, to string) error {
	var e *webhook.Error
	if !errors.As(err, &e) || e.Kind != webhook.KindInvalid {
		return err
	}
	fields := make([]webhook.Field, len(e.Fields))
	for i, f := range e.Fields {
		if rest, ok := strings.CutPrefix(f.Location, from); ok && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			f.Location = to + rest
		}
		fields[i] = f
	}
	return webhook.InvalidFields(fields)
}
