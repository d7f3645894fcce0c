"""Random programs: a Normal has its program's value, and does not depend on names, order or distribution."""

from __future__ import annotations

import random
from fractions import Fraction

import sympy
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from small_programs import (
    A,
    S,
    X,
    a,
    are_narrow,
    assert_meet,
    entries,
    form,
    i,
    j,
    m,
    n,
    over,
    program,
    program_entries,
    sample,
    u,
    v,
    w,
    x,
    y,
)

from eqcompiler.calculus.chains import build, chain_of, read_monomial
from eqcompiler.calculus.monomials import Monomial, Normal
from eqcompiler.calculus.rational import cleared
from eqcompiler.errors import NotSupportedYet
from eqcompiler.languages.program import index

# A tree is (operation, parts...); an index is a number: -2 and -1 for the free ones, then the sums around it from outside.
Tree = tuple
FREE = {-2: i, -1: j}
LEAVES = {"u": u, "v": v, "w": w, "A": A, "S": S, "X": X}
SHAPES = {"u": "n", "v": "n", "w": "m", "A": "nn", "S": "nn", "X": "mn"}
SIZES = {"m": m, "n": n}


def leaves(scope: tuple[str, ...]) -> st.SearchStrategy[Tree]:
    """scope: the range of each index, free ones first."""
    places = {size: [k - 2 for k, s in enumerate(scope) if s == size] for size in "mn"}

    scalars = st.sampled_from([("x",), ("y",), ("a",), ("number", 2), ("number", -1), ("n",)])
    parts = []
    for name, shape in SHAPES.items():
        if all(places[size] for size in shape):
            parts.append(st.tuples(st.just(name), *(st.sampled_from(places[size]) for size in shape)))
    if len(places["n"]) > 1:
        parts.append(st.tuples(st.just("delta"), st.sampled_from(places["n"]), st.sampled_from(places["n"])))
    if places["m"]:
        parts.append(st.tuples(st.just("delta"), st.sampled_from(places["n"]), st.sampled_from(places["m"])))
    return st.one_of(scalars, *parts)


def trees(depth: int, scope: tuple[str, ...] = ("n", "n")) -> st.SearchStrategy[Tree]:
    if depth == 0:
        return leaves(scope)
    inner = trees(depth - 1, scope)
    summed = st.sampled_from("mn").flatmap(lambda s: st.tuples(st.just("sum"), st.just(s), trees(depth - 1, (*scope, s))))
    function = st.tuples(st.sampled_from(["abs", "sign", "exp", "positive", "root", "cos", "max", "square"]), inner)
    return st.one_of(
        leaves(scope),
        st.tuples(st.just("add"), inner, inner),
        st.tuples(st.just("mul"), inner, inner),
        summed,
        function,
    )


FUNCTIONS = {
    "abs": sympy.Abs,
    "sign": sympy.sign,
    "exp": lambda e: sympy.exp(sympy.cos(e)),
    "positive": lambda e: 1 / (1 + e**2),
    "root": lambda e: sympy.sqrt(a + e**2),
    "cos": sympy.cos,
    "max": lambda e: sympy.Max(e, x),
    "square": lambda e: e**2,
}


def rendered(tree: Tree, names: tuple[sympy.Symbol, ...], mixer: random.Random | None) -> sympy.Expr:
    """The tree over SymPy; with a mixer: other names, other orders, products distributed."""
    head, *parts = tree
    if head in LEAVES:
        return LEAVES[head][tuple(_index(part, names) for part in parts)]
    if head == "delta":
        return sympy.KroneckerDelta(*(_index(part, names) for part in parts))
    if head == "number":
        return sympy.Integer(parts[0])
    if head in ("x", "y", "a", "n"):
        return {"x": x, "y": y, "a": a, "n": n}[head]
    if head == "sum":
        name = index(f"s{len(names)}" if mixer is None else f"z{mixer.randrange(10**9)}")
        return sympy.Sum(rendered(parts[1], (*names, name), mixer), (name, 1, SIZES[parts[0]]))
    values = [rendered(part, names, mixer) for part in parts]
    if head in FUNCTIONS:
        return FUNCTIONS[head](values[0])
    if mixer is not None and head == "mul" and parts[1][0] == "add":
        pieces = [rendered(part, names, mixer) for part in parts[1][1:]]
        mixer.shuffle(pieces)
        return sympy.Add(*(piece * values[0] for piece in pieces))
    if mixer is not None:
        mixer.shuffle(values)
    return sympy.Add(*values) if head == "add" else sympy.Mul(*values)


def _index(part: int, names: tuple[sympy.Symbol, ...]) -> sympy.Symbol:
    return FREE[part] if part < 0 else names[part]


AXES = (over(i, n), over(j, n))
TRIED = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def formed(body: sympy.Expr):
    try:
        return form(body, AXES)
    except NotSupportedYet:
        return None


@TRIED
@given(trees(4), st.sampled_from([{"m": 2, "n": 2}, {"m": 3, "n": 2}, {"m": 1, "n": 2}]))
def test_a_normal_has_the_value_of_its_program(tree: Tree, sizes: dict[str, int]) -> None:
    body = rendered(tree, (), None)
    tensor = formed(body)
    if tensor is None:
        return
    values = sample(7, sizes)
    expected = program_entries(program(body, AXES), values)
    assume(are_narrow(expected))
    assert_meet(entries(tensor, values), expected)


@TRIED
@given(trees(4), st.integers(0, 10**6))
def test_a_normal_does_not_depend_on_names_order_or_distribution(tree: Tree, seed: int) -> None:
    first = formed(rendered(tree, (), None))
    other = formed(rendered(tree, (), random.Random(seed)))
    if first is None or other is None:
        return
    assert first.body.key == other.body.key


@TRIED
@given(trees(3), trees(3), st.sampled_from([{"m": 2, "n": 2}, {"m": 3, "n": 2}]))
def test_what_is_cleared_to_zero_is_zero(left: Tree, right: Tree, sizes: dict[str, int]) -> None:
    one, other = formed(rendered(left, (), None)), formed(rendered(right, (), None))
    if one is None or other is None:
        return
    try:
        rest = cleared(one.body - other.body)
    except NotSupportedYet:
        return
    if not rest.terms:
        values = sample(11, sizes)
        expected = entries(other, values)
        assume(are_narrow(expected))
        assert_meet(entries(one, values), expected)


@TRIED
@given(trees(4))
def test_a_chain_is_its_factor(tree: Tree) -> None:
    tensor = formed(rendered(tree, (), None))
    for term in tensor.body.terms if tensor else ():
        product = read_monomial(term)
        assert product.coefficient == term.coefficient
        for f in term.factors:
            chain = chain_of(f)
            if chain is not None:
                exponent = f.exponent if f.atom.key.startswith("{") else Fraction(1)
                plain = Normal((Monomial(Fraction(1), (f,)),)) if exponent == 1 else Normal.atom(f.atom)
                assert build(chain).key == plain.key
