r"""Sums of the proof checker as typed terms, for the steps of a certificate.

Takes: a `Sum` and names for its open indices. Gives: a scalar term in these indices whose value it is.
Guarantees: reading the term gives the sum back; an inverse is written of the matrix that the author wrote, where that is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from eqcompiler.languages import terms
from eqcompiler.languages.statements import Document
from eqcompiler.languages.terms import INTEGER, SCALAR, Binder, FunctionType, Term, Type
from eqcompiler.verification.index_sums import Atom, NotReplayed, Open, Position, Product, Range, Sum

LETTERS = "pqrstuvwabcdefg"


class Writer:
    """`matrices`: the author's matrix for each operand."""

    def __init__(
        self, document: Document, matrices: Mapping[tuple[str, str], Term], taken: frozenset[str] = frozenset()
    ) -> None:
        self.document, self.matrices = document, matrices
        self.taken = taken | frozenset(document.symbols) | frozenset(document.definitions)
        self.names: dict[str, str] = {}

    def name(self, index: str) -> str:
        """A letter that means nothing else in the document."""
        if index not in self.names:
            used = self.taken | set(self.names.values())
            letters = (f"{letter}{k or ''}" for k in range(100) for letter in LETTERS)
            self.names[index] = next(letter for letter in letters if letter not in used)
        return self.names[index]

    def sum(self, body: Sum) -> Term:
        parts = [self.product(t) for t in body.terms]
        if not parts:
            return terms.Number(SCALAR, Fraction(0))
        return parts[0] if len(parts) == 1 else terms.Call(SCALAR, "add", tuple(parts))

    def product(self, term: Product) -> Term:
        outer, self.names = self.names, dict(self.names)
        for r in term.bound:
            self.names.pop(r.name, None)
        binders = [self.binder(r) for r in term.bound]
        factors = [self.factor(a, e) for a, e in term.factors]
        if abs(term.coefficient) != 1 or not factors:
            factors.insert(0, terms.Number(SCALAR, abs(term.coefficient)))
        body = factors[0] if len(factors) == 1 else terms.Call(SCALAR, "mul", tuple(factors))
        for binder in binders[::-1]:
            body = terms.Reduction(SCALAR, "sum", binder, body)
        self.names = outer
        return terms.Call(SCALAR, "neg", (body,)) if term.coefficient < 0 else body

    def binder(self, r: Range) -> Binder:
        return Binder(self.name(r.name), self.position(r.lower), self.position(r.upper))

    def position(self, position: Position) -> Term:
        parts: list[Term] = []
        for names, c in position.terms:
            sizes = [self._letter(n) for n in names]
            factors = [*([terms.Number(INTEGER, Fraction(c))] if c != 1 or not sizes else []), *sizes]
            parts.append(factors[0] if len(factors) == 1 else terms.Call(INTEGER, "mul", tuple(factors)))
        if not parts:
            return terms.Number(INTEGER, Fraction(0))
        return parts[0] if len(parts) == 1 else terms.Call(INTEGER, "add", tuple(parts))

    def _letter(self, name: str) -> Term:
        return terms.Index(INTEGER, self.name(name)) if name[0] in "~#?" else terms.Size(INTEGER, Position.of(name))

    def factor(self, atom: Atom, e: Fraction) -> Term:
        value = self.atom(atom)
        if e == 1:
            return value
        if e < 0:
            below = value if e == -1 else terms.Call(SCALAR, "pow", (value, terms.Number(SCALAR, -e)))
            return terms.Call(SCALAR, "div", (terms.Number(SCALAR, Fraction(1)), below))
        return terms.Call(SCALAR, "pow", (value, terms.Number(SCALAR, e)))

    def atom(self, atom: Atom) -> Term:
        at = tuple(self.position(p) for p in atom.at)
        match atom.kind:
            case "entry":
                info = self.document.symbols.get(atom.name)
                if info is None or not isinstance(info.type, Type):
                    raise NotReplayed(f"{atom.name} has no notation")
                symbol = terms.Symbol(info.type, atom.name)
                return terms.Component(SCALAR, symbol, at) if at else symbol
            case "size":
                return terms.Size(INTEGER, Position.of(atom.name))
            case "position":
                return at[0]
            case "delta":
                return terms.Call(SCALAR, "delta", self.sides(atom.at[0]))
            case "group" | "root":
                return self.sum(atom.inner[0].body)
            case "prime":
                return terms.Number(SCALAR, Fraction(int(atom.name)))
            case "constant":
                return terms.Constant(SCALAR, "pi")
            case "function" if atom.name == "power":
                return terms.Call(SCALAR, "pow", tuple(self.sum(o.body) for o in atom.inner))
            case "function" if atom.name in terms.ELEMENTWISE:
                return terms.Call(SCALAR, atom.name, tuple(self.sum(o.body) for o in atom.inner))
            case "unknown":
                return self.unknown(atom, at)
            case "whole":
                matrix = self.matrix(atom.name, atom.inner[0])
                if atom.name == "det":
                    return terms.Call(SCALAR, "det", (matrix,))
                if atom.name == "matpow":
                    power = terms.Call(matrix.type, "matpow", (matrix, self.sum(atom.inner[1].body)))
                    return terms.Component(SCALAR, power, at)
                return terms.Component(SCALAR, terms.Call(matrix.type, atom.name, (matrix,)), at)
        raise NotReplayed(f"{atom.kind} {atom.name} has no notation".strip())

    def unknown(self, atom: Atom, at: tuple[Term, ...]) -> Term:
        """f(u), or a component of its derivatives at u, for a function of one argument."""
        name, _, slots = atom.name.partition("'")
        info, variable = self.document.symbols.get(name), terms.argument_name(name)
        if info is None or not isinstance(info.type, FunctionType) or len(atom.inner) != 1:
            raise NotReplayed(f"unknown {atom.name} has no notation")
        (parameter,), result = info.type.parameters, info.type.result
        argument = atom.inner[0]
        point = self.matrix("", argument) if argument.axes else self.sum(argument.body)
        if not slots:
            body: Term = terms.UnknownCall(result, name, (point,))
        elif variable not in self.document.symbols:
            raise NotReplayed(f"unknown {atom.name} has no notation")
        else:
            body = terms.UnknownCall(result, name, (terms.Symbol(parameter, variable),))
        for k in range(len(slots)):
            type_ = Type((*body.type.shape, *parameter.shape))
            body = terms.Derivative(type_, body, variable, point if k == len(slots) - 1 else None)
        return terms.Component(SCALAR, body, at) if at else body

    def sides(self, difference: Position) -> tuple[Term, Term]:
        """i and j of a delta that holds i - j."""
        parts = [Position(tuple((names, sign * c) for names, c in difference.terms if sign * c > 0)) for sign in (1, -1)]
        return self.position(parts[0]), self.position(parts[1])

    def matrix(self, operation: str, operand: Open) -> Term:
        if (operation, operand.key) in self.matrices:
            return self.matrices[operation, operand.key]
        outer, self.names = self.names, dict(self.names)
        binders = tuple(self.binder(r) for r in operand.axes)
        type_ = Type(tuple(r.upper for r in operand.axes))
        result = terms.Comprehension(type_, binders, self.sum(operand.body))
        self.names = outer
        return result
