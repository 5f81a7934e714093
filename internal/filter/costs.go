package filter

import (
	"errors"
	"regexp"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	celop "cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/interpreter"
)

// costs counts the steps of calls whose work CEL can't tell from the types of
// members: joining texts and lists, regular expressions, time zones.
type costs struct{}

// CallCost is nil where CEL's own count is right.
func (costs) CallCost(function, _ string, args []ref.Val, result ref.Val) *uint64 {
	var steps uint64
	switch {
	case function == celop.Add:
		steps = 1 + sizeOf(result)/10
	case function == matches:
		steps = 1 + sizeOf(args[0])*sizeOf(args[1])/16
	case len(args) == 2 && strings.HasPrefix(function, "get"):
		steps = 50 // a part of a time in a zone that is looked up each time
	default:
		return nil
	}
	return &steps
}

func sizeOf(v ref.Val) uint64 {
	switch v := v.(type) {
	case types.String:
		return uint64(len(v))
	case traits.Sizer:
		if n, ok := v.Size().(types.Int); ok {
			return uint64(max(n, 0))
		}
	}
	return 0
}

// matches is the function of regular expressions. Its pattern is written out,
// so that it is compiled once, and its text is bounded: one call can't be
// stopped half way.
const (
	matches     = "matches"
	maxSearched = 16 << 10
)

var errSearched = errors.New("a text is too long for a pattern")

// patterns has regular expressions compiled together with the expression.
func patterns() cel.ProgramOption {
	of := func(overload string) *interpreter.RegexOptimization {
		return &interpreter.RegexOptimization{Function: matches, OverloadID: overload, RegexIndex: 1, Factory: newMatches}
	}
	return cel.OptimizeRegex(of("matches"), of("matches_string"))
}

func newMatches(call interpreter.InterpretableCall, pattern string) (interpreter.InterpretableCall, error) {
	compiled, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	return interpreter.NewCall(call.ID(), call.Function(), call.OverloadID(), call.Args(), func(values ...ref.Val) ref.Val {
		text, ok := values[0].(types.String)
		switch {
		case !ok:
			return types.MaybeNoSuchOverloadErr(values[0])
		case len(text) > maxSearched:
			return types.WrapErr(errSearched)
		}
		return types.Bool(compiled.MatchString(string(text)))
	}), nil
}

// unwritten finds a pattern that is not written out; 0 for none.
func unwritten(root ast.Expr) (id int64) {
	ast.PostOrderVisit(root, ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.CallKind || e.AsCall().FunctionName() != matches {
			return
		}
		args := e.AsCall().Args()
		if pattern := args[len(args)-1]; pattern.Kind() != ast.LiteralKind {
			id = pattern.ID()
		}
	}))
	return id
}
