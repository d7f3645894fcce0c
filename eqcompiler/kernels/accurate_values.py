"""Plans of numbers with logarithms or exponentials get a bound of their rounding error: likelihoods, log-sum-exp.

Takes: a LoopPlan. Gives: the plan with its `accuracy`, or as it is, where the value is no single number, has no such function
in it, or an operation has no rule. On a logarithmic scale 0 is a value like any other, terms cancel at ordinary arguments; an
exponential makes relative errors of the absolute ones of its argument.
Guarantees: the bound holds for the values as the plan computes them. Sums are compensated: what an addition rounds off is
kept in a second number, so that the bound does not grow with the number of terms.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

import sympy

from eqcompiler.kernels.many_rows import work
from eqcompiler.kernels.rounding_bounds import ONE, RULES, SUMS, ZERO, Rounding, largest, power, product
from eqcompiler.kernels.stable_functions import Log1p, LogisticLoss, LogOfSum, Softplus, XLogX
from eqcompiler.kernels.statements import label
from eqcompiler.kernels.temporary_names import Names
from eqcompiler.languages.accuracy import UNIT, Accuracy, Addend, Rounded, Summed
from eqcompiler.languages.loop_plan import Accumulate, Assign, Loop, LoopPlan, Node, Storage
from eqcompiler.languages.program import scalar, tensor

CONCERNED = (sympy.log, sympy.exp, Log1p, LogOfSum, Softplus, LogisticLoss, XLogX)
NEED_ROOM = (sympy.Add, sympy.Function)  # operations whose operands may get names of their own


def with_accuracy(plan: LoopPlan) -> LoopPlan:
    if plan.kind != "value" or plan.prologue or len(plan.results) != 1 or plan.results[0].shape:
        return plan
    written = list(_statements(plan.body))
    if not any(node.value.has(*CONCERNED) for node in written):
        return plan
    given = {p.name for p in plan.parameters}
    covered = _only_loops(plan.body) and all(_has_rule(node.value, given) for node in written)
    return replace(plan, accuracy=_Bounded(plan).found()) if covered else plan


def _only_loops(nodes: Sequence[Node]) -> bool:
    return all(_only_loops(node.body) if isinstance(node, Loop) else isinstance(node, (Assign, Accumulate)) for node in nodes)


def _has_rule(value: sympy.Expr, given: set[str]) -> bool:
    """Whether each operation in the value has a bound; a choice must not depend on what is rounded."""
    if isinstance(value, (sympy.Indexed, sympy.Symbol, sympy.KroneckerDelta)):
        return True
    if value.is_number and not value.args:
        return isinstance(value, (sympy.Rational, sympy.Float)) or value in (sympy.pi, sympy.E)
    if isinstance(value, sympy.Piecewise):
        known = all(_is_known(branch.cond, given) for branch in value.args)
        return known and all(_has_rule(branch.expr, given) and not branch.expr.has(*NEED_ROOM) for branch in value.args)
    if isinstance(value, sympy.Pow) and value.base != sympy.E:
        fixed = value.exp.is_number or (value.exp.is_integer and _is_known(value.exp, given))
        return bool(fixed) and _has_rule(value.base, given)
    known = isinstance(value, (sympy.Add, sympy.Mul, sympy.Max, sympy.Min)) or type(value) in RULES or type(value) in SUMS
    return known and all(_has_rule(part, given) for part in value.args)


def _is_known(value: sympy.Basic, given: set[str]) -> bool:
    """Made of sizes, indices and parameters: no rounding touches it."""
    return all(s.is_integer or s.name in given for s in value.atoms(sympy.Symbol))


def _statements(nodes: Sequence[Node]) -> Iterator[Assign | Accumulate]:
    for node in nodes:
        if isinstance(node, Loop):
            yield from _statements(node.body)
        elif isinstance(node, (Assign, Accumulate)):
            yield node


class _Bounded:
    """exact: names without error. sums: names with a low part and an error. relative: names whose error is a multiple of u."""

    def __init__(self, plan: LoopPlan) -> None:
        self.plan = plan
        written = list(_statements(plan.body))
        stored = {s.name for s in (*plan.results, *plan.temporaries)}
        self.names = Names(
            {p.name for p in plan.parameters} | stored | {label(n.target) for n in written} | set(plan.dimensions)
        )
        self.times = Counter(label(node.target) for node in written)
        self.sums = {label(node.target) for node in written if _adds(node)}
        self.exact = self._exact(written)
        self.relative: dict[str, sympy.Expr] = {}
        self.lows: dict[str, str] = {}
        self.errors: dict[str, str] = {}
        self.before: list[Node] = []

    def _exact(self, written: Sequence[Assign | Accumulate]) -> set[str]:
        """Names that are only ever set to exact values: a largest entry, for example."""
        exact = {p.name for p in self.plan.parameters} | {label(node.target) for node in written} - self.sums
        while True:
            wrong = {label(node.target) for node in written if label(node.target) in exact and not _is_copy(node, exact)}
            if not wrong:
                return exact
            exact -= wrong

    def found(self) -> Accuracy:
        body = tuple(self.visited(self.plan.body))
        result = scalar(self.plan.results[0].name)
        rounding = self.leaf(result)
        arrays = [s for s in self.plan.temporaries if s.steps is None]
        beside = [Storage(extra[s.name], s.shape) for s in arrays for extra in (self.lows, self.errors) if s.name in extra]
        return Accuracy(
            body,
            (*arrays, *beside),
            rounding.value,
            rounding.error,
            sympy.expand(many.work * many.extent if (many := self.plan.many) else work(self.plan.body)),
        )

    def visited(self, nodes: Sequence[Node]) -> Iterator[Node]:
        for node in nodes:
            match node:
                case Loop():
                    yield replace(node, body=tuple(self.visited(node.body)))
                case Assign() | Accumulate() if label(node.target) in self.exact:
                    yield node
                case Assign() | Accumulate():
                    made = list(self.statement(node))
                    yield from (*self.before, *made)
                    self.before.clear()

    def statement(self, node: Assign | Accumulate) -> Iterator[Node]:
        target, value = node.target, node.value
        if isinstance(node, Accumulate) and node.operation not in ("+", "-"):
            value = sympy.Max(target, value) if node.operation == "max" else target * value
        if label(target) not in self.sums:
            rounding = self.of(value)
            if value.has(target):  # its error is needed to compute its error
                rounding = self.named(rounding, label(target))
            yield self.rounded(target, rounding)
        elif isinstance(node, Accumulate) and node.operation in ("+", "-"):
            yield self.summed(target, self.addends(-value if node.operation == "-" else value), starts=False)
        elif value.has(target):
            part = scalar(self.names.new(f"{label(target)}_part"))
            yield self.summed(part, self.addends(value), starts=True)
            yield self.summed(target, self.addends(part), starts=True)
        else:
            yield self.summed(target, self.addends(value), starts=True)

    def rounded(self, target: sympy.Expr, rounding: Rounding) -> Rounded:
        name = label(target)
        if self.times[name] <= 1 and rounding.absolute == 0:
            self.relative[name] = rounding.relative
            return Rounded(target, rounding.value, ZERO, None)
        error = rounding.relative * UNIT * sympy.Abs(target) + rounding.absolute
        return Rounded(target, rounding.value, error, self.beside(target, self.errors, "error"))

    def summed(self, target: sympy.Expr, addends: Sequence[Addend], starts: bool) -> Summed:
        self.sums.add(label(target))
        low, error = self.beside(target, self.lows, "low"), self.beside(target, self.errors, "error")
        return Summed(target, low, error, tuple(addends), starts)

    def beside(self, entry: sympy.Expr, names: dict[str, str], word: str) -> sympy.Expr:
        """The number that belongs to an entry or a scalar."""
        if label(entry) not in names:
            names[label(entry)] = self.names.new(f"{label(entry)}_{word}")
        name = names[label(entry)]
        return tensor(name)[entry.indices] if isinstance(entry, sympy.Indexed) else scalar(name)

    def leaf(self, entry: sympy.Expr) -> Rounding:
        name = label(entry)
        if name in self.exact or entry.is_integer:
            return Rounding(entry)
        if name in self.sums:
            return Rounding(entry + self.beside(entry, self.lows, "low"), ONE, self.beside(entry, self.errors, "error"))
        if name in self.relative:
            return Rounding(entry, self.relative[name])
        return Rounding(entry, ZERO, self.beside(entry, self.errors, "error"))

    def named(self, rounding: Rounding, owner: str) -> Rounding:
        """Under a name, where its error would be written out several times."""
        if rounding.absolute == 0 or _is_plain(rounding.value):
            return rounding
        part = scalar(self.names.new(f"{owner}_part"))
        self.before.append(self.rounded(part, rounding))
        return self.leaf(part)

    def of(self, value: sympy.Expr) -> Rounding:
        if value.is_number and not value.args:
            return Rounding(value, ZERO if _is_float(value) else ONE)
        if isinstance(value, (sympy.Indexed, sympy.Symbol)):
            return self.leaf(value)
        if isinstance(value, sympy.KroneckerDelta):
            return Rounding(value)
        if isinstance(value, sympy.Add):
            return self.sum(value)
        if isinstance(value, sympy.Mul):
            return product([self.of(part) for part in value.args])
        if isinstance(value, sympy.Pow) and value.base != sympy.E:
            return power(self.named(self.of(value.base), "base"), value.exp)
        if isinstance(value, sympy.Piecewise):
            return self.cases(value)
        return self.function(value)

    def sum(self, value: sympy.Expr) -> Rounding:
        if len(value.args) == 2 and all(_is_exact(part, self.exact) for part in value.args):
            return Rounding(value, ONE)
        part = scalar(self.names.new("sum"))
        self.before.append(self.summed(part, self.addends(value), starts=True))
        return self.leaf(part)

    def cases(self, value: sympy.Piecewise) -> Rounding:
        """Each branch has its own error."""
        branches = [(self.of(branch.expr), branch.cond) for branch in value.args]
        pieces = ([(getattr(r, part), c) for r, c in branches] for part in ("value", "error"))
        made, error = (sympy.Piecewise(*found, evaluate=False) for found in pieces)
        return Rounding(made, ZERO, ZERO if all(r.is_exact for r, _ in branches) else error)

    def function(self, value: sympy.Expr) -> Rounding:
        kind, owner = type(value), type(value).__name__.lower()
        if kind in SUMS:
            return self.of(self.expanded(value))
        arguments = [self.named(self.of(part), owner) for part in value.args]
        if kind in (sympy.Max, sympy.Min):
            sign = 1 if kind is sympy.Max else -1
            found = arguments[0]
            found = Rounding(sign * found.value, found.relative, found.absolute)
            for other in arguments[1:]:
                found = largest(found, Rounding(sign * other.value, other.relative, other.absolute))
            return Rounding(sign * found.value, found.relative, found.absolute)
        return RULES[kind](*arguments)

    def expanded(self, value: sympy.Expr) -> sympy.Expr:
        """A function that is a sum; what stands in it more than once has a name."""
        given, kind = list(value.args), type(value)
        for position, part in enumerate(value.args):
            if SUMS[kind](*value.args).count(part) > 1 and not _is_exact(part, self.exact):
                rounding = self.of(part)
                given[position] = scalar(self.names.new("argument"))
                self.before.append(self.rounded(given[position], rounding))
        return SUMS[kind](*given)

    def addends(self, value: sympy.Expr) -> list[Addend]:
        return [addend for term in sympy.Add.make_args(value) for addend in self.addend(term)]

    def addend(self, term: sympy.Expr) -> list[Addend]:
        """A sum that is added keeps its low part; of two factors the product is added with all its digits."""
        sign, entry = term.as_coeff_Mul()
        if sign in (1, -1) and isinstance(entry, (sympy.Indexed, sympy.Symbol)) and label(entry) in self.sums:
            low, error = self.beside(entry, self.lows, "low"), self.beside(entry, self.errors, "error")
            return [Addend((sign * entry,), ZERO), Addend((sign * low,), error)]
        if type(entry) in SUMS and sign in (1, -1):
            return self.addends(sympy.expand_mul(sign * self.expanded(entry), deep=False))
        factors = _factors(term)
        if factors is None:
            rounding = self.of(term)
            return [Addend((rounding.value,), rounding.error)]
        first = self.named(self.of(factors[0]), "factor")
        second = first if factors[0] == factors[1] else self.named(self.of(factors[1]), "factor")
        error = first.error * sympy.Abs(second.value) + second.error * (sympy.Abs(first.value) + first.absolute)
        return [Addend((first.value, second.value), error)]


def _adds(node: Assign | Accumulate) -> bool:
    if isinstance(node, Accumulate):
        return node.operation in ("+", "-")
    return isinstance(node.value, sympy.Add) or type(node.value) in SUMS


def _is_copy(node: Assign | Accumulate, exact: set[str]) -> bool:
    """Whether the value is one of several exact ones."""
    if isinstance(node, Accumulate) and node.operation != "max":
        return False
    parts = node.value.args if isinstance(node.value, (sympy.Max, sympy.Min)) else (node.value,)
    return all(_is_exact(part, exact) for part in parts)


def _is_exact(part: sympy.Expr, exact: set[str]) -> bool:
    sign, entry = part.as_coeff_Mul()
    if part.is_number:
        return _is_float(part)
    return sign in (1, -1) and (
        entry.is_integer or (isinstance(entry, (sympy.Indexed, sympy.Symbol)) and label(entry) in exact)
    )


def _is_plain(value: sympy.Expr) -> bool:
    """A name or an entry, its negative, its absolute value."""
    rest = value.as_coeff_Mul()[1] if value.could_extract_minus_sign() else value
    return bool(rest.is_Atom or (isinstance(rest, sympy.Abs) and rest.args[0].is_Atom))


def _is_float(value: sympy.Expr) -> bool:
    """Whether float64 holds the number."""
    if isinstance(value, (sympy.Rational, sympy.Float)):
        return bool(sympy.Rational(float(value)) == sympy.Rational(value))
    return value in (sympy.oo, -sympy.oo)


def _factors(term: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr] | None:
    """The two factors of a product; a number whose multiples are exact belongs to the first."""
    number, rest = term.as_coeff_Mul()
    if isinstance(rest, sympy.Pow) and rest.exp == 2 and number == 1:
        return rest.base, rest.base
    parts = list(sympy.Mul.make_args(rest))
    if isinstance(rest, sympy.Pow) and rest.exp == 2:
        parts = [rest.base, rest.base]
    if len(parts) != 2 or any(part.as_base_exp()[1].could_extract_minus_sign() for part in parts):
        return None
    numerator, denominator = (abs(int(part)) for part in (sympy.Rational(number).p, sympy.Rational(number).q))
    if numerator & (numerator - 1) or denominator & (denominator - 1):
        return None
    return number * parts[0], parts[1]
