package filter

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/bellwire/bellwire/internal/shelf"
	"github.com/bellwire/bellwire/internal/webhook"
)

// The bounds of expressions.
const (
	// MaxExpression is the length of one in characters.
	MaxExpression = 2000
	// maxSteps bounds an evaluation the same way on every machine, so that the
	// explanation comes out as the decision did. About 10 ms of work.
	maxSteps = 100_000
	// maxTime is the backstop behind it: a machine must be in trouble for an
	// expression to take that long.
	maxTime = time.Second
	// maxDepth is how deep brackets and calls may nest, maxNodes how many parts
	// there may be once macros are written out.
	maxDepth = 40
	maxNodes = 2000
	// maxPattern is the size of a regular expression's program.
	maxPattern = 100
)

// expression is a CEL expression that is compiled when the first event asks.
// It is safe for concurrent use.
type expression struct {
	text  string
	ready func() (*program, error)
}

// programs shares the compiled form of equal expressions, so that settings
// that are read again and again are not compiled each time.
var programs = shelf.New(256, newExpression)

func newExpression(text string) *expression {
	return &expression{text, sync.OnceValues(func() (*program, error) { return compileExpression(text) })}
}

// program is a compiled expression.
type program struct {
	cel cel.Program
	// paths are the members that it reads, in order, for explanations.
	paths []path
	// loops says that it goes through lists, where the clock is watched.
	loops bool
}

// match: a fault at run time is no match.
func (x *expression) match(ev webhook.Event) bool {
	ok, _ := x.judge(ev)
	return ok
}

// judge evaluates. The error says in words why there is no answer.
func (x *expression) judge(ev webhook.Event) (bool, error) {
	p, err := x.ready()
	if err != nil {
		return false, err
	}
	out, err := p.run(&variables{ev})
	if err != nil {
		return false, errors.New(runtimeWords(err))
	}
	answer, isBool := out.(types.Bool)
	if !isBool {
		return false, errors.New("it answers " + kindOf(out) + ", not true or false")
	}
	return bool(answer), nil
}

func (p *program) run(v cel.Activation) (ref.Val, error) {
	if !p.loops {
		out, _, err := p.cel.Eval(v)
		return out, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), maxTime)
	defer cancel()
	out, _, err := p.cel.ContextEval(ctx, v)
	return out, err
}

// variables are what an expression can name.
type variables struct{ webhook.Event }

// ResolveName answers a variable's value.
func (v *variables) ResolveName(name string) (any, bool) {
	switch name {
	case "data":
		return valueOf(v.Data), true
	case "topic":
		return types.String(v.Topic), true
	case "occurredAt":
		return types.Timestamp{Time: v.OccurredAt.UTC()}, true
	}
	return nil, false
}

// Parent is nil: there are no other variables.
func (*variables) Parent() cel.Activation { return nil }

// environment is made when the first expression is compiled: an instance
// without any pays nothing for it.
var environment = sync.OnceValues(func() (*cel.Env, error) {
	env, err := cel.NewCustomEnv(append(standard(),
		cel.Variable("data", cel.MapType(cel.StringType, cel.DynType)),
		cel.Variable("topic", cel.StringType),
		cel.Variable("occurredAt", cel.TimestampType),
		cel.CrossTypeNumericComparisons(true),
		cel.DefaultUTCTimeZone(true),
		cel.ParserExpressionSizeLimit(MaxExpression),
		cel.ParserRecursionLimit(maxDepth),
		cel.ExpressionNodeLimit(maxNodes),
		cel.RegexProgramSizeLimit(maxPattern),
		cel.ASTValidators(cel.ValidateRegexLiterals(), cel.ValidateTimestampLiterals(), cel.ValidateDurationLiterals(),
			cel.ValidateComprehensionNestingLimit(3)),
	)...)
	if err != nil {
		return nil, err
	}
	// cel-go lists its names for hints at the first unknown one, unguarded from
	// those who check a loop meanwhile; so the first is here, before anyone else.
	env.Compile("unknown")
	return env, nil
})

// compileExpression answers an *ExpressionError for a mistake in the text.
func compileExpression(text string) (*program, error) {
	env, err := environment()
	if err != nil {
		return nil, err
	}
	return compileIn(env, text, true)
}

// compileIn compiles in an environment; judging says that the answer must be
// true or false.
func compileIn(env *cel.Env, text string, judging bool) (*program, error) {
	checked, err := check(env, text, judging)
	if err != nil {
		return nil, err
	}
	compiled, err := env.Program(checked, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(maxSteps), cel.InterruptCheckFrequency(100),
		cel.CostTracking(costs{}), patterns())
	if err != nil {
		return nil, &ExpressionError{Line: 1, Column: 1, Message: runtimeWords(err)}
	}
	p := &program{cel: compiled}
	root := checked.NativeRep().Expr()
	ast.PostOrderVisit(root, ast.NewExprVisitor(func(e ast.Expr) { p.loops = p.loops || e.Kind() == ast.ComprehensionKind }))
	p.paths = readPaths(root)
	return p, nil
}

func check(env *cel.Env, text string, judging bool) (*cel.Ast, error) {
	parsed, issues := env.Parse(text)
	if err := mistakeOf(text, issues); err != nil {
		return nil, err
	}
	checked, issues := env.Check(parsed)
	if err := mistakeOf(text, issues); err != nil {
		return nil, err
	}
	if id := unwritten(checked.NativeRep().Expr()); id != 0 {
		at := checked.NativeRep().SourceInfo().GetStartLocation(id)
		return nil, &ExpressionError{Line: max(at.Line(), 1), Column: at.Column() + 1, Message: "the pattern must be written out here"}
	}
	switch out := checked.OutputType(); {
	case !judging, out.IsExactType(cel.BoolType), out.IsExactType(cel.DynType):
		return checked, nil
	default:
		return nil, &ExpressionError{Line: 1, Column: 1, Message: "answers " + typeWords(out.String()) + ", it must answer true or false"}
	}
}

// ExpressionError is a mistake in an expression, with its place.
type ExpressionError struct {
	// Line and Column count from 1, the column in characters.
	Line, Column int
	Message      string
}

func (e *ExpressionError) Error() string { return e.Message }

// CheckExpression refuses an expression that can't be evaluated: with an
// *ExpressionError where it has a mistake.
func CheckExpression(text string) error {
	if strings.TrimSpace(text) == "" {
		return &ExpressionError{Line: 1, Column: 1, Message: "is empty"}
	}
	_, err := compileExpression(text)
	return err
}
