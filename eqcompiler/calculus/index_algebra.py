"""Index expressions: which indices and names they hold, renaming without capture, and sums that stay tidy.

Takes: SymPy expressions of an index-form body. Gives: expressions of the same kind.
Guarantees: no Sum binds an index that is free around it; a sum is never expanded; nothing here calls simplify or doit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache

import sympy
from sympy.concrete.expr_with_limits import ExprWithLimits

from eqcompiler.languages import program

Limits = tuple[sympy.Symbol, sympy.Expr, sympy.Expr]  # index, lower, upper; both inclusive
Ranges = Mapping[sympy.Symbol, tuple[sympy.Expr, sympy.Expr]]

LETTERS = tuple("ijklpqrstuvabcdefgh")
ZERO = sympy.S.Zero
ONE = sympy.S.One


def is_index(symbol: sympy.Basic) -> bool:
    """Integer, but not known positive: sizes are positive, scalar inputs are only real."""
    return isinstance(symbol, sympy.Symbol) and symbol.is_integer is True and symbol.is_positive is None


def is_scalar_reference(symbol: sympy.Basic) -> bool:
    return isinstance(symbol, sympy.Symbol) and symbol.is_integer is None


def parts(expr: sympy.Basic) -> tuple[sympy.Basic, ...]:
    """The arguments that are expressions: an Indexed gives its indices, never its base."""
    return tuple(expr.args[1:]) if isinstance(expr, sympy.Indexed) else tuple(expr.args)


def walk(expr: sympy.Basic) -> Iterator[sympy.Basic]:
    """Every node before its parts, in SymPy's canonical argument order."""
    stack = [expr]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(parts(node)))


@lru_cache(maxsize=20_000)
def bound_indices(expr: sympy.Basic) -> tuple[sympy.Symbol, ...]:
    """Indices of sums and products, outermost first, each once."""
    found: dict[sympy.Symbol, None] = {}
    for node in walk(expr):
        if isinstance(node, ExprWithLimits):
            found.update((limit[0], None) for limit in reversed(node.limits))
    return tuple(found)


@lru_cache(maxsize=20_000)
def free_indices(expr: sympy.Basic) -> frozenset[sympy.Symbol]:
    """Index symbols that nothing inside binds."""
    if isinstance(expr, sympy.Symbol):
        return frozenset((expr,)) if is_index(expr) else frozenset()
    if isinstance(expr, ExprWithLimits):
        free = free_indices(expr.function)
        for index, lower, upper in expr.limits:
            free = (free - {index}) | free_indices(lower) | free_indices(upper)
        return free
    return frozenset().union(*(free_indices(part) for part in parts(expr)))


@lru_cache(maxsize=20_000)
def all_indices(expr: sympy.Basic) -> frozenset[sympy.Symbol]:
    """Index symbols, free and bound."""
    if isinstance(expr, sympy.Symbol):
        return frozenset((expr,)) if is_index(expr) else frozenset()
    return frozenset().union(*(all_indices(part) for part in parts(expr)))


@lru_cache(maxsize=20_000)
def references(expr: sympy.Basic) -> tuple[str, ...]:
    """Names of tensors and scalars, each once, in the order met."""
    found: dict[str, None] = {}
    for node in walk(expr):
        if isinstance(node, sympy.Indexed):
            found[node.base.name] = None
        elif is_scalar_reference(node):
            found[node.name] = None
    return tuple(found)


def has_sum(expr: sympy.Basic) -> bool:
    return bool(bound_indices(expr))


def reference(name: str, at: Iterable[sympy.Expr]) -> sympy.Expr:
    """The atom name[at], or the scalar `name` when there are no indices."""
    indices = tuple(at)
    return component(program.tensor(name), indices) if indices else program.scalar(name)


@lru_cache(maxsize=50_000)
def component(tensor: sympy.IndexedBase, indices: tuple[sympy.Expr, ...]) -> sympy.Indexed:
    """tensor[indices]; SymPy derives the assumptions of each one anew, which takes longer than all the rest."""
    return tensor[indices]


def fresh_index(taken: Callable[[str], bool]) -> sympy.Symbol:
    """The first index letter that is not taken: i, j, k, ... then i1, j1, ..."""
    round_ = 0
    while True:
        for letter in LETTERS:
            name = f"{letter}{round_ or ''}"
            if not taken(name):
                return program.index(name)
        round_ += 1


def with_limits(kind: type[ExprWithLimits], body: sympy.Expr, limits: Iterable[Limits]) -> sympy.Expr:
    """Sum or Product as SymPy would build it, without its search for piecewise functions to fold (four times slower)."""
    inner: tuple[sympy.Basic, ...] = ()
    if isinstance(body, kind):
        body, inner = body.function, body.limits
    made = sympy.Expr.__new__(kind, body, *inner, *(sympy.Tuple(*limit) for limit in limits))
    made.is_commutative = True
    return made


def rebuilt(expr: sympy.Basic, arguments: Iterable[sympy.Basic]) -> sympy.Basic:
    """`expr` with other arguments (those that `parts` gives)."""
    if isinstance(expr, sympy.Indexed):
        return component(expr.base, tuple(arguments))
    if isinstance(expr, ExprWithLimits):
        body, *limits = arguments
        return with_limits(type(expr), body, (tuple(limit.args) for limit in limits))
    return expr.func(*arguments)


def replaced(expr: sympy.Basic, leaf: Callable[[sympy.Basic], sympy.Basic | None]) -> sympy.Basic:
    """Bottom-up rewriting. `leaf` answers for symbols and Indexed (their indices already rewritten); None keeps them."""
    if isinstance(expr, sympy.Symbol):
        found = leaf(expr)
        return expr if found is None else found
    if not expr.args:
        return expr
    old = parts(expr)
    new = tuple(replaced(part, leaf) for part in old)
    same = all(a is b for a, b in zip(old, new, strict=True))
    node = expr if same else rebuilt(expr, new)
    if isinstance(node, sympy.Indexed):
        found = leaf(node)
        return node if found is None else found
    return node


def renamed(expr: sympy.Expr, mapping: Mapping[sympy.Symbol, sympy.Expr]) -> sympy.Expr:
    """Indices replaced everywhere, bound ones included. Who calls it knows that no name is captured."""
    if mapping.keys().isdisjoint(all_indices(expr)):
        return expr
    if isinstance(expr, sympy.Symbol):
        return mapping.get(expr, expr)
    return rebuilt(expr, [renamed(part, mapping) for part in parts(expr)])


def substituted(expr: sympy.Expr, mapping: Mapping[sympy.Symbol, sympy.Expr], taken: Iterable[str] = ()) -> sympy.Expr:
    """Free indices replaced by index expressions; bound indices that would capture them are renamed first."""
    incoming = frozenset().union(*(free_indices(value) for value in mapping.values()))
    return renamed(apart(expr, incoming, taken), mapping)


def apart(expr: sympy.Expr, from_: Iterable[sympy.Symbol], taken: Iterable[str] = ()) -> sympy.Expr:
    """`expr` with every bound index that is in `from_` renamed."""
    avoid = frozenset(from_)
    clash = [index for index in bound_indices(expr) if index in avoid]
    if not clash:
        return expr
    used = {s.name for s in (*avoid, *bound_indices(expr), *free_indices(expr))} | set(taken) | set(references(expr))
    used |= {node.name for node in walk(expr) if isinstance(node, sympy.Symbol)}
    mapping = {}
    for index in clash:
        mapping[index] = fresh_index(used.__contains__)
        used.add(mapping[index].name)
    return renamed(expr, mapping)


def summed(body: sympy.Expr, limits: Limits, ranges: Ranges) -> sympy.Expr:
    """Sum of `body` over one index: factors without it stay outside, deltas on it are contracted.

    ranges: those of the indices that are free in `body`. A delta is contracted only where both indices run over the same range.
    """
    index, lower, upper = limits
    outside: list[sympy.Expr] = []
    inside: list[sympy.Expr] = []
    for factor in sympy.Mul.make_args(body):
        (inside if index in free_indices(factor) else outside).append(factor)
    if not inside:
        return sympy.Mul(upper - lower + 1, *outside)
    return sympy.Mul(*outside, _sum_of_dependent(inside, limits, ranges))


def _sum_of_dependent(factors: list[sympy.Expr], limits: Limits, ranges: Ranges) -> sympy.Expr:
    index, lower, upper = limits
    for position, factor in enumerate(factors):
        rest = factors[:position] + factors[position + 1 :]
        if isinstance(factor, sympy.KroneckerDelta):
            other = factor.args[1] if factor.args[0] == index else factor.args[0]
            if index in factor.args and ranges.get(other) == (lower, upper):
                return substituted(sympy.Mul(*rest), {index: other})
        elif isinstance(factor, sympy.Add) and any(_contractible(term, limits, ranges) for term in factor.args):
            return sympy.Add(*(summed(sympy.Mul(term, *rest), limits, ranges) for term in _split(factor, limits, ranges)))
    return with_limits(sympy.Sum, sympy.Mul(*factors), (limits,))


def _contractible(term: sympy.Expr, limits: Limits, ranges: Ranges) -> bool:
    index, lower, upper = limits
    return any(
        isinstance(f, sympy.KroneckerDelta)
        and index in f.args
        and any(ranges.get(other) == (lower, upper) for other in f.args if other != index)
        for f in sympy.Mul.make_args(term)
    )


def _split(total: sympy.Add, limits: Limits, ranges: Ranges) -> list[sympy.Expr]:
    """The terms with a delta one by one, the others together."""
    chosen = [term for term in total.args if _contractible(term, limits, ranges)]
    others = [term for term in total.args if not _contractible(term, limits, ranges)]
    return [sympy.Add(*others), *chosen] if others else chosen


def retotalled(expr: sympy.Basic, ranges: Ranges) -> sympy.Basic:
    """Every sum built again: after something was inlined, scalars move out and deltas are contracted."""
    if isinstance(expr, sympy.Indexed) or not expr.args or not has_sum(expr):
        return expr
    if isinstance(expr, ExprWithLimits):
        inner = {**ranges, **{limit[0]: (limit[1], limit[2]) for limit in expr.limits}}
        body = retotalled(expr.function, inner)
        if not isinstance(expr, sympy.Sum):
            return with_limits(type(expr), body, (tuple(limit) for limit in expr.limits))
        for limit in expr.limits:
            inner = {index: range_ for index, range_ in inner.items() if index != limit[0]}
            body = summed(body, tuple(limit), inner)
        return body
    return expr.func(*(retotalled(part, ranges) for part in expr.args))
