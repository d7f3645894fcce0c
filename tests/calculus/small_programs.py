"""Programs by hand for the tests of the normal form, and two obvious evaluators: of a program and of a Normal.

Both compute in balls, so that the tests need no tolerance: the value lies inside of each ball, and the balls must meet.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import reduce

import numpy as np
import sympy
from flint import arb, arb_mat, ctx, fmpq

from eqcompiler.calculus import monomials as nf
from eqcompiler.calculus.normal_form import Tensor, tensors
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.program import Axis, Indexed, Input, Intrinsic, Program, index, scalar, size, tensor

m, n = size("m"), size("n")
i, j, k, l, p, q = (index(name) for name in "ijklpq")  # noqa: E741
a, b, x, y, r = (scalar(name) for name in "abxyr")
A, B, S, P, X, u, v, w = (tensor(name) for name in "ABSPXuvw")

M, N = Dimension.of("m"), Dimension.of("n")
INPUTS = (
    Input("a", (), assumptions=("positive",)),
    Input("b", (), assumptions=("positive",)),
    Input("x", ()),
    Input("y", ()),
    Input("r", ()),
    Input("A", (N, N)),
    Input("B", (N, N)),
    Input("S", (N, N), assumptions=("symmetric",)),
    Input("P", (N, N), assumptions=("positive definite",)),
    Input("X", (M, N)),
    Input("u", (N,)),
    Input("v", (N,)),
    Input("w", (M,)),
)
Definition = Indexed | Intrinsic


def over(symbol: sympy.Symbol, upper: sympy.Expr, lower: sympy.Expr = sympy.S.One) -> Axis:
    return Axis(symbol, lower, upper)


def program(body: sympy.Expr, axes: tuple[Axis, ...] = (), definitions: tuple[Definition, ...] = ()) -> Program:
    return Program(INPUTS, (*definitions, Indexed("out", axes, sympy.sympify(body))), ("out",))


def normal(body: sympy.Expr, axes: tuple[Axis, ...] = (), definitions: tuple[Definition, ...] = ()) -> nf.Normal:
    return form(body, axes, definitions).body


def form(body: sympy.Expr, axes: tuple[Axis, ...] = (), definitions: tuple[Definition, ...] = ()) -> Tensor:
    return tensors(program(body, axes, definitions))["out"]


def matrix(name: str, body: sympy.Expr, size_: sympy.Expr = n) -> Indexed:
    """A square matrix name[i, j] = body."""
    return Indexed(name, (over(i, size_), over(j, size_)), body)


def inverse(name: str, operand: str, size_: sympy.Expr = n) -> Intrinsic:
    return Intrinsic(name, (over(i, size_), over(j, size_)), "inverse", (operand,))


# --- values ------------------------------------------------------------------------------------------------------------

Values = Mapping[str, object]
BITS = 400
NARROW = 2.0**-100  # balls of BITS bits are far narrower, unless a sign could not be decided


def sample(seed: int, sizes: Mapping[str, int]) -> dict[str, object]:
    """Numbers for all inputs; symmetric and definite ones are so."""
    generator = np.random.default_rng(seed)
    values: dict[str, object] = dict(sizes)
    with ctx.workprec(BITS):
        for given in INPUTS:
            shape = tuple(d.value(sizes) for d in given.shape)
            value = np.vectorize(arb, otypes=[object])(generator.uniform(-2, 2, shape))
            if "symmetric" in given.assumptions:
                value = value + value.T
            if "positive definite" in given.assumptions:
                value = value @ value.T + np.vectorize(arb, otypes=[object])(np.eye(len(value)))
            value = abs(value) + arb(0.1) if "positive" in given.assumptions else value
            values[given.name] = np.asarray(value, dtype=object)
    return values


def entries(tensor_: Tensor, values: Values) -> list[arb]:
    """All entries of a tensor of Normals, in the order of its axes."""
    with ctx.workprec(BITS):
        return [value_of(tensor_.body, values, at) for at in _positions(tensor_.axes, values)]


def are_narrow(balls: Sequence[arb]) -> bool:
    """Whether the balls say what the values are. They do not where the sign of something that is zero is asked for."""
    return all(ball.is_finite() and ball.rad() < NARROW * (1 + abs(ball.mid())) for ball in balls)


def assert_meet(found: Sequence[arb], expected: Sequence[arb]) -> None:
    """The same values, as far as balls can tell."""
    assert len(found) == len(expected)
    assert are_narrow([*found, *expected])
    assert [(a, b) for a, b in zip(found, expected, strict=True) if not a.overlaps(b)] == []


def _positions(axes: tuple[nf.Index, ...], values: Values) -> list[dict[str, int]]:
    found: list[dict[str, int]] = [{}]
    for axis in axes:
        low, high = (lambda at, e=edge: position(e, values, at) for edge in (axis.lower, axis.upper))
        found = [{**at, axis.key: c} for at in found for c in range(low(at), high(at) + 1)]
    return found


def position(affine: nf.Affine, values: Values, at: Mapping[str, int]) -> int:
    total = affine.constant
    for variable, c in affine.terms:
        if isinstance(variable, nf.Index):
            total += c * at[variable.key]
        elif isinstance(variable, nf.Scaled):
            total += c * at[variable.index.key] * math.prod(int(values[name]) for name in variable.sizes)
        else:
            total += c * math.prod(int(values[name]) for name in variable)
    return total


def value_of(body: nf.Normal, values: Values, at: Mapping[str, int]) -> arb:
    return sum((_number(t.coefficient) * _product(t.factors, values, at) for t in body.terms), arb(0))


def _number(value: Fraction) -> arb:
    return arb(fmpq(value.numerator, value.denominator))


def _power(base: arb, exponent: Fraction) -> arb:
    """By products: the power of a ball that holds zero would have no value."""
    whole = math.prod([base] * abs(exponent.numerator), start=arb(1))
    root = whole if exponent.denominator == 1 else whole.root(exponent.denominator)
    return root if exponent > 0 else 1 / root


def _product(factors: tuple[nf.Factor, ...], values: Values, at: Mapping[str, int]) -> arb:
    selectors = [f.atom for f in factors if isinstance(f.atom, nf.Delta | nf.Guard)]
    if any(_atom(atom, values, at) == 0 for atom in selectors):
        return arb(0)  # what stands beside a closed guard may lie outside of its range
    return math.prod((_power(_atom(f.atom, values, at), f.exponent) for f in factors), start=arb(1))


FUNCTIONS = {
    **{name: getattr(arb, name) for name in ("exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "gamma", "erf")},
    "max": lambda *balls: reduce(arb.max, balls),
    "min": lambda *balls: reduce(arb.min, balls),
    "abs": abs,
    "sign": arb.sgn,
    "step": lambda z: arb(0) if z.is_zero() else (1 + z.sgn()) / 2,
    "power": lambda base, e: base ** e.unique_fmpz(),
}


def _atom(atom: nf.Atom, values: Values, at: Mapping[str, int]) -> arb:
    match atom:
        case nf.Scalar(name=name):
            return values[name][()]
        case nf.Size(name=name):
            return arb(values[name])
        case nf.Constant(name=name):
            return arb.pi() if name == "pi" else arb(int(name))
        case nf.Position(index=index_):
            return arb(at[index_.key])
        case nf.Component(name=name, positions=positions):
            return values[name][tuple(position(p_, values, at) - 1 for p_ in positions)]
        case nf.Delta(difference=difference):
            return arb(position(difference, values, at) == 0)
        case nf.Guard(natural=natural):
            return arb(position(natural, values, at) >= 0)
        case nf.Function(name=name, arguments=arguments):
            return FUNCTIONS[name](*(value_of(argument, values, at) for argument in arguments))
        case nf.Group(body=body):
            return value_of(body, values, at)
        case nf.Intrinsic():
            return _whole(atom, values, at)
        case nf.Contraction(bound=bound, factors=factors):
            places: list[dict[str, int]] = [dict(at)]
            for b_ in sorted(bound, key=lambda b_: len(b_.upper.indices)):
                places = [{**here, b_.key: c} for here in places for c in range(1, position(b_.upper, values, here) + 1)]
            return sum((_product(factors, values, here) for here in places), arb(0))
    raise TypeError(type(atom))


def _whole(atom: nf.Intrinsic, values: Values, at: Mapping[str, int]) -> arb:
    operand = atom.operands[0]
    shape = tuple(position(axis.upper, values, at) for axis in operand.axes)
    data = np.empty(shape, dtype=object)
    for where in itertools.product(*(range(s) for s in shape)):
        here = {**at, **{axis.key: c + 1 for axis, c in zip(operand.axes, where, strict=True)}}
        data[where] = value_of(operand.body, values, here)
    return WHOLE[atom.operation](data)[tuple(position(p_, values, at) - 1 for p_ in atom.positions)]


def _inverse(data: np.ndarray) -> np.ndarray:
    return np.array(arb_mat(data.tolist()).inv().tolist(), dtype=object)


def _det(data: np.ndarray) -> np.ndarray:
    return np.array(arb_mat(data.tolist()).det(), dtype=object)


WHOLE = {"inverse": _inverse, "det": _det, "logdet": lambda data: np.array(abs(_det(data)[()]).log(), dtype=object)}


def program_entries(given: Program, values: Values) -> list[arb]:
    """All entries of the output, straight from the SymPy bodies."""
    with ctx.workprec(BITS):
        return np.ravel(_Direct(given, values).tensor("out")).tolist()


class _Direct:
    def __init__(self, given: Program, values: Values) -> None:
        self.definitions = {d.name: d for d in given.definitions}
        self.values = values
        self.made: dict[str, np.ndarray] = {}

    def tensor(self, name: str) -> np.ndarray:
        if name in self.made:
            return self.made[name]
        definition = self.definitions.get(name)
        if definition is None:
            value = self.values[name]
            return value if isinstance(value, np.ndarray) else np.array(arb(value), dtype=object)
        if isinstance(definition, Intrinsic):
            self.made[name] = WHOLE[definition.operation](self.tensor(definition.operands[0]))
            return self.made[name]
        shape = tuple(self.position(axis.upper, {}) for axis in definition.axes)
        data = np.empty(shape, dtype=object)
        for where in itertools.product(*(range(s) for s in shape)):
            data[where] = self.value(
                definition.body, {axis.index: c + 1 for axis, c in zip(definition.axes, where, strict=True)}
            )
        self.made[name] = data
        return data

    def position(self, e: sympy.Expr, at: Mapping[sympy.Symbol, int]) -> int:
        return int(self.value(e, at).unique_fmpz())

    def value(self, e: sympy.Expr, at: Mapping[sympy.Symbol, int]) -> arb:
        if e.is_Rational:
            return _number(Fraction(e.p, e.q))
        if isinstance(e, sympy.Symbol):
            return arb(at[e]) if e in at else self.tensor(e.name)[()]
        if isinstance(e, sympy.Indexed):
            return self.tensor(str(e.base.label))[tuple(self.position(s, at) - 1 for s in e.indices)]
        if isinstance(e, sympy.Sum):
            return self._sum(e.function, list(e.limits), at)
        if isinstance(e, sympy.Piecewise):
            return next(self.value(value, at) for value, test in e.args if self._holds(test, at))
        parts = [self.value(argument, at) for argument in e.args]
        if isinstance(e, sympy.Add):
            return sum(parts, arb(0))
        if isinstance(e, sympy.Mul):
            return math.prod(parts, start=arb(1))
        if isinstance(e, sympy.Pow):
            if e.exp.is_Rational:
                return _power(parts[0], Fraction(e.exp.p, e.exp.q))
            return parts[0] ** parts[1]
        if isinstance(e, sympy.KroneckerDelta):
            return arb(parts[0] == parts[1])
        return FUNCTIONS[type(e).__name__.lower()](*parts)

    def _sum(self, body: sympy.Expr, limits: list[sympy.Tuple], at: Mapping[sympy.Symbol, int]) -> arb:
        if not limits:
            return self.value(body, at)
        symbol, low, high = limits[-1]
        places = range(self.position(low, at), self.position(high, at) + 1)
        return sum((self._sum(body, limits[:-1], {**at, symbol: c}) for c in places), arb(0))

    def _holds(self, test: sympy.Basic, at: Mapping[sympy.Symbol, int]) -> bool:
        if test in (sympy.true, sympy.false):
            return test == sympy.true
        if isinstance(test, sympy.And):
            return all(self._holds(part, at) for part in test.args)
        left, right = (self.value(side, at) for side in test.args)
        known = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne}
        return bool(known[test.rel_op](left, right))
