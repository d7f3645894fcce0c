"""Values as Python text.

Takes: a SymPy value of a loop plan and the identifiers of its names. Gives: Python that evaluates it in float64.
Guarantees: identifiers come from the fixed alphabet; indices count from 0 in the text; factors that change least stand
first, so that a compiler can move their product out of the loop; the text depends on the value alone.
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Callable, Iterable, Mapping
from typing import NoReturn

import sympy

from eqcompiler.errors import CompilerFault, NotSupportedYet
from eqcompiler.kernels.stable_functions import CALLS
from eqcompiler.languages.loop_plan import Loop, LoopPlan, Node
from eqcompiler.languages.program import size
from eqcompiler.languages.step_loops import Steps, family_of

IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
MODULE_WORDS = frozenset(
    (
        *keyword.kwlist,
        *dir(builtins),
        "np",
        "math",
        "njit",
        "numba",
        "os",
        "threading",
        "time",
        "intrinsic",
        "ir",
        "match",
        "case",
    )
)  # no kernel's name
OWN_WORDS = ("out", "iterations", "tolerance", "callback", "period", "iteration", "converged", "done")
ROW_WORDS = (
    "start",
    "stop",
    "first",
    "rows",
    "block",
    "sums",
    "own",
    "shares",
    "signal",
    "thread",
)  # of the functions for many rows
RESERVED = MODULE_WORDS.union(OWN_WORDS, ROW_WORDS, ("kernel", "products", "count", "resting"))

# precedences
CHOICE, ADDITION, PRODUCT, UNARY, POWER, ATOM = range(6)

FUNCTIONS = {
    "exp": "_exp",
    "log": "np.log",
    "sin": "np.sin",
    "cos": "np.cos",
    "tan": "np.tan",
    "asin": "np.arcsin",
    "acos": "np.arccos",
    "atan": "np.arctan",
    "sinh": "np.sinh",
    "cosh": "np.cosh",
    "tanh": "_tanh",
    "asinh": "np.arcsinh",
    "acosh": "np.arccosh",
    "atanh": "np.arctanh",
    "atan2": "np.arctan2",
    "Abs": "abs",
    "sign": "np.sign",
    "floor": "np.floor",
    "ceiling": "np.ceil",
    "erf": "math.erf",
    "erfc": "math.erfc",
    "gamma": "math.gamma",
    "loggamma": "math.lgamma",
    **CALLS,
}
RECIPROCALS = {"cot": "np.tan", "sec": "np.cos", "csc": "np.sin", "coth": "_tanh", "sech": "np.cosh", "csch": "np.sinh"}
CONSTANTS = {
    sympy.pi: "np.pi",
    sympy.E: "np.e",
    sympy.oo: "np.inf",
    -sympy.oo: "-np.inf",
    sympy.nan: "np.nan",
    sympy.EulerGamma: "np.euler_gamma",
}
RELATIONS = {
    sympy.Eq: "==",
    sympy.Ne: "!=",
    sympy.StrictLessThan: "<",
    sympy.LessThan: "<=",
    sympy.StrictGreaterThan: ">",
    sympy.GreaterThan: ">=",
}


class Identifiers:
    """One Python identifier for each value, dimension and index of a plan. Value names win; a Python word gets a `_`."""

    def __init__(self, plan: LoopPlan) -> None:
        self.taken: set[str] = set()
        values = [p.name for p in plan.parameters]
        values += [s.name for s in (*plan.results, *plan.temporaries)] + _scalars(plan.body)
        self.values = {name: self._new(name) for name in dict.fromkeys(values)}
        self.dimensions = {name: self._new(name) for name in plan.dimensions}
        self.dimensions |= {name: self._new(name) for s in plan.sizes for name in (s.at, s.before)}
        self.widths = {s: self._new(family_of(s)) for s in plan.sizes}
        self.indices = {symbol: self._new(symbol.name) for symbol in dict.fromkeys(_indices(plan.body))}

    def extra(self, wanted: str) -> str:
        """An identifier for something that the plan does not name."""
        name, number = wanted, 1
        while name in self.taken or name in RESERVED:
            number += 1
            name = f"{wanted}_{number}"
        self.taken.add(name)
        return name

    def _new(self, name: str) -> str:
        if not IDENTIFIER.fullmatch(name):
            raise CompilerFault(f"{name!r} is no identifier of the fixed alphabet (letters, digits, underscore)")
        while name in self.taken or name in RESERVED:
            name += "_"
        self.taken.add(name)
        return name

    def add(self, names: Iterable[str]) -> None:
        """Values that stand beside those of the plan."""
        self.values |= {name: self._new(name) for name in dict.fromkeys(names) if name not in self.values}

    def of(self, symbol: sympy.Symbol) -> str:
        if symbol in self.indices:
            return self.indices[symbol]
        table = self.dimensions if symbol == size(symbol.name) else self.values
        if symbol.name not in table:
            raise CompilerFault(f"{symbol} has no place in the kernel")
        return table[symbol.name]


def _indices(nodes: Iterable[Node]) -> Iterable[sympy.Symbol]:
    for node in nodes:
        if isinstance(node, (Loop, Steps)):
            yield node.index
        yield from _indices((*getattr(node, "body", ()), *getattr(node, "unless_last", ())))


def _scalars(nodes: Iterable[Node]) -> list[str]:
    """Scalar temporaries, in the order in which they are set."""
    found: list[str] = []
    for node in nodes:
        target = getattr(node, "target", None)
        if isinstance(target, str):
            found.append(target)
        elif isinstance(target, sympy.Symbol):
            found.append(target.name)
        elif isinstance(node, Steps):
            found += [*node.names, *(turn.final for turn in node.turns if turn.final)]
        found += _scalars((*getattr(node, "body", ()), *getattr(node, "unless_last", ())))
    return found


class PythonText:
    """Prints the values of one plan."""

    def __init__(self, identifiers: Identifiers) -> None:
        self.identifiers = identifiers
        self.shift: Mapping[sympy.Symbol, sympy.Expr] = {s: s + 1 for s in identifiers.indices}
        self.rules: dict[type, Callable[[sympy.Basic], tuple[str, int]]] = {
            sympy.Add: self._sum,
            sympy.Mul: self._product,
            sympy.Pow: self._power,
            sympy.Indexed: self._entry,
            sympy.Symbol: lambda symbol: (self.identifiers.of(symbol), ATOM),
            sympy.KroneckerDelta: self._delta,
            sympy.Piecewise: self._cases,
            sympy.Max: lambda value: self._extreme("np.maximum", value),
            sympy.Min: lambda value: self._extreme("np.minimum", value),
            sympy.factorial: lambda value: (f"math.gamma({self._text(value.args[0] + 1, ADDITION)})", ATOM),
            sympy.Heaviside: lambda value: self._cases(value.rewrite(sympy.Piecewise)),
        }

    def value(self, value: sympy.Expr) -> str:
        """The value at the current indices, which in Python count from 0."""
        return self._text(self.from_zero(value), CHOICE)

    def value_at(self, target: sympy.Expr) -> str:
        """A target: an entry or a scalar."""
        return self._text(target, ADDITION)

    def stop(self, upper: sympy.Expr) -> str:
        """The end of a range: the last index counted from 1 is the first one outside counted from 0."""
        return self._text(sympy.expand(self.from_zero(upper)), ADDITION, whole=True)

    def heading(self, loop: Loop) -> str:
        """`for i in range(start, stop):`"""
        start, stop = self.stop(loop.lower - 1), self.stop(loop.upper)
        return f"for {self.identifiers.indices[loop.index]} in range({stop if start == '0' else f'{start}, {stop}'}):"

    def subscript(self, index: sympy.Expr) -> str:
        place = sympy.expand(self.from_zero(index) - 1)
        if not place.is_integer:
            raise CompilerFault(f"the subscript {index} is not a whole number")
        return self._text(place, ADDITION, whole=True)

    def size(self, extent: sympy.Expr) -> str:
        return self._text(sympy.expand(extent), ADDITION, whole=True)

    def from_zero(self, value: sympy.Expr) -> sympy.Expr:
        """i becomes i + 1 in values and conditions; the subscripts of entries are translated on their own."""
        if isinstance(value, sympy.Indexed) or not value.atoms(sympy.Symbol) & self.shift.keys():
            return value
        if not value.args:
            return self.shift.get(value, value)
        return value.func(*(self.from_zero(part) for part in value.args))

    def _text(self, value: sympy.Basic, precedence: int, whole: bool = False) -> str:
        if isinstance(value, sympy.Number) or value in CONSTANTS:
            text, own = self._number(value, whole)
        else:
            text, own = self._rule(value)(value)
        return f"({text})" if own < precedence else text

    def _rule(self, value: sympy.Basic) -> Callable[[sympy.Basic], tuple[str, int]]:
        for kind in type(value).__mro__:
            if kind in self.rules:
                return self.rules[kind]
        return self._function

    def _number(self, value: sympy.Basic, whole: bool) -> tuple[str, int]:
        if value in CONSTANTS:
            return CONSTANTS[value], ATOM
        if isinstance(value, sympy.Integer):
            text = str(value) if whole else repr(_float(value))
        elif isinstance(value, sympy.Rational) and not _exact(value):
            return f"{_float(sympy.Integer(value.p))!r} / {_float(sympy.Integer(value.q))!r}", PRODUCT
        else:
            text = repr(_float(value))
        return text, (UNARY if text.startswith("-") else ATOM)

    def _entry(self, value: sympy.Basic) -> tuple[str, int]:
        base = self.identifiers.values.get(str(value.base.label))
        if base is None:
            raise CompilerFault(f"{value.base.label} has no place in the kernel")
        return f"{base}[{', '.join(self.subscript(part) for part in value.indices)}]", ATOM

    def _sum(self, value: sympy.Basic) -> tuple[str, int]:
        whole = all(term.is_integer and not term.has(sympy.Indexed) for term in value.args)
        terms = sorted(
            value.args, key=lambda term: (term.is_number, term.could_extract_minus_sign(), sympy.default_sort_key(term))
        )
        if terms[-1].is_number and not terms[-1].could_extract_minus_sign() and terms[0].could_extract_minus_sign():
            terms.insert(0, terms.pop())
        text = self._text(terms[0], ADDITION, whole)
        for term in terms[1:]:
            negative = term.could_extract_minus_sign()
            text += f" - {self._text(-term, PRODUCT, whole)}" if negative else f" + {self._text(term, PRODUCT, whole)}"
        return text, ADDITION

    def _product(self, value: sympy.Basic) -> tuple[str, int]:
        coefficient, factors = value.as_coeff_mul()
        if coefficient.is_Rational and coefficient < 0:
            return f"-{self._text(-value, PRODUCT)}", UNARY
        above, below = _split(coefficient, factors)
        fixed = [f for f in above if not f.has(sympy.Indexed) and not f.is_number]
        numbers = [f for f in above if f.is_number]
        moving = [f for f in above if f not in fixed and f not in numbers]
        divisors = [f for f in below if not f.has(sympy.Indexed)], [f for f in below if f.has(sympy.Indexed)]
        whole = bool(value.is_integer) and not value.has(sympy.Indexed)
        text = self._chain(numbers, [], whole)
        if divisors[0] and (text or not (fixed or moving)):
            text = self._chain([*([text] if text else ["1.0"])], divisors[0], whole)
            divisors = [], divisors[1]
        rest = self._chain([*fixed, *moving], [*divisors[0], *divisors[1]], whole)
        if text and rest:
            return f"{text} * {rest}" if fixed or moving else f"{text}{rest}", PRODUCT
        return text or rest, PRODUCT

    def _chain(self, factors: Iterable[sympy.Basic | str], divisors: Iterable[sympy.Basic], whole: bool) -> str:
        parts = [f if isinstance(f, str) else self._text(f, UNARY if n == 0 else POWER, whole) for n, f in enumerate(factors)]
        text = " * ".join(parts)
        for divisor in divisors:
            text += f" / {self._text(divisor, POWER)}"
        return text

    def _power(self, value: sympy.Basic) -> tuple[str, int]:
        base, exponent = value.args
        if base == sympy.E:
            return self._function(sympy.exp(exponent, evaluate=False))
        if exponent.is_number and exponent < 0:
            return f"1.0 / {self._text(1 / value, POWER)}", PRODUCT
        if exponent == sympy.Rational(1, 2):
            return f"np.sqrt({self._text(base, ADDITION)})", ATOM
        whole = isinstance(exponent, sympy.Integer)
        text = self._text(base, ATOM)
        if base.is_integer and not base.is_number and not isinstance(base, sympy.Indexed):
            text = f"float({self._text(base, ADDITION)})"
        sign = "**" if text.isidentifier() else " ** "
        return f"{text}{sign}{self._text(exponent, POWER, whole)}", POWER

    def _function(self, value: sympy.Basic) -> tuple[str, int]:
        name = type(value).__name__
        arguments = ", ".join(self._text(part, ADDITION) for part in value.args)
        if name in FUNCTIONS:
            return f"{FUNCTIONS[name]}({arguments})", ATOM
        if name in RECIPROCALS:
            return f"1.0 / {RECIPROCALS[name]}({arguments})", PRODUCT
        return _refuse(value)

    def _extreme(self, function: str, value: sympy.Basic) -> tuple[str, int]:
        first, *others = sorted(value.args, key=sympy.default_sort_key)
        text = self._text(first, ADDITION)
        for other in others:
            text = f"{function}({text}, {self._text(other, ADDITION)})"
        return text, ATOM

    def _delta(self, value: sympy.Basic) -> tuple[str, int]:
        left, right = (self._text(sympy.expand(part - 1), PRODUCT, whole=True) for part in value.args[:2])
        return f"1.0 if {left} == {right} else 0.0", CHOICE

    def _cases(self, value: sympy.Basic) -> tuple[str, int]:
        text = ""
        for branch in value.args:
            shown = self._text(branch.expr, ADDITION)
            if branch.cond == sympy.true:
                return f"{text}{shown}", CHOICE
            text += f"{shown} if {self.condition(branch.cond)} else "
        return f"{text}np.nan", CHOICE

    def condition(self, condition: sympy.Basic) -> str:
        if condition in (sympy.true, sympy.false):
            return str(bool(condition))
        if isinstance(condition, (sympy.And, sympy.Or)):
            word = " and " if isinstance(condition, sympy.And) else " or "
            parts = sorted(condition.args, key=lambda part: (part.has(sympy.Indexed), sympy.default_sort_key(part)))
            return word.join(f"({self.condition(part)})" for part in parts)
        if isinstance(condition, sympy.Not):
            return f"not ({self.condition(condition.args[0])})"
        if type(condition) in RELATIONS:
            whole = all(part.is_integer for part in condition.args) and not condition.has(sympy.Indexed)
            left, right = (self._text(part, PRODUCT, whole) for part in condition.args)
            return f"{left} {RELATIONS[type(condition)]} {right}"
        return _refuse(condition)


def _split(coefficient: sympy.Expr, factors: Iterable[sympy.Expr]) -> tuple[list[sympy.Expr], list[sympy.Expr]]:
    """Factors above and below the fraction bar, in a fixed order; a fraction that float64 holds exactly stays above."""
    above, below = [], []
    if isinstance(coefficient, sympy.Rational) and not _exact(coefficient):
        above, below = [sympy.Integer(coefficient.p)], [sympy.Integer(coefficient.q)]
    elif coefficient != 1:
        above = [coefficient]
    for factor in sorted(factors, key=sympy.default_sort_key):
        base, exponent = factor.as_base_exp()
        if exponent.is_number and exponent < 0 and base != sympy.E:
            below.append(1 / factor)
        else:
            above.append(factor)
    if above and above[0] == 1 and len(above) > 1:
        above = above[1:]
    return above, below


def _exact(value: sympy.Rational) -> bool:
    """Whether float64 holds the number; an integer may be rounded, a fraction is then written as a division."""
    return bool(value.q == 1 or sympy.Rational(_float(value)) == value)


def _float(value: sympy.Basic) -> float:
    number = float(value)
    if number in (float("inf"), float("-inf")):
        raise NotSupportedYet(f"the number {value} is outside of the range of float64")
    return number


def _refuse(value: sympy.Basic) -> NoReturn:
    raise NotSupportedYet(f"{type(value).__name__} in {value} has no kernel", allowed=", ".join(sorted(FUNCTIONS)))
