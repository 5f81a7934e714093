package filter

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/env"
	celop "cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/stdlib"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// JSON knows one kind of number: 9 and 9.5 come from the same publisher on the
// same day. So numbers calculate with each other whatever their spelling, and
// a division that does not come out even has decimals.

// operation is one of the four, on two values of one type and on doubles.
type operation struct {
	name    string
	trait   int
	apply   func(a, b ref.Val) ref.Val
	doubles func(a, b float64) float64
}

var operations = []operation{
	{celop.Add, traits.AdderType, func(a, b ref.Val) ref.Val { return a.(traits.Adder).Add(b) }, func(a, b float64) float64 { return a + b }},
	{celop.Subtract, traits.SubtractorType, func(a, b ref.Val) ref.Val { return a.(traits.Subtractor).Subtract(b) }, func(a, b float64) float64 { return a - b }},
	{celop.Multiply, traits.MultiplierType, func(a, b ref.Val) ref.Val { return a.(traits.Multiplier).Multiply(b) }, func(a, b float64) float64 { return a * b }},
	{celop.Divide, traits.DividerType, divide, func(a, b float64) float64 { return a / b }},
}

// standard is the standard library without the four operations, which stand in
// their place with all their overloads and those on unlike numbers.
func standard() []cel.EnvOption {
	without := env.NewLibrarySubset()
	var own []cel.EnvOption
	for _, o := range operations {
		without.AddExcludedFunctions(env.NewFunction(o.name))
		own = append(own, cel.Function(o.name, append(o.overloads(), cel.SingletonBinaryBinding(o.run, o.trait))...))
	}
	return append([]cel.EnvOption{cel.StdLib(cel.StdLibSubset(without))}, own...)
}

// unlike are the pairs of numbers that CEL alone does not calculate with.
var unlike = []struct {
	name string
	a, b *cel.Type
}{
	{"_int_double", cel.IntType, cel.DoubleType}, {"_double_int", cel.DoubleType, cel.IntType},
	{"_uint_double", cel.UintType, cel.DoubleType}, {"_double_uint", cel.DoubleType, cel.UintType},
	{"_int_uint", cel.IntType, cel.UintType}, {"_uint_int", cel.UintType, cel.IntType},
}

func (o operation) overloads() []cel.FunctionOpt {
	var options []cel.FunctionOpt
	for _, f := range stdlib.Functions() {
		if f.Name() != o.name {
			continue
		}
		for _, known := range f.OverloadDecls() {
			options = append(options, cel.Overload(known.ID(), known.ArgTypes(), known.ResultType()))
		}
	}
	for _, p := range unlike {
		options = append(options, cel.Overload(o.name+p.name, []*cel.Type{p.a, p.b}, cel.DoubleType))
	}
	return options
}

func (o operation) run(a, b ref.Val) ref.Val {
	x, isNumber := double(a)
	y, both := double(b)
	if !isNumber || !both {
		return o.apply(a, b)
	}
	if a.Type() == b.Type() {
		if exact := o.apply(a, b); !types.IsError(exact) || isZero(b) {
			return exact
		}
	}
	return types.Double(o.doubles(x, y)) // also where 64 bits do not suffice
}

func divide(a, b ref.Val) ref.Val {
	if n, ok := a.(traits.Modder); ok && !isZero(b) {
		if rest := n.Modulo(b); !isZero(rest) {
			x, _ := double(a)
			y, _ := double(b)
			return types.Double(x / y)
		}
	}
	return a.(traits.Divider).Divide(b)
}

func double(v ref.Val) (float64, bool) {
	switch n := v.(type) {
	case types.Int:
		return float64(n), true
	case types.Uint:
		return float64(n), true
	case types.Double:
		return float64(n), true
	}
	return 0, false
}

func isZero(v ref.Val) bool {
	n, ok := double(v)
	return ok && n == 0
}
