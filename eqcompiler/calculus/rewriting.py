"""Proofs with inverses: K K^-1 = I for composite K, by rewriting of matrix words.

Takes: a Normal that ought to be zero, equations that hold. Gives: a Normal that is zero only if the first one is.
Guarantees: each rule is a consequence of the relations (K V = I and V K = I for every inverse V of K that occurs, S S = A for
square roots, the given equations), found by bounded Knuth-Bendix completion. Multiplying by an invertible K from a side on
which every term is open keeps what is zero and what is not.

    K = X^T X + lambda I, V = K^-1:    X^T X V -> I - lambda V,    V X^T X -> I - lambda V
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from eqcompiler.calculus.algebra import add, merge, multiply, opened, renamed_factor, replace, substitute
from eqcompiler.calculus.cases import vanishes
from eqcompiler.calculus.completion import LEFT, RIGHT, Rewriter
from eqcompiler.calculus.index_values import delta, fresh
from eqcompiler.calculus.monomials import (
    ONE,
    ONE_AFFINE,
    Affine,
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
    Operand,
)
from eqcompiler.calculus.normal_form import Tensor
from eqcompiler.calculus.rational import cleared
from eqcompiler.calculus.sums import total
from eqcompiler.calculus.whole_tensors import read_at, transposed, whole
from eqcompiler.calculus.words import Alphabet, Term, Word, plus

MAX_DEPTH = 2
MAX_CASES = 6
FACTOR_EFFORT = 15_000  # one factor between index form and words and back, in letters compared

# --- relations of the operations that occur -------------------------------------------------------------------------------


def intrinsics(body: Normal) -> list[Intrinsic]:
    """Every whole-tensor atom that occurs, also inside operands, once for each operand; inner ones first."""
    found: dict[str, Intrinsic] = {}

    def visit(normal: Normal) -> None:
        for term in normal.terms:
            for f in term.factors:
                visit_atom(f.atom)

    def visit_atom(atom: Atom) -> None:
        match atom:
            case Contraction(factors=factors):
                for f in factors:
                    visit_atom(f.atom)
            case Function(arguments=arguments):
                for a in arguments:
                    visit(a)
            case Group(body=inner):
                visit(inner)
            case Intrinsic(operands=operands):
                for o in operands:
                    visit(o.body)
                found.setdefault(f"{atom.operation}{' '.join(o.key for o in operands)}", atom)

    visit(body)
    return list(found.values())


def _entry(atom: Intrinsic, row: Affine, column: Affine) -> Normal:
    return whole(atom.operation, atom.operands, (row, column))


def _product(parts: Sequence[tuple[str, Intrinsic]], ends: tuple[Index, Index]) -> Normal:
    """Products of the operand ("operand") and the result ("result") of an operation, open at both ends."""
    size = ends[0].upper
    middle = [fresh(size) for _ in parts[1:]]
    places = [Affine.of(i) for i in (ends[0], *middle, ends[1])]
    body = Normal.number(1)
    for k, (which, atom) in enumerate(parts):
        row, column = places[k], places[k + 1]
        body = multiply(body, read_at(atom.operands[0], (row, column)) if which == "operand" else _entry(atom, row, column))
    return total(body, middle)


def _relations(atom: Intrinsic) -> list[tuple[list[tuple[str, Intrinsic]], bool]]:
    """Products that equal the identity (True) or the operand (False)."""
    if len(atom.shape) != 2:
        return []
    if atom.operation == "inverse":
        return [([("operand", atom), ("result", atom)], True), ([("result", atom), ("operand", atom)], True)]
    if atom.operation == "matsqrt":
        return [([("result", atom), ("result", atom)], False)]
    return []


def _power_relations(powers: Sequence[Intrinsic]) -> Iterator[tuple[Normal, tuple[Index, Index]]]:
    """A^{e + 1} = A^e A where both occur, and A A^e = A^e A, A^e A^f = A^f A^e."""
    for k, one in enumerate(powers):
        ends = (Index("<", ONE_AFFINE, one.shape[0]), Index(">", ONE_AFFINE, one.shape[1]))
        base = [("operand", one), ("result", one)]
        yield _product(base, ends) - _product(base[::-1], ends), ends
        for other in powers:
            if one.operands[0] == other.operands[0]:
                rest = other.operands[1].body - one.operands[1].body
                if rest == ONE:
                    yield _product(base, ends) - _product([("result", other)], ends), ends
        for other in powers[k + 1 :]:
            if one.operands[0] == other.operands[0]:
                both = [("result", one), ("result", other)]
                yield _product(both, ends) - _product(both[::-1], ends), ends


def rewriter(body: Normal, equations: Iterable[Tensor]) -> Rewriter:
    """Rules from the operations in the body and from matrix equations (tensors that are zero)."""
    given = list(equations)
    result = Rewriter(cautious=bool(given))
    seen = intrinsics(body)
    for equation in given:
        seen += [
            a for a in intrinsics(equation.body) if all((a.operation, a.operands) != (b.operation, b.operands) for b in seen)
        ]
    zeros: list[tuple[Normal, tuple[Index, Index]]] = []
    for atom in seen:
        for parts, identity in _relations(atom):
            ends = (Index("<", ONE_AFFINE, atom.shape[0]), Index(">", ONE_AFFINE, atom.shape[1]))
            here = tuple(Affine.of(e) for e in ends)
            value = delta(here[0], here[1]) if identity else read_at(atom.operands[0], here)
            zeros.append((_product(parts, ends) - value, ends))
    zeros += _power_relations([a for a in seen if a.operation == "matpow"])
    for equation in given:
        if len(equation.axes) == 2:
            ends = (Index("<", ONE_AFFINE, equation.axes[0].upper), Index(">", ONE_AFFINE, equation.axes[1].upper))
            values = {a: Affine.of(e) for a, e in zip(equation.axes, ends, strict=True)}
            zeros.append((substitute(equation.body, values), ends))
    for zero, ends in zeros:
        polynomial = _with_ends(result.alphabet, zero, ends)
        if polynomial is not None:
            result.add_equation(polynomial)
    return result


def _with_ends(alphabet: Alphabet, zero: Normal, ends: tuple[Index, Index]) -> dict[Term, Fraction] | None:
    """The polynomial with its ends named < and >, None when a term is not open at both."""
    named = {f"<{ends[0].key}": LEFT, f">{ends[0].key}": ">", f"<{ends[1].key}": "<", f">{ends[1].key}": RIGHT}
    result: dict[Term, Fraction] = {}
    for term, c in alphabet.polynomial(zero).items():
        words = []
        for word in term.words:
            word = _directed(alphabet, word, ends)
            words.append(tuple(named.get(t, t) for t in word))
        opened = [w[0] == LEFT for w in words].count(True), [w[-1] == RIGHT for w in words].count(True)
        if opened != (1, 1):
            return None
        result = plus(result, {Term(term.scalars, tuple(sorted(words))): c})
    return result


def _directed(alphabet: Alphabet, word: Word, ends: tuple[Index, Index]) -> Word:
    """The reading that starts at the first end or stops at the second."""
    wrong = word[0] == f"<{ends[1].key}" or word[-1] == f">{ends[0].key}" or word[0] == f">{ends[1].key}"
    return alphabet.turned(word) if wrong or word[-1] == f"<{ends[0].key}" else word


# --- the proof search -------------------------------------------------------------------------------------------------------


def rewritten(residual: Tensor, equations: Iterable[Tensor] = ()) -> tuple[Normal, tuple[str, ...]]:
    """(what is left, the rules that were used for it). Zero is a proof that the residual is zero."""
    given = tuple(equations)
    left, rules = _rewritten(residual, given)
    if left.terms and rules:
        general = with_vectors(residual.body)
        if general != residual.body and not _rewritten(Tensor(residual.axes, general), given)[0].terms:
            return Normal(()), ("\\mathbf{1} as any vector", *rules)
    return left, rules


def with_vectors(body: Normal) -> Normal:
    """Every plain sum, sum_j X_jk, as X^T u with any vector u: what vanishes for every u vanishes for u = (1, ..., 1)."""
    return replace(body, _with_vector)


def _with_vector(atom: Atom) -> Normal | None:
    if not isinstance(atom, Contraction):
        return None
    uses = [i for f in atom.factors for i in f.atom.indices]
    plain = [b for b in atom.bound if uses.count(b) == 1 and not b.upper.indices and b.lower == ONE_AFFINE]
    if not plain:
        return None
    names = {b: fresh(b.upper) for b in atom.bound}
    factors = [g for f in atom.factors for g in renamed_factor(f, {b: Affine.of(n) for b, n in names.items()}).factors]
    vectors = [Factor(Component(f"ones:{b.upper.key}", (Affine.of(names[b]),), (b.upper,)), Fraction(1)) for b in plain]
    return total(merge(Fraction(1), [*factors, *vectors]), list(names.values()))


def _rewritten(residual: Tensor, equations: Iterable[Tensor]) -> tuple[Normal, tuple[str, ...]]:
    work = rewriter(residual.body, equations)
    if not work.rules and not any(a.operation == "inverse" for a in intrinsics(residual.body)):
        return residual.body, ()
    checked = _inverse_checked(work, residual)
    if checked:
        return Normal(()), (checked,)
    left = _once(work, residual.body)
    if left.terms:
        work.complete()
        left = _once(work, left)
    if left.terms:
        left = _multiplied(work, Tensor(residual.axes, left), MAX_DEPTH)
    return left, tuple(str(rule) for rule in work.rules)


def _inverse_checked(work: Rewriter, residual: Tensor) -> str:
    """R = c K^-1 - B is zero when K B = c I: says so, also where K has no words (block matrices)."""
    if len(residual.axes) != 2 or residual.axes[0].upper != residual.axes[1].upper:
        return ""
    row, column = (Affine.of(a) for a in residual.axes)
    for term in residual.body.terms:
        for f in term.factors:
            places = f.atom.positions if isinstance(f.atom, Intrinsic) and f.atom.operation == "inverse" else ()
            rest = tuple(g for g in term.factors if g is not f)
            if set(places) != {row, column} or f.exponent != 1 or _free(rest) & set(residual.axes):
                continue
            operand = f.atom.operands[0] if isinstance(f.atom, Intrinsic) else None
            operand = operand if operand is None or places == (row, column) else transposed(operand)
            others = Normal(tuple(t for t in residual.body.terms if t is not term))
            if operand is not None and f"{operand.key}}}" not in others.key:
                product = _times_operand(Tensor(residual.axes, others), 0, operand)
                unit = multiply(Normal((Monomial(term.coefficient, rest),)), delta(row, column))
                if vanishes(_once(work, product + unit), MAX_CASES):
                    return f"{operand.body} times the other side is the identity"
    return ""


def _once(work: Rewriter, body: Normal) -> Normal:
    for _ in range(4):
        work.effort -= FACTOR_EFFORT * sum(len(term.factors) for term in body.terms)
        following = cleared(work.alphabet.normal(work.reduced(work.alphabet.polynomial(body))))
        if following == body or not following.terms:
            return following
        body = following
    return body


def _multiplied(work: Rewriter, residual: Tensor, depth: int) -> Normal:
    """Multiplies by the operand of an inverse at an open end, where that makes everything vanish; shallow products first."""
    level = [residual]
    for _ in range(depth):
        following: list[Tensor] = []
        for tensor in level:
            for product in _products(tensor):
                if work.effort < 0:
                    return residual.body
                left = _once(work, product)
                if not left.terms:
                    return left
                following.append(Tensor(residual.axes, left))
        level = following
    return residual.body


def _products(residual: Tensor) -> Iterator[Normal]:
    """The residual times operands of its inverses; the most composed operands first."""
    inverses = [a for a in intrinsics(residual.body) if a.operation == "inverse"]
    for atom in sorted(inverses, key=lambda a: (-len(a.operands[0].body.terms), a.key)):
        for k, axis in enumerate(residual.axes):
            if axis.upper == atom.shape[0] and all(axis in _free(t.factors) for t in residual.body.terms):
                operands = (atom.operands[0],) if atom.symmetric else (atom.operands[0], transposed(atom.operands[0]))
                for operand in operands:
                    yield _times_operand(residual, k, operand)


def _free(factors: tuple[Factor, ...]) -> set[Index]:
    return {i for f in factors for i in f.atom.indices}


def _times_operand(residual: Tensor, axis: int, operand: Operand) -> Normal:
    """Sum over k of operand[i, k] residual[.. k ..], open at i again; the operand and its own inverse cancel."""
    old = residual.axes[axis]
    middle = fresh(old.upper)
    parts, left = [], []
    for term in residual.body.terms:
        cancelled = _without_inverse(term, old, operand)
        if cancelled is None:
            left.append(term)
        else:
            parts.append(cancelled)
    moved = substitute(Normal(tuple(left)), {old: Affine.of(middle)})
    product = total(multiply(read_at(operand, (Affine.of(old), Affine.of(middle))), moved), (middle,))
    return add([product, *parts])


def _without_inverse(term: Monomial, axis: Index, operand: Operand) -> Normal | None:
    """The term without the inverse of the operand at its end on this axis: sum_k K[i, k] V[k, p] is delta(i, p)."""
    for f in term.factors:
        if f.exponent != 1 or axis not in f.atom.indices:
            continue
        rest = Normal((Monomial(term.coefficient, tuple(g for g in term.factors if g is not f)),))
        if isinstance(f.atom, Intrinsic):
            end = _other_end(f.atom, axis, operand)
            return None if end is None or axis in rest.indices else multiply(rest, delta(Affine.of(axis), end))
        if isinstance(f.atom, Contraction) and axis not in rest.indices:
            bound, factors = opened(f.atom)
            if any(axis in b.upper.indices for b in bound):
                return None
            for g in factors:
                end = _other_end(g.atom, axis, operand) if isinstance(g.atom, Intrinsic) and g.exponent == 1 else None
                others = merge(Fraction(1), [h for h in factors if h is not g])
                if end is not None and axis not in others.indices:
                    return multiply(rest, total(multiply(others, delta(Affine.of(axis), end)), bound))
    return None


def _other_end(atom: Intrinsic, axis: Index, operand: Operand) -> Affine | None:
    """p of V[k, p], where k is the axis and V the inverse of the operand, read in its direction."""
    if atom.operation != "inverse" or [p for p in atom.positions if axis in p.indices] != [Affine.of(axis)]:
        return None
    first = atom.positions[0] == Affine.of(axis)
    fits = atom.operands[0] if first or atom.symmetric else transposed(atom.operands[0])
    return atom.positions[1 if first else 0] if fits.key == operand.key else None
