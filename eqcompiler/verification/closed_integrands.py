"""Integrands with a closed integral: sums of coefficient * monomial * exp(quadratic) * cosine or sine, in bound variables.

Takes: the variables of an expectation, an integral or a series. Gives: `Closed` numbers; the evaluator computes with them as
with any others, so that a body becomes a closed form by being evaluated.
Guarantees: every operation is exact over its coefficients; what leaves this family raises NotSupportedYet, never a guess.
`domain` says where the (one) variable runs: "real", "positive", "unit" (0 to 1) or "natural"; powers that are not whole
numbers need a domain on which the base is positive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from flint import arb, fmpq

from eqcompiler.errors import NotSupportedYet
from eqcompiler.verification.contours import OfVariable
from eqcompiler.verification.fields import HALF, ONE, ZERO, Number, divide, elementary, power, sign, whole_number

MOST_PIECES = 3000
Monomial = tuple[int, ...]  # the variables of a product, sorted: (0, 0, 2) is x0^2 x2


@dataclass(frozen=True, slots=True)
class Piece:
    """coefficient * prod x_i^powers[i] * (1 - x)^rest * exp(sum exponent) * wave(sum phase) * (x!)^factorials.

    wave: "cos", "sin" or, where the variables are real, "abs"; only the phase of the last one has a constant part.
    """

    coefficient: Number
    powers: tuple[Number, ...]
    rest: Number = ZERO
    exponent: tuple[tuple[Monomial, Number], ...] = ()
    wave: str = ""
    phase: tuple[tuple[Monomial, Number], ...] = ()
    factorials: int = 0

    @property
    def key(self) -> tuple[object, ...]:
        return (
            *(_name(p) for p in (*self.powers, self.rest)),
            *((m, _name(c)) for m, c in self.exponent),
            self.wave,
            *((m, _name(c)) for m, c in self.phase),
            self.factorials,
        )

    @property
    def degree(self) -> int | None:
        """The degree of a polynomial's monomial; None for any other piece."""
        whole = [whole_number(p) for p in self.powers]
        if self.exponent or self.wave or self.factorials or not _is_zero(self.rest) or any(p is None or p < 0 for p in whole):
            return None
        return sum(p or 0 for p in whole)


def _name(x: Number) -> object:
    return x if isinstance(x, fmpq) else id(x)


def _is_zero(x: Number) -> bool:
    return isinstance(x, fmpq) and x == 0


class Closed(OfVariable):
    __slots__ = ("domain", "pieces")

    def __init__(self, domain: str, pieces: Iterable[Piece]) -> None:
        merged: dict[tuple[object, ...], Piece] = {}
        for piece in pieces:
            key = piece.key
            known = merged.get(key)
            merged[key] = replace(known, coefficient=known.coefficient + piece.coefficient) if known else piece
        self.domain = domain
        self.pieces = [p for p in merged.values() if not _is_zero(p.coefficient)] or list(merged.values())[:1]
        if len(self.pieces) > MOST_PIECES:
            raise NotSupportedYet(f"an integrand of more than {MOST_PIECES} terms")

    @property
    def count(self) -> int:
        return len(self.pieces[0].powers)

    def constant(self, x: Number) -> Closed:
        if not isinstance(x, fmpq | arb):
            raise NotSupportedYet("this number under an expectation, an integral or a series")
        return Closed(self.domain, [Piece(x, (ZERO,) * self.count)])

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, fmpq | arb | int | Closed):
            return NotImplemented
        right = other if isinstance(other, Closed) else self.constant(_number(other))
        return Closed(self.domain, [*self.pieces, *right.pieces])

    __radd__ = __add__

    def __neg__(self) -> Closed:
        return self * fmpq(-1)  # type: ignore[no-any-return]

    def __sub__(self, other: Any) -> Any:
        return self + -other if isinstance(other, fmpq | arb | int | Closed) else NotImplemented

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __mul__(self, other: Any) -> Any:
        if not isinstance(other, fmpq | arb | int | Closed):
            return NotImplemented
        right = other if isinstance(other, Closed) else self.constant(_number(other))
        if len(self.pieces) * len(right.pieces) > 10 * MOST_PIECES:
            raise NotSupportedYet("a product of integrands with too many terms")
        return Closed(self.domain, [piece for a in self.pieces for b in right.pieces for piece in _times(a, b)])

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        if isinstance(other, Closed):
            return self * other.power(fmpq(-1))
        return self * divide(ONE, _number(other)) if isinstance(other, fmpq | arb | int) else NotImplemented

    def __rtruediv__(self, other: Any) -> Any:
        return self.power(fmpq(-1)) * other

    # ---- functions

    def split(self, most: int, what: str) -> tuple[Number, tuple[tuple[Monomial, Number], ...]]:
        """A polynomial of degree at most `most` as its constant and the rest."""
        start: Number = ZERO
        rest: dict[Monomial, Number] = {}
        for piece in self.pieces:
            degree = piece.degree
            if degree is None or degree > most:
                raise NotSupportedYet(f"{what} of this expression in a bound variable is not evaluated yet")
            if degree == 0:
                start = start + piece.coefficient
            else:
                rest[tuple(i for i, p in enumerate(piece.powers) for _ in range(int(p.p)))] = piece.coefficient
        return start, tuple(sorted(rest.items(), key=lambda pair: pair[0]))

    def elementary(self, name: str) -> Closed:
        if name in _RULES:
            return _RULES[name](self)
        start, rest = self.split(0, name)
        if rest:
            raise NotSupportedYet(f"{name} of a bound variable is not evaluated yet")
        return self.constant(elementary(name, start))

    def power(self, exponent: Number) -> Closed:
        if not isinstance(exponent, fmpq | arb):
            raise NotSupportedYet("a bound variable in the base and in the exponent")
        whole = whole_number(exponent)
        if whole is not None and 0 <= whole <= 64:
            result = self.constant(ONE)
            for _ in range(whole):
                result = result * self
            return result
        piece = self.single() or self.complement()
        if piece is None or piece.wave or (piece.factorials and whole is None):
            raise NotSupportedYet("this power in a bound variable is not evaluated yet")
        if self.domain == "real" and any(not _is_zero(p) for p in piece.powers):
            raise NotSupportedYet("a power that is not a whole number of a variable that may be negative")
        if whole is None and sign(piece.coefficient) <= 0:
            raise NotSupportedYet("a power of a negative number")
        return Closed(
            self.domain,
            [
                Piece(
                    power(piece.coefficient, exponent),
                    tuple(p * exponent for p in piece.powers),
                    piece.rest * exponent,
                    tuple((m, c * exponent) for m, c in piece.exponent),
                    factorials=piece.factorials * (whole or 0),
                )
            ],
        )

    def single(self) -> Piece | None:
        return self.pieces[0] if len(self.pieces) == 1 else None

    def complement(self) -> Piece | None:
        """c (1 - x) on the unit interval as one piece."""
        if self.domain != "unit" or len(self.pieces) != 2 or {p.degree for p in self.pieces} != {0, 1}:
            return None
        constant, linear = sorted(self.pieces, key=lambda p: p.degree or 0)
        if not _is_zero(constant.coefficient + linear.coefficient):
            return None
        return Piece(constant.coefficient, (ZERO,), ONE)


def _number(x: Any) -> Number:
    return fmpq(x) if isinstance(x, int) else x


def _joined(a: tuple[tuple[Monomial, Number], ...], b: tuple[tuple[Monomial, Number], ...], factor: int = 1) -> Any:
    total = dict(a)
    for monomial, c in b:
        total[monomial] = total.get(monomial, ZERO) + c * factor
    return tuple(sorted(((m, c) for m, c in total.items() if not _is_zero(c)), key=lambda pair: pair[0]))


def _times(a: Piece, b: Piece) -> list[Piece]:
    """The product; that of two waves is a sum of two."""
    plain = Piece(
        a.coefficient * b.coefficient,
        tuple(p + q for p, q in zip(a.powers, b.powers, strict=True)),
        a.rest + b.rest,
        _joined(a.exponent, b.exponent),
        factorials=a.factorials + b.factorials,
    )
    if a.wave == b.wave == "abs" and a.phase == b.phase:
        return [_with_terms(plain, one, other) for one in a.phase for other in b.phase]
    if "abs" in (a.wave, b.wave) and a.wave and b.wave:
        raise NotSupportedYet("a product with the absolute value of a bound variable is not evaluated yet")
    if not a.wave or not b.wave:
        return [replace(plain, wave=a.wave or b.wave, phase=a.phase or b.phase)]
    if a.wave == "sin" and b.wave == "cos":
        a, b = b, a
    kind = "sin" if b.wave == "sin" and a.wave == "cos" else "cos"
    # cos A cos B = (cos(A-B) + cos(A+B))/2; sin A sin B = (cos(A-B) - cos(A+B))/2; cos A sin B = (sin(A+B) - sin(A-B))/2
    signs = {("cos", "cos"): (1, 1), ("sin", "sin"): (1, -1), ("cos", "sin"): (-1, 1)}[a.wave, b.wave]
    parts = []
    for side, factor in zip(signs, (-1, 1), strict=True):
        phase = _joined(a.phase, b.phase, factor)
        half = replace(plain, coefficient=plain.coefficient * HALF * side)
        if phase:
            parts.append(replace(half, wave=kind, phase=phase))
        elif kind == "cos":
            parts.append(half)
    return parts or [replace(plain, coefficient=ZERO)]


def _with_terms(plain: Piece, one: tuple[Monomial, Number], other: tuple[Monomial, Number]) -> Piece:
    """The piece times a term of a polynomial times another one."""
    monomial = (*one[0], *other[0])
    powers = tuple(p + monomial.count(i) for i, p in enumerate(plain.powers))
    return replace(plain, coefficient=plain.coefficient * one[1] * other[1], powers=powers)


def _exp(x: Closed) -> Closed:
    start, rest = x.split(2, "exp")
    return Closed(x.domain, [Piece(elementary("exp", start), (ZERO,) * x.count, exponent=rest)])


def _wave(name: str) -> Callable[[Closed], Closed]:
    def rule(x: Closed) -> Closed:
        start, rest = x.split(1, name)
        if not rest:
            return x.constant(elementary(name, start))
        sine, cosine = elementary("sin", start), elementary("cos", start)
        first, second = (cosine, -sine) if name == "cos" else (sine, cosine)
        bare = Piece(ONE, (ZERO,) * x.count, phase=rest)
        waves = (replace(bare, coefficient=first, wave="cos"), replace(bare, coefficient=second, wave="sin"))
        return Closed(x.domain, waves)

    return rule


def _absolute(x: Closed) -> Closed:
    start, rest = x.split(1, "abs")
    if not rest:
        return x.constant(elementary("abs", start))
    if x.domain != "real":
        raise NotSupportedYet("the absolute value of a variable with bounds is not evaluated yet")
    return Closed(x.domain, [Piece(ONE, (ZERO,) * x.count, wave="abs", phase=(((), start), *rest))])


def _log(x: Closed) -> Closed:
    piece = x.single()
    if piece is None or piece.wave or piece.factorials or not all(_is_zero(p) for p in (*piece.powers, piece.rest)):
        raise NotSupportedYet("the logarithm of this expression in a bound variable is not evaluated yet")
    result = x.constant(elementary("log", piece.coefficient))
    for monomial, c in piece.exponent:
        powers = tuple(fmpq(monomial.count(i)) for i in range(x.count))
        result = result + Closed(x.domain, [Piece(c, powers)])
    return result


def _gamma(x: Closed) -> Closed:
    """Gamma(k + c) for whole c: k! (k + 1) ... (k + c - 1)."""
    start, rest = x.split(1, "gamma")
    if not rest:
        return x.constant(elementary("gamma", start))
    shift = whole_number(start)
    if x.domain != "natural" or rest != (((0,), ONE),) or shift is None or not 0 <= shift <= 64:
        raise NotSupportedYet("gamma of a bound variable is not evaluated yet")
    result = Closed(x.domain, [Piece(ONE, (fmpq(-1) if shift == 0 else ZERO,), factorials=1)])
    for step in range(1, shift):
        result = result * (Closed(x.domain, [Piece(ONE, (ONE,))]) + fmpq(step))
    return result


_RULES: dict[str, Callable[[Closed], Closed]] = {
    "exp": _exp,
    "abs": _absolute,
    "cos": _wave("cos"),
    "sin": _wave("sin"),
    "cosh": lambda x: (_exp(x) + _exp(-x)) * HALF,
    "sinh": lambda x: (_exp(x) - _exp(-x)) * HALF,
    "log": _log,
    "sqrt": lambda x: x.power(HALF),
    "gamma": _gamma,
}


def variables(count: int, domain: str) -> list[Closed]:
    return [Closed(domain, [Piece(ONE, tuple(ONE if j == i else ZERO for j in range(count)))]) for i in range(count)]
