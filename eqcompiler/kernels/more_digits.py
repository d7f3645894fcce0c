"""The plan of a number once more, with more digits: in double-double, and in decimal numbers.

Takes: a LoopPlan with `accuracy`. Gives: lines of Python.
Guarantees: the operations of the plan in its order; what is exact in float64 (parameters, sizes, indices) is exact here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import sympy

from eqcompiler.errors import CompilerFault
from eqcompiler.kernels.checked_text import DECORATOR
from eqcompiler.kernels.doors import Door, used
from eqcompiler.kernels.python_text import Identifiers, PythonText
from eqcompiler.kernels.stable_functions import (
    Apart,
    ExpDifference,
    Expm1,
    Log1p,
    LogisticLoss,
    LogOfSum,
    Sigmoid,
    Softplus,
    Ties,
    XLogX,
)
from eqcompiler.kernels.statements import label
from eqcompiler.languages.loop_plan import Accumulate, Assign, Loop, LoopPlan, Node
from eqcompiler.languages.program import tensor

DIGITS = 60  # of a constant, before it becomes two float64: 32 would do


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """How operations are written. `parts`: the arrays that hold an array of numbers; `given`: a float64; `number`: a constant,
    any one that `folds`, else one that is no operation."""

    head: tuple[str, ...]
    parts: tuple[str, ...]
    entries: str
    given: str
    exact_product: str
    number: Callable[[sympy.Expr], str]
    folds: bool
    operations: dict[str, str]
    functions: dict[type, str]
    result: str


def _pair(value: sympy.Expr) -> str:
    """The two float64 next to a constant, and what is left; 2^-107 of it at most."""
    exact = value if value.is_Rational else sympy.Rational(sympy.N(value, DIGITS))
    high = float(exact)
    low = float(exact - sympy.Rational(high))
    left = float(abs(exact - sympy.Rational(high) - sympy.Rational(low)))
    return f"({high!r}, {low!r}, {left!r})"


def _decimal(value: sympy.Expr) -> str:
    """What other constants are made of."""
    if value in (sympy.pi, sympy.E):
        return "_decimal_pi()" if value == sympy.pi else "Decimal(1).exp()"
    if value.is_Rational and not value.is_Integer:
        return f"(Decimal({value.p}) / {value.q})"
    return f"Decimal({value})" if value.is_Integer else f'Decimal(float("{float(value)!r}"))'


NAMED = {
    Log1p: "log1p",
    Expm1: "expm1",
    Softplus: "softplus",
    Sigmoid: "sigmoid",
    LogisticLoss: "logistic_loss",
    ExpDifference: "exp_difference",
    Apart: "apart",
    Ties: "ties",
    LogOfSum: "log_of_sum",
    XLogX: "x_log_x",
}
DOUBLE_DOUBLE = Arithmetic(
    (DECORATOR,),
    ("", "_low", "_error"),
    "np.empty({})",
    "({}, 0.0, 0.0)",
    "_dd_product({}, {})",
    _pair,
    True,
    {
        "add": "_dd_add({}, {})",
        "negative": "_dd_negative({})",
        "multiply": "_dd_multiply({}, {})",
        "divide": "_dd_divide({}, {})",
        "power": "_dd_power({}, {})",
        "max": "_dd_max({}, {})",
        "nothing": "(np.nan, np.nan, np.nan)",
    },
    {
        sympy.sqrt: "_dd_sqrt({})",
        sympy.exp: "_dd_exp({})",
        sympy.log: "_dd_log({})",
        sympy.Abs: "_dd_abs({})",
        **{kind: f"_dd_{name}({{}})" for kind, name in NAMED.items()},
    },
    "return {0}[0], {0}[2] * (1.0 + 2.0**-20)",
)
DECIMAL = Arithmetic(
    (),
    ("",),
    "np.empty({}, object)",
    "Decimal({})",
    "Decimal({}) * Decimal({})",
    _decimal,
    False,
    {
        "add": "({} + {})",
        "negative": "(-{})",
        "multiply": "({} * {})",
        "divide": "({} / {})",
        "power": "({} ** {})",
        "max": "max({}, {})",
        "nothing": 'Decimal("NaN")',
    },
    {
        sympy.sqrt: "({}).sqrt()",
        sympy.exp: "({}).exp()",
        sympy.log: "({}).ln()",
        sympy.Abs: "abs({})",
        **{kind: f"_decimal_{name}({{}})" for kind, name in NAMED.items()},
    },
    "return {}",
)


def more_digits(name: str, plan: LoopPlan, arithmetic: Arithmetic, about: str) -> list[str]:
    identifiers = Identifiers(plan)
    door = Door(plan, identifiers)
    body = list(_Text(plan, identifiers, door, arithmetic).lines())
    head = [*arithmetic.head, f"def {name}({', '.join(door.arguments())}):", f'    """{about}"""']
    return head + [f"    {line}" for line in [*used(door.sizes(), body), *body]]


class _Text:
    def __init__(self, plan: LoopPlan, identifiers: Identifiers, door: Door, arithmetic: Arithmetic) -> None:
        self.plan, self.names, self.door, self.arithmetic = plan, identifiers, door, arithmetic
        self.given = {p.name for p in plan.parameters}
        self.text = PythonText(identifiers)
        self.parts = {s.name: [f"{s.name}{part}" for part in arithmetic.parts] for s in plan.temporaries}
        for names in self.parts.values():
            identifiers.values |= {n: identifiers.extra(n) for n in names[1:]}
        self.rules: dict[type, Callable[[sympy.Expr], str]] = {
            sympy.Add: lambda value: self.chain(
                "add", sorted(value.args, key=lambda p: (p.is_number, sympy.default_sort_key(p)))
            ),
            sympy.Mul: self.product,
            sympy.Pow: self.power,
            sympy.Max: lambda value: self.chain("max", sorted(value.args, key=sympy.default_sort_key)),
            sympy.Min: lambda value: self.write("negative", self.of(sympy.Max(*(-part for part in value.args)))),
            sympy.Piecewise: self.cases,
            sympy.KroneckerDelta: lambda value: arithmetic.given.format(self.text.value_at(value)),
        }

    def write(self, operation: str, *operands: str) -> str:
        return self.arithmetic.operations[operation].format(*operands)

    def lines(self) -> Iterator[str]:
        for storage in self.plan.temporaries:
            for name in self.parts[storage.name]:
                yield f"{self.names.values[name]} = {self.arithmetic.entries.format(self.door.shape(storage))}"
        yield from self.block(self.plan.body)
        yield self.arithmetic.result.format(self.names.values[self.plan.results[0].name])

    def block(self, nodes: Sequence[Node]) -> Iterator[str]:
        for node in nodes:
            match node:
                case Loop():
                    yield self.text.heading(node)
                    yield from (f"    {line}" for line in self.block(node.body))
                case Assign():
                    yield f"{self.target(node.target)} = {_bare(self.value(node.value))}"
                case Accumulate():
                    value = -node.value if node.operation == "-" else node.value
                    operation = {"*": "multiply", "max": "max"}.get(node.operation, "add")
                    made = self.write(operation, self.value(node.target), self.value(value))
                    yield f"{self.target(node.target)} = {_bare(made)}"
                case _:
                    raise CompilerFault(f"{type(node).__name__} has no form with more digits")

    def target(self, target: sympy.Expr) -> str:
        """A number has one name; an entry of an array is a number in each of its parts."""
        if isinstance(target, sympy.Indexed):
            return ", ".join(self.text.value_at(tensor(part)[target.indices]) for part in self.parts[label(target)])
        return self.text.value_at(target)

    def value(self, value: sympy.Expr) -> str:
        return self.of(self.text.from_zero(value))

    def of(self, value: sympy.Expr) -> str:
        if value.is_number and (self.arithmetic.folds or not value.args):
            return self.arithmetic.number(value)
        if isinstance(value, (sympy.Indexed, sympy.Symbol)):
            return self.leaf(value)
        if value.is_integer and not value.has(sympy.Indexed, sympy.KroneckerDelta, sympy.Piecewise, sympy.Function):
            return self.arithmetic.given.format(f"float({self.text.size(value)})")
        for kind in type(value).__mro__:
            if kind in self.rules and not isinstance(value, sympy.exp):
                return self.rules[kind](value)
        return self.function(value)

    def leaf(self, value: sympy.Expr) -> str:
        if value.is_Symbol and value.is_integer and value.name not in self.given:
            return self.arithmetic.given.format(f"float({self.text.size(value)})")
        if label(value) in self.given:
            return self.arithmetic.given.format(self.text.value_at(value))
        entry = self.target(value)
        return f"({entry})" if "," in self.arithmetic.given and isinstance(value, sympy.Indexed) else entry

    def chain(self, operation: str, parts: Sequence[sympy.Expr]) -> str:
        text = self.of(parts[0])
        for part in parts[1:]:
            text = self.write(operation, text, self.of(part))
        return text

    def product(self, value: sympy.Expr) -> str:
        if value.could_extract_minus_sign():
            return self.write("negative", self.of(-value))
        number, factors = value.as_coeff_mul()
        below = [f for f in factors if f.as_base_exp()[1].could_extract_minus_sign() and not isinstance(f, sympy.exp)]
        above = [f for f in factors if f not in below]
        if number == 1 and len(above) == 2 and all(label(f) in self.given for f in above):
            text = self.arithmetic.exact_product.format(*map(self.text.value_at, above))
        else:
            text = self.chain("multiply", [*([number] if number != 1 or not above else []), *above])
        return self.write("divide", text, self.chain("multiply", [1 / f for f in below])) if below else text

    def power(self, value: sympy.Expr) -> str:
        base, exponent = value.args
        if exponent.could_extract_minus_sign():
            return self.write("divide", self.of(sympy.Integer(1)), self.of(1 / value))
        if exponent == sympy.Rational(1, 2):
            return self.arithmetic.functions[sympy.sqrt].format(_bare(self.of(base)))
        if exponent.is_integer:
            return self.write("power", self.of(base), self.text.size(exponent))
        logarithm = self.arithmetic.functions[sympy.log].format(_bare(self.of(base)))
        return self.arithmetic.functions[sympy.exp].format(self.write("multiply", self.of(exponent), logarithm))

    def cases(self, value: sympy.Expr) -> str:
        text = self.arithmetic.operations["nothing"]
        for branch in reversed(value.args):
            made = self.of(branch.expr)
            text = made if branch.cond == sympy.true else f"({made} if {self.text.condition(branch.cond)} else {text})"
        return text

    def function(self, value: sympy.Expr) -> str:
        return self.arithmetic.functions[type(value)].format(", ".join(_bare(self.of(part)) for part in value.args))


def _bare(text: str) -> str:
    """Without brackets around the whole of a sum or a product."""
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0 and place < len(text) - 1:
            return text
    return text[1:-1] if text.startswith("(") and "," not in text else text
