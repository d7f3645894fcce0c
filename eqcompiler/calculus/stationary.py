r"""Stationary points: closed forms of minimisers.

Takes: an extremum, argmin of a body over a variable. Gives: how the body bends, and where its gradient vanishes.
Guarantees: "convex" is proved by composition or by the structure of the Hessian; a closed form exists only where the gradient
is affine in the variable, and its kernel solves a system, never with an explicit inverse.

    \arg\min_w \|X w - y\|^2 + \lambda \|w\|^2     ->     (X^\top X + \lambda I)^{-1} X^\top y,  strictly convex for \lambda > 0
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from eqcompiler.calculus import convexity
from eqcompiler.calculus.definiteness import Definiteness, definiteness
from eqcompiler.calculus.factoring import ONE, Letter, Product, build, sum_of, without_common
from eqcompiler.calculus.lower import lower
from eqcompiler.calculus.monomials import (
    Atom,
    Component,
    Contraction,
    Factor,
    Function,
    Group,
    Index,
    Intrinsic,
    Monomial,
    Normal,
    Scalar,
)
from eqcompiler.calculus.normal_form import Tensor, tensors
from eqcompiler.calculus.signs import sign_of_normal
from eqcompiler.calculus.solve import inverse_to_solve
from eqcompiler.calculus.tensor_words import Reader
from eqcompiler.calculus.term_text import term_latex
from eqcompiler.calculus.word_nodes import Node, NoWord, dimension
from eqcompiler.errors import NotSupportedYet
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.program import Program
from eqcompiler.languages.statements import Document
from eqcompiler.languages.terms import (
    SCALAR,
    Call,
    Derivative,
    Extremum,
    Number,
    Symbol,
    Term,
    Type,
)

Bend = Literal["strictly convex", "convex", "strictly concave", "concave", "unknown"]
SMOOTH = frozenset(("sin", "cos", "tanh", "sinh", "cosh", "erf", "atan", "asinh", "sigmoid", "softplus"))
_OF_HESSIAN: dict[Definiteness, Bend] = {"definite": "strictly convex", "semidefinite": "convex", "unknown": "unknown"}
_NEGATED: dict[Bend, Bend] = {"strictly convex": "strictly concave", "convex": "concave", "unknown": "unknown"}


@dataclass(frozen=True, slots=True)
class Shape:
    """How the body bends in the variable, and by which argument that is known."""

    bend: Bend
    because: str


@dataclass(frozen=True, slots=True)
class ClosedForm:
    """The stationary point as a term. condition: what has to be invertible for it to exist, when that is not proved."""

    term: Term
    condition: Term | None


def variable_of(document: Document, extremum: Extremum) -> Symbol:
    info = document.symbols.get(extremum.variable)
    if info is None or not isinstance(info.type, Type):
        raise NotSupportedYet(f"the extremum over {extremum.variable}, which is no number or tensor", extremum.span)
    return Symbol(info.type, extremum.variable)


def gradient(document: Document, extremum: Extremum, point: Term | None = None) -> Term:
    """The derivative of the body as a term, at `point` when given."""
    variable = variable_of(document, extremum)
    return Derivative(Type(variable.type.shape), extremum.body, variable.name, point)


def hessian(document: Document, extremum: Extremum) -> Term:
    first, shape = gradient(document, extremum), variable_of(document, extremum).type.shape
    return Derivative(Type((*shape, *shape)), first, extremum.variable)


def shape_of(document: Document, extremum: Extremum) -> Shape:
    """By the Hessian, which also tells strictness; by composition where the Hessian's structure says nothing."""
    by_hessian = _by_hessian(document, extremum)
    if by_hessian != "unknown":
        word = "positive" if by_hessian.endswith("convex") else "negative"
        definite = "definite" if by_hessian.startswith("strictly") else "semidefinite"
        return Shape(by_hessian, f"its Hessian{hessian_latex(document, extremum)} is {word} {definite}")
    by_rules = _by_composition(document, extremum)
    if by_rules == "unknown":
        return Shape("unknown", "neither its composition nor its Hessian shows that it is convex")
    return Shape(by_rules, f"it is composed of {by_rules} functions")


def _by_composition(document: Document, extremum: Extremum) -> Bend:
    try:
        program = lower(document, extremum.body, "objective")
    except NotSupportedYet:
        return "unknown"
    found = convexity.curvature(program, "objective", extremum.variable, nonnegative_symbols(document))
    if found in (convexity.CONSTANT, convexity.AFFINE):
        return "convex"
    return "convex" if found == convexity.CONVEX else "concave" if found == convexity.CONCAVE else "unknown"


def nonnegative_symbols(document: Document) -> tuple[str, ...]:
    return tuple(
        condition.left.name
        for condition in document.assumptions
        if condition.relation in (">", ">=")
        and isinstance(condition.left, Symbol)
        and isinstance(condition.right, Number)
        and condition.right.value >= 0
    )


def _by_hessian(document: Document, extremum: Extremum) -> Bend:
    """Only for a body that is smooth everywhere: -|x| has the Hessian 0, and 1/x^2 has two branches."""
    try:
        if not smooth(extremum.variable, normal_of(document, extremum.body).body):
            return "unknown"
        second = normal_of(document, hessian(document, extremum))
    except NotSupportedYet:
        return "unknown"
    half = len(second.axes) // 2
    rows, columns = second.axes[:half], second.axes[half:]
    found = _OF_HESSIAN[definiteness(document, second.body, rows, columns)]
    if found == "unknown":
        return _NEGATED[_OF_HESSIAN[definiteness(document, -second.body, rows, columns)]]
    return found


def smooth(name: str, normal: Normal) -> bool:
    """Whether a Normal is defined and twice differentiable for every value of the symbol."""
    return all(_is_smooth(name, factor) for term in normal.terms for factor in term.factors)


def _is_smooth(name: str, factor: Factor) -> bool:
    atom, natural = factor.atom, factor.exponent.denominator == 1 and factor.exponent > 0
    if name not in _symbols_of(atom):
        return True
    match atom:
        case Component() | Scalar():
            return natural
        case Contraction():
            return natural and all(_is_smooth(name, inner) for inner in atom.factors)
        case Group():
            return smooth(name, atom.body) and (natural or sign_of_normal(atom.body) == "positive")
        case Function(name="exp"):
            return smooth(name, atom.arguments[0])
        case Function(name="log"):
            return natural and smooth(name, atom.arguments[0]) and sign_of_normal(atom.arguments[0]) == "positive"
        case Function():
            return natural and atom.name in SMOOTH and all(smooth(name, argument) for argument in atom.arguments)
    return False


def hessian_latex(document: Document, extremum: Extremum) -> str:
    """The Hessian in notation after a space, or nothing where it is no matrix."""
    second = normal_of(document, hessian(document, extremum))
    if len(second.axes) > 2:
        return ""
    try:
        return " " + term_latex(document, Reader(document, second.body).normal(second.body, second.axes))
    except (NoWord, NotSupportedYet):
        return ""


def normal_of(document: Document, term: Term) -> Tensor:
    return tensors(lower(document, term, "value"))["value"]


# --- the closed form -----------------------------------------------------------------------------------------------------


def closed_form(document: Document, extremum: Extremum, name: str) -> Program:
    """The minimiser as a program that solves a linear system. Raises NotSupportedYet where there is no closed form."""
    return inverse_to_solve(lower(document, solution(document, extremum).term, name))


def solution(document: Document, extremum: Extremum) -> ClosedForm:
    """The stationary point as a term. Raises NotSupportedYet when the gradient is not affine or there are constraints."""
    if extremum.constraints:
        raise NotSupportedYet("a closed form under constraints", extremum.span)
    variable = variable_of(document, extremum)
    second = normal_of(document, hessian(document, extremum))
    if occurs(variable.name, second.body):
        raise NotSupportedYet(
            f"a closed form: the gradient is not affine in {extremum.variable}",
            extremum.span,
            fix="minimise it by a recurrence, theta := theta - alpha \\nabla J(theta)",
        )
    if not second.body.terms:
        raise NotSupportedYet(f"a closed form: the gradient does not depend on {extremum.variable}", extremum.span)
    at_zero = normal_of(document, gradient(document, extremum, zero(variable.type)))
    return _Solver(document, second, -at_zero.body, at_zero.axes).solve()


def zero(type_: Type) -> Term:
    return Call(Type(type_.shape), "zeros", ()) if type_.rank else Number(SCALAR, Fraction(0))


def occurs(name: str, normal: Normal) -> bool:
    """Whether a symbol occurs in a Normal, at any depth."""
    return name in symbols(normal)


def symbols(normal: Normal) -> frozenset[str]:
    """The names of all scalars and tensors in a Normal."""
    found: set[str] = set()
    for term in normal.terms:
        for factor in term.factors:
            found |= _symbols_of(factor.atom)
    return frozenset(found)


def _symbols_of(atom: Atom) -> set[str]:
    match atom:
        case Component() | Scalar():
            return {atom.name}
        case Contraction():
            return {name for factor in atom.factors for name in _symbols_of(factor.atom)}
        case Function():
            inner = atom.arguments
        case Group():
            inner = (atom.body,)
        case Intrinsic():
            inner = tuple(operand.body for operand in atom.operands)
        case _:
            return set()
    return {name for normal in inner for name in symbols(normal)}


class _Solver:
    """H theta = right, with H and right read as words; a common factor of both is left out."""

    def __init__(self, document: Document, second: Tensor, right: Normal, axes: tuple[Index, ...]) -> None:
        self.reader = Reader(document, second.body + right)
        self.document, self.second, self.right, self.axes = document, second, right, axes

    def solve(self) -> ClosedForm:
        try:
            return {0: self.number, 1: self.vector, 2: self.matrix}[len(self.axes)]()
        except (NoWord, KeyError) as none:
            raise NotSupportedYet("a closed form: the linear system has no matrix notation") from none

    def products(self, normal: Normal, axes: tuple[Index, ...]) -> list[Product]:
        return [self.reader.monomial(term, axes) for term in normal.terms]

    def number(self) -> ClosedForm:
        left, right = without_common(self.products(self.second.body, ()), self.products(self.right, ()))
        below, above = self.total(left, ()), self.total(right, ())
        if below == Number(SCALAR, ONE):
            return ClosedForm(above, None)
        return ClosedForm(Call(SCALAR, "div", (above, below)), None if self.is_definite() else below)

    def vector(self) -> ClosedForm:
        left, right = without_common(self.products(self.second.body, self.second.axes), self.products(self.right, self.axes))
        return self.solved(left, right, before=True)

    def matrix(self) -> ClosedForm:
        """L theta = C or theta R = C: where every term of the Hessian acts on one side only."""
        parts = [self.sides(term) for term in self.second.body.terms]
        right = self.products(self.right, self.axes)
        if all(_is_identity(after) for _, after in parts):
            return self.solved(*without_common([before for before, _ in parts], right), before=True)
        if all(_is_identity(before) for before, _ in parts):
            return self.solved(*without_common([after for _, after in parts], right), before=False)
        raise NoWord

    def sides(self, term: Monomial) -> tuple[Product, Product]:
        """A term L[a,c] R[b,d] of the Hessian as L and R, both with its number and scalars."""
        nodes: list[Node] = []
        scalars: list[tuple[Term, Fraction]] = []
        for factor in term.factors:
            self.reader.place(factor, self.second.axes, nodes, scalars)
        words = []
        for row, column in zip(self.second.axes[:2], self.second.axes[2:], strict=True):
            here = [node for node in nodes if set(node.indices) == {row, column}]
            if len(here) != 1 or len(nodes) != 2:
                raise NoWord
            words.append(here[0].starting_at(row).word)
        left, right = (Product(term.coefficient, tuple(scalars), word) for word in words)
        return left, right

    def solved(self, left: list[Product], right: list[Product], before: bool) -> ClosedForm:
        shape = tuple(dimension(axis.upper) for axis in self.axes)
        side = shape[0] if before else shape[-1]
        matrix, constant = self.total(left, (side, side)), self.total(right, shape)
        if isinstance(matrix, Call) and matrix.operation == "identity":
            return ClosedForm(constant, None)
        inverse = Letter(Call(Type((side, side)), "inverse", (matrix,)))
        product = right[0] if len(right) == 1 else Product(ONE, (), (Letter(constant),))
        word = (inverse, *product.word) if before else (*product.word, inverse)
        term = build(Product(product.coefficient, product.scalars, word), self.reader.style)
        return ClosedForm(term, None if self.is_definite() else matrix)

    def total(self, products: list[Product], shape: tuple[Dimension, ...]) -> Term:
        return sum_of(products, shape, self.reader.style)

    def is_definite(self) -> bool:
        half = len(self.second.axes) // 2
        rows, columns = self.second.axes[:half], self.second.axes[half:]
        return definiteness(self.document, self.second.body, rows, columns) == "definite"


def _is_identity(product: Product) -> bool:
    return len(product.word) == 1 and isinstance(product.word[0].term, Call) and product.word[0].term.operation == "identity"
