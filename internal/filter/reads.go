package filter

import (
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	celop "cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/bellwire/bellwire/internal/rawjson"
	"github.com/bellwire/bellwire/internal/webhook"
)

// path is a member that an expression reads: "data", "price".
type path []string

// maxPaths keeps explanations readable.
const maxPaths = 6

// readPaths are the members of data and the variables that an expression
// reads, each once and in order.
func readPaths(root ast.Expr) []path {
	var paths []path
	var walk func(e ast.Expr)
	walk = func(e ast.Expr) {
		if p := pathOf(e); p != nil {
			known := slices.ContainsFunc(paths, func(k path) bool { return slices.Equal(k, p) })
			if !known && len(paths) < maxPaths {
				paths = append(paths, p)
			}
			return
		}
		for _, part := range partsOf(e) {
			walk(part)
		}
	}
	walk(root)
	return paths
}

// pathOf is nil for what is no plain chain of members.
func pathOf(e ast.Expr) path {
	switch e.Kind() {
	case ast.IdentKind:
		if name := e.AsIdent(); name == "data" || name == "topic" || name == "occurredAt" {
			return path{name}
		}
	case ast.SelectKind:
		if before := pathOf(e.AsSelect().Operand()); before != nil {
			return append(before, e.AsSelect().FieldName())
		}
	case ast.CallKind:
		call := e.AsCall()
		if call.FunctionName() != celop.Index || call.Args()[1].Kind() != ast.LiteralKind {
			return nil
		}
		name, isText := call.Args()[1].AsLiteral().(types.String)
		if before := pathOf(call.Args()[0]); before != nil && isText {
			return append(before, string(name))
		}
	}
	return nil
}

func partsOf(e ast.Expr) []ast.Expr {
	switch e.Kind() {
	case ast.SelectKind:
		return []ast.Expr{e.AsSelect().Operand()}
	case ast.CallKind:
		call := e.AsCall()
		if call.IsMemberFunction() {
			return append([]ast.Expr{call.Target()}, call.Args()...)
		}
		return call.Args()
	case ast.ListKind:
		return e.AsList().Elements()
	case ast.ComprehensionKind:
		c := e.AsComprehension()
		return []ast.Expr{c.IterRange(), c.LoopStep(), c.Result()}
	}
	return nil
}

// explain says how the expression came out and what it found.
func (x *expression) explain(ev webhook.Event) Line {
	line := Line{What: "expression: " + x.text}
	ok, err := x.judge(ev)
	line.OK = ok
	found := x.found(ev)
	if err != nil && !slices.ContainsFunc(found, func(f string) bool { return strings.HasSuffix(f, "."+err.Error()) }) {
		found = append([]string{err.Error()}, found...)
	}
	line.Why = strings.Join(found, "; ")
	return line
}

// found are the values of the members that the expression reads.
func (x *expression) found(ev webhook.Event) []string {
	p, err := x.ready()
	if err != nil {
		return nil
	}
	var found []string
	for _, at := range p.paths {
		name := strings.Join(at, ".")
		switch {
		case at[0] == "topic":
			found = append(found, "topic is "+ev.Topic)
		case at[0] == "occurredAt":
			found = append(found, "occurredAt is "+ev.OccurredAt.UTC().Format("2006-01-02T15:04:05.000Z"))
		case len(at) > 1:
			value, ok := rawjson.Lookup(ev.Data, at[1:]...)
			if ok {
				found = append(found, name+" is "+shown(value))
			} else {
				found = append(found, name+" is missing")
			}
		}
	}
	return found
}
