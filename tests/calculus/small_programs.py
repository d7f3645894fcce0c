"""Programs by hand for the tests of the normal form, and two obvious evaluators: of a program and of a Normal."""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Mapping

import numpy as np
import sympy

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


def sample(seed: int, sizes: Mapping[str, int]) -> dict[str, object]:
    """Numbers for all inputs; symmetric and definite ones are so."""
    generator = np.random.default_rng(seed)
    values: dict[str, object] = dict(sizes)
    for given in INPUTS:
        shape = tuple(d.value(sizes) for d in given.shape)
        value = generator.uniform(-2, 2, shape)
        if "symmetric" in given.assumptions:
            value = value + value.T
        if "positive definite" in given.assumptions:
            value = value @ value.T + np.eye(len(value))
        values[given.name] = abs(value) + 0.1 if "positive" in given.assumptions else value
    return values


def entries(tensor_: Tensor, values: Values) -> list[float]:
    """All entries of a tensor of Normals, in the order of its axes."""
    return [value_of(tensor_.body, values, at) for at in _positions(tensor_.axes, values)]


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


def value_of(body: nf.Normal, values: Values, at: Mapping[str, int]) -> float:
    return sum(float(t.coefficient) * _product(t.factors, values, at) for t in body.terms)


def _product(factors: tuple[nf.Factor, ...], values: Values, at: Mapping[str, int]) -> float:
    selectors = [f.atom for f in factors if isinstance(f.atom, nf.Delta | nf.Guard)]
    if any(_atom(atom, values, at) == 0 for atom in selectors):
        return 0.0  # what stands beside a closed guard may lie outside of its range
    result = 1.0
    for f in factors:
        base, e = _atom(f.atom, values, at), f.exponent
        result *= base ** int(e) if e.denominator == 1 else base ** float(e)
    return result


FUNCTIONS = {
    "exp": math.exp,
    "log": math.log,
    "abs": abs,
    "sign": lambda z: float(np.sign(z)),
    "step": lambda z: float(z > 0),
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "sinh": math.sinh,
    "cosh": math.cosh,
    "tanh": math.tanh,
    "erf": math.erf,
    "gamma": math.gamma,
    "max": max,
    "power": lambda base, e: base ** round(e),
}


def _atom(atom: nf.Atom, values: Values, at: Mapping[str, int]) -> float:
    match atom:
        case nf.Scalar(name=name) | nf.Size(name=name):
            return float(values[name])
        case nf.Constant(name=name):
            return math.pi if name == "pi" else float(name)
        case nf.Position(index=index_):
            return float(at[index_.key])
        case nf.Component(name=name, positions=positions):
            return float(values[name][tuple(position(p_, values, at) - 1 for p_ in positions)])
        case nf.Delta(difference=difference):
            return float(position(difference, values, at) == 0)
        case nf.Guard(natural=natural):
            return float(position(natural, values, at) >= 0)
        case nf.Function(name=name, arguments=arguments):
            return float(FUNCTIONS[name](*(value_of(argument, values, at) for argument in arguments)))
        case nf.Group(body=body):
            return value_of(body, values, at)
        case nf.Intrinsic():
            return _whole(atom, values, at)
        case nf.Contraction(bound=bound, factors=factors):
            places: list[dict[str, int]] = [dict(at)]
            for b_ in sorted(bound, key=lambda b_: len(b_.upper.indices)):
                places = [{**here, b_.key: c} for here in places for c in range(1, position(b_.upper, values, here) + 1)]
            return sum(_product(factors, values, here) for here in places)
    raise TypeError(type(atom))


def _whole(atom: nf.Intrinsic, values: Values, at: Mapping[str, int]) -> float:
    operand = atom.operands[0]
    shape = tuple(position(axis.upper, values, at) for axis in operand.axes)
    data = np.empty(shape)
    for where in itertools.product(*(range(s) for s in shape)):
        here = {**at, **{axis.key: c + 1 for axis, c in zip(operand.axes, where, strict=True)}}
        data[where] = value_of(operand.body, values, here)
    if atom.operation == "det":
        return float(np.linalg.det(data))
    result = {"inverse": np.linalg.inv, "pseudoinverse": np.linalg.pinv}[atom.operation](data)
    return float(result[tuple(position(p_, values, at) - 1 for p_ in atom.positions)])


def program_entries(given: Program, values: Values) -> list[float]:
    """All entries of the output, straight from the SymPy bodies."""
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
            return np.asarray(self.values[name], dtype=float)
        if isinstance(definition, Intrinsic):
            data = self.tensor(definition.operands[0])
            known = {"inverse": np.linalg.inv, "det": np.linalg.det, "logdet": lambda z: np.linalg.slogdet(z)[1]}
            self.made[name] = np.asarray(known[definition.operation](data))
            return self.made[name]
        shape = tuple(int(self.value(axis.upper, {})) for axis in definition.axes)
        data = np.empty(shape)
        for where in itertools.product(*(range(s) for s in shape)):
            data[where] = self.value(
                definition.body, {axis.index: c + 1 for axis, c in zip(definition.axes, where, strict=True)}
            )
        self.made[name] = data
        return data

    def value(self, e: sympy.Expr, at: Mapping[sympy.Symbol, int]) -> float:
        if e.is_Number:
            return float(e)
        if isinstance(e, sympy.Symbol):
            return float(at[e]) if e in at else float(self.tensor(e.name))
        if isinstance(e, sympy.Indexed):
            return float(self.tensor(str(e.base.label))[tuple(round(self.value(s, at)) - 1 for s in e.indices)])
        if isinstance(e, sympy.Sum):
            return self._sum(e.function, list(e.limits), at)
        if isinstance(e, sympy.Piecewise):
            return next(self.value(value, at) for value, test in e.args if self._holds(test, at))
        parts = [self.value(argument, at) for argument in e.args]
        if isinstance(e, sympy.Add):
            return math.fsum(parts)
        if isinstance(e, sympy.Mul):
            return math.prod(parts)
        if isinstance(e, sympy.Pow):
            return parts[0] ** (int(parts[1]) if parts[1] == int(parts[1]) else parts[1])
        named = {"Abs": abs, "Max": max, "Min": min, "KroneckerDelta": lambda c, d: float(c == d)}
        return float(named.get(type(e).__name__, FUNCTIONS.get(type(e).__name__))(*parts))

    def _sum(self, body: sympy.Expr, limits: list[sympy.Tuple], at: Mapping[sympy.Symbol, int]) -> float:
        if not limits:
            return self.value(body, at)
        symbol, low, high = limits[-1]
        edges = round(self.value(low, at)), round(self.value(high, at))
        return math.fsum(self._sum(body, limits[:-1], {**at, symbol: c}) for c in range(edges[0], edges[1] + 1))

    def _holds(self, test: sympy.Basic, at: Mapping[sympy.Symbol, int]) -> bool:
        if test in (sympy.true, sympy.false):
            return test == sympy.true
        if isinstance(test, sympy.And):
            return all(self._holds(part, at) for part in test.args)
        left, right = (self.value(side, at) for side in test.args)
        known = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne}
        return bool(known[test.rel_op](left, right))
