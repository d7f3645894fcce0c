"""The integrals of `Closed` numbers: Gaussian expectations, integrals over lines, half-lines and intervals, infinite sums.

Takes: Closed numbers (or jets of them) and the measure. Gives: numbers, exact where they are rational, else balls.
Guarantees: an integral or a sum that does not converge raises Divergent; one outside the closed family NotSupportedYet.
Derivatives pass under the integral: the family is smooth in its coefficients wherever the integral converges.
Formulas: moments by E[z_i g] = m_i E[g] + sum_j V_ij E[dg/dz_j] (Stein); Euler's integrals of the first and second kind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flint import acb, arb, ctx, fmpq

from eqcompiler.errors import NotSupportedYet
from eqcompiler.verification import jets
from eqcompiler.verification.closed_integrands import Closed, Piece
from eqcompiler.verification.fields import HALF, ONE, ZERO, Divergent, Imprecise, Number, ball, divide, sign, whole_number
from eqcompiler.verification.jets import Jet

LARGEST_MOMENT = 40
MOST_TERMS = 5000  # of a series that are added before its tail is bounded
TAIL_BITS = 10  # of the precision, which a tail may take
Matrix = Sequence[Sequence[Number]]


def mapped(value: Any, rule: Callable[[Closed], Number]) -> Any:
    """`rule` on every Closed number of a jet; what depends on no bound variable is not touched."""
    if isinstance(value, Jet):
        return Jet(value.level, mapped(value.value, rule), [mapped(part, rule) for part in value.tangent])
    return rule(value) if isinstance(value, Closed) else value


def gaussian_expectation(x: Closed, covariance: Matrix) -> Number:
    """E over z ~ N(0, covariance)."""
    total: Number = ZERO
    for piece in x.pieces:
        total = total + piece.coefficient * _gaussian(piece, covariance)
    return total


def _gaussian(piece: Piece, covariance: Matrix) -> Number:
    n = len(piece.powers)
    slope, bend = _slope_and_bend(piece)
    factor: Number = ONE
    if bend is not None:
        if n != 1:
            raise NotSupportedYet("the expectation of the exponential of a quadratic form in several variables")
        narrowing = 1 - covariance[0][0] * bend
        if sign(jets.base(narrowing)) <= 0:
            raise Divergent("the expectation does not exist: the exponential grows faster than the density falls")
        covariance = [[jets.divide(covariance[0][0], narrowing)]]
        factor = jets.reciprocal(jets.apply("sqrt", narrowing))
    powers = _whole(piece)
    if piece.wave == "abs":
        if bend is not None or any(powers) or any(not _none(s) for s in slope):
            raise NotSupportedYet("the expectation of a product with an absolute value")
        return _folded(piece, covariance)
    if not piece.wave:
        mean = [_dot(row, slope) for row in covariance]
        if any(not _none(s) for s in slope):
            factor = factor * jets.apply("exp", _dot(slope, mean) * HALF)
        return factor * _moment(powers, mean, covariance, {})
    phase = [ZERO] * n
    for (i,), c in piece.phase:
        phase[i] = c
    if any(isinstance(v, Jet) for row in covariance for v in row):
        raise NotSupportedYet("the derivative of the expectation of a wave with respect to a variance")
    complex_slope = [acb(ball(s), ball(t)) for s, t in zip(slope, phase, strict=True)]
    complex_covariance = [[acb(ball(v)) for v in row] for row in covariance]
    complex_mean = [_dot(row, complex_slope) for row in complex_covariance]
    value = (_dot(complex_slope, complex_mean) / 2).exp() * _moment(powers, complex_mean, complex_covariance, {})
    return factor * (value.real if piece.wave == "cos" else value.imag)


def _folded(piece: Piece, covariance: Matrix) -> Number:
    """E|m + s.z| = sqrt(2 q / pi) e^{-m^2/2q} + m erf(m / sqrt(2 q)), with the variance q of s.z."""
    parts = dict(piece.phase)
    mean = parts.pop(())
    spread = [parts.get((i,), ZERO) for i in range(len(piece.powers))]
    if any(isinstance(v, Jet) for row in (*covariance, spread, [mean]) for v in row):
        raise NotSupportedYet("the derivative of the expectation of an absolute value")
    variance = _dot(spread, [_dot(row, spread) for row in covariance])
    if sign(variance) == 0:
        return abs(mean)
    m, q = ball(mean), ball(variance)
    return (2 * q / arb.pi()).sqrt() * (-m * m / (2 * q)).exp() + m * (m / (2 * q).sqrt()).erf()


def _slope_and_bend(piece: Piece) -> tuple[list[Number], Number | None]:
    """exp(slope . z + bend z^2 / 2); the quadratic part only for one variable."""
    slope: list[Number] = [ZERO] * len(piece.powers)
    bend: Number | None = None
    for monomial, c in piece.exponent:
        if len(monomial) == 1:
            slope[monomial[0]] = c
        else:
            bend = 2 * c
    return slope, bend


def _whole(piece: Piece) -> tuple[int, ...]:
    powers = tuple(whole_number(p) for p in piece.powers)
    if any(p is None or not 0 <= p <= LARGEST_MOMENT for p in powers) or piece.factorials or not _none(piece.rest):
        raise NotSupportedYet(f"a Gaussian moment that is not a power from 0 to {LARGEST_MOMENT}")
    return tuple(p or 0 for p in powers)


def _dot(a: Sequence[Any], b: Sequence[Any]) -> Any:
    total: Any = ZERO
    for x, y in zip(a, b, strict=True):
        if not _none(x) and not _none(y):
            total = total + x * y
    return total


def _none(x: Any) -> bool:
    return isinstance(x, fmpq) and x == 0


def _moment(powers: tuple[int, ...], mean: Sequence[Any], covariance: Sequence[Sequence[Any]], known: dict[Any, Any]) -> Any:
    if not any(powers):
        return ONE
    if powers not in known:
        i = next(k for k, p in enumerate(powers) if p)
        less = tuple(p - (k == i) for k, p in enumerate(powers))
        total = mean[i] * _moment(less, mean, covariance, known)
        for j, p in enumerate(less):
            if p:
                rest = tuple(q - (k == j) for k, q in enumerate(less))
                total = total + covariance[i][j] * p * _moment(rest, mean, covariance, known)
        known[powers] = total
    return known[powers]


# --- integrals over one variable ---------------------------------------------------------------------------------------


def line_integral(x: Closed) -> Number:
    """Over all real numbers: every piece must fall like a Gaussian."""
    total: Number = ZERO
    for piece in x.pieces:
        if _none(piece.coefficient):
            continue
        _, bend = _slope_and_bend(piece)
        if bend is None or sign(bend) >= 0:
            raise Divergent("the integral over the real line does not converge")
        # exp(s z + b z^2/2) = sqrt(2 pi / -b) times the density of N(0, -1/b) times exp(s z)
        width = divide(fmpq(-1), bend)
        flat = Piece(ONE, piece.powers, piece.rest, _without_bend(piece), piece.wave, piece.phase, piece.factorials)
        scale = jets.apply("sqrt", 2 * arb.pi() * width)
        total = total + piece.coefficient * scale * _gaussian(flat, [[width]])
    return total


def _without_bend(piece: Piece) -> tuple[tuple[tuple[int, ...], Number], ...]:
    return tuple(pair for pair in piece.exponent if len(pair[0]) == 1)


def half_line_integral(x: Closed) -> Number:
    """Over the positive numbers: x^p exp(-a x) by Gamma, x^p exp(-b x^2) too, with waves for the first."""
    total: Number = ZERO
    for piece in x.pieces:
        if not _none(piece.coefficient):
            total = total + piece.coefficient * _half_line(piece)
    return total


def _half_line(piece: Piece) -> Number:
    (slope,), bend = _slope_and_bend(piece)
    rising = piece.powers[0] + 1
    if piece.factorials or not _none(piece.rest) or piece.wave == "abs":
        raise NotSupportedYet("this integral over a half-line")
    if sign(rising) <= 0:
        raise Divergent("the integral diverges at the edge of its range")
    if bend is not None:
        if sign(bend) >= 0:
            raise Divergent("the integral over the half-line does not converge")
        if not _none(slope) or piece.wave:
            raise NotSupportedYet("an integral over a half-line of the exponential of this quadratic")
        return _gamma(rising * HALF) * HALF / jets.power(-bend * HALF, rising * HALF)
    if sign(slope) >= 0:
        raise Divergent("the integral over the half-line does not converge")
    if not piece.wave:
        return _gamma(rising) / jets.power(-slope, rising)
    (_, phase) = piece.phase[0]
    value = acb(ball(_gamma(rising))) / acb(ball(-slope), ball(-phase)) ** acb(ball(rising))
    return value.real if piece.wave == "cos" else value.imag


def _gamma(x: Number) -> Number:
    return jets.apply("gamma", x)


def unit_integral(x: Closed) -> Number:
    """Over the interval from 0 to 1: Beta functions."""
    total: Number = ZERO
    for piece in x.pieces:
        if _none(piece.coefficient):
            continue
        if piece.exponent or piece.wave or piece.factorials:
            raise NotSupportedYet("this integrand has no closed integral here")
        left, right = piece.powers[0] + 1, piece.rest + 1
        if sign(left) <= 0 or sign(right) <= 0:
            raise Divergent("the integral diverges at an edge of its range")
        total = total + piece.coefficient * (divide(_gamma(left) * _gamma(right), _gamma(left + right)))
    return total


# --- infinite sums -----------------------------------------------------------------------------------------------------


def series(x: Closed, term: Callable[[int], Number], first: int) -> arb:
    """sum over k >= first of the term whose closed form is x: terms added one by one, the tail bounded by the ratio test."""
    total, k = arb(0), first
    while k - first < MOST_TERMS:
        if k > 0 and (tail := _tail(x, k)) is not None and tail < arb(2) ** (TAIL_BITS - ctx.prec) * (1 + abs(total)):
            return total + arb(0, tail.upper())
        total = total + ball(term(k))
        k += 1
    raise NotSupportedYet(f"a series of which {MOST_TERMS} terms are not enough")


def _tail(x: Closed, k: int) -> arb | None:
    """A bound of the sum of all terms from k on; None when the ratios are not below 1 yet."""
    total = arb(0)
    for piece in x.pieces:
        (slope,), bend = _slope_and_bend(piece)
        if bend is not None or not _none(piece.rest):
            raise NotSupportedYet("a series with the exponential of a square")
        power = ball(piece.powers[0])
        growth = (1 + arb(1) / k) ** power if power > 0 else arb(1)
        if piece.factorials > 0:
            raise Divergent("the series does not converge")
        ratio = growth * ball(slope).exp() / arb(k + 1) ** -piece.factorials
        if piece.factorials == 0 and not slope < 0:
            if isinstance(slope, arb) and slope.contains(0) and not slope.is_zero():
                raise Imprecise
            raise NotSupportedYet("a series whose terms do not fall geometrically")
        if not ratio < 1:
            return None
        size = abs(ball(piece.coefficient)) * arb(k) ** power * (ball(slope) * k).exp()
        size = size / (arb(k + 1).gamma() ** -piece.factorials if piece.factorials else 1)
        total = total + size / (1 - ratio)
    return total if total.is_finite() else None
