"""Sampled points satisfy what is assumed: every family of conditions, verified by NumPy on the exact values."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from build_terms import (
    add,
    at,
    call,
    claim,
    condition,
    document,
    eye,
    family,
    idx,
    matmul,
    mul,
    num,
    over,
    power,
    size,
    sum_over,
    sym,
    transpose,
    typed,
)

from eqcompiler.errors import BadInput
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.terms import INTEGER, SCALAR, Call, Condition, FunctionType, Type, UnknownCall
from eqcompiler.verification import sampling
from eqcompiler.verification.constraint_solving import Structure
from eqcompiler.verification.problems import problem_of
from eqcompiler.verification.sample_sizes import shapes
from eqcompiler.verification.sampling import Unsatisfied, draw

A, B = sym("A", "n", "n"), sym("B", "n", "n")
x, y, v = sym("x", "n"), sym("y", "n"), sym("v", "n")
s, t = sym("s"), sym("t")
Q = sym("Q", "m", "n")


def zeros(*sizes):
    return call("zeros", shape=sizes)


def points(*conditions, about=(), seeds=range(12), symbols=None, sizes=None, **more):
    """Points for a claim about these terms under these conditions, as dicts of exact NumPy arrays."""
    doc = document(symbols=symbols, assumptions=conditions, **more)
    terms = [*about, *(t for c in conditions for t in (c.left, c.right) if t is not None)]
    left = add(*(call("normF", t) if t.type.rank == 2 else call("norm2", t) if t.type.rank else t for t in terms))
    problem = problem_of(doc, claim(left, num(0)))
    found = []
    for k in seeds:
        tried = shapes(problem, 8)
        sample = draw(problem, sizes or tried[k % len(tried)], random.Random(k).randint, 3 + k // 4, fractions=k % 2 == 1)
        found.append({name: fractions_of(value) for name, value in sample.values.items()} | {"sizes": sample.sizes})
    return found


def fractions_of(value):
    if isinstance(value, np.ndarray):
        return np.array([Fraction(int(q.p), int(q.q)) for q in value.flat], dtype=object).reshape(value.shape)
    return Fraction(int(value.p), int(value.q))


def det(a):
    """Exactly, for a float determinant of a singular matrix is hardly ever zero."""
    return Fraction(1) if not len(a) else sum((-1) ** k * a[0, k] * det(np.delete(a[1:], k, axis=1)) for k in range(len(a)))


def principal_minors(a):
    rows = range(len(a))
    return [det(a[np.ix_(kept, kept)]) for count in range(1, len(a) + 1) for kept in combinations(rows, count)]


def identity(n):
    return np.array([[Fraction(int(i == j)) for j in range(n)] for i in range(n)], dtype=object)


def rows_sum():
    row = sum_over(over("k", 1, "n"), at(Q, idx("i"), idx("k")))
    return condition(row, "=", 1)


# name -> (conditions, what must be true of a point)
FAMILIES = {
    "positive scalar": ((condition(s, ">", 0),), lambda p: p["s"] > 0),
    "turned around": ((Condition("<", num(0), s),), lambda p: p["s"] > 0),
    "open interval": ((condition(s, ">", 0), condition(s, "<", 1)), lambda p: 0 < p["s"] < 1),
    "interval with pi": ((condition(s, ">", 3), Condition("<", s, num("22/7"))), lambda p: 3 < p["s"] < Fraction(22, 7)),
    "positive vector": ((condition(x, ">", 0),), lambda p: all(p["x"] > 0)),
    "bounded below": ((condition(s, ">=", 2),), lambda p: p["s"] >= 2),
    "bounded above": ((condition(s, "<", -2),), lambda p: p["s"] < -2),
    "not one": ((condition(s, "!=", 1),), lambda p: p["s"] != 1),
    "between symbols": ((Condition("<", s, t),), lambda p: p["s"] < p["t"]),
    "symmetric": ((condition(A, "symmetric"),), lambda p: np.array_equal(p["A"], p["A"].T)),
    "diagonal": ((condition(A, "diagonal"),), lambda p: np.array_equal(p["A"], np.diag(np.diagonal(p["A"])))),
    "positive definite": (
        (condition(A, "positive definite"),),
        lambda p: np.array_equal(p["A"], p["A"].T) and min(principal_minors(p["A"])) > 0,
    ),
    "positive semidefinite": (
        (condition(A, "positive semidefinite"),),
        lambda p: np.array_equal(p["A"], p["A"].T) and min(principal_minors(p["A"])) >= 0,
    ),
    "orthogonal": ((condition(A, "orthogonal"),), lambda p: np.array_equal(p["A"].T @ p["A"], identity(len(p["A"])))),
    "invertible": ((condition(A, "invertible"),), lambda p: det(p["A"]) != 0),
    "positive determinant": ((condition(call("det", A), ">", 0),), lambda p: det(p["A"]) > 0),
    "determinant one": ((condition(call("det", A), "=", 1),), lambda p: det(p["A"]) == 1),
    "transpose": ((condition(A, "=", transpose(A)),), lambda p: np.array_equal(p["A"], p["A"].T)),
    "equal matrices": ((condition(A, "=", B),), lambda p: np.array_equal(p["A"], p["B"])),
    "equal definite matrices": (
        (condition(A, "=", B), condition(A, "positive definite"), condition(B, "positive definite")),
        lambda p: np.array_equal(p["A"], p["B"]),
    ),
    "the identity": (
        (condition(A, "=", eye("n")), condition(A, "positive definite")),
        lambda p: np.array_equal(p["A"], identity(len(p["A"]))),
    ),
    "a zero vector": ((condition(v, "=", zeros("n")),), lambda p: all(p["v"] == 0)),
    "commuting": (
        (condition(matmul(A, B), "=", matmul(B, A)),),
        lambda p: np.array_equal(p["A"] @ p["B"], p["B"] @ p["A"]),
    ),
    "commuting definite": (
        (condition(matmul(A, B), "=", matmul(B, A)), condition(A, "positive definite"), condition(B, "positive definite")),
        lambda p: np.array_equal(p["A"] @ p["B"], p["B"] @ p["A"]),
    ),
    "a A^T = I": (
        (condition(matmul(A, transpose(A)), "=", eye("n")),),
        lambda p: np.array_equal(p["A"] @ p["A"].T, identity(len(p["A"]))),
    ),
    "unit vector": ((condition(matmul(v, v), "=", 1),), lambda p: p["v"] @ p["v"] == 1),
    "unit norm": ((condition(call("norm2", v), "=", 1),), lambda p: p["v"] @ p["v"] == 1),
    "sum of entries": (
        (condition(sum_over(over("i", 1, "n"), at(x, idx("i"))), "=", 1),),
        lambda p: sum(p["x"]) == 1,
    ),
    "probabilities": (
        (condition(x, ">", 0), condition(sum_over(over("i", 1, "n"), at(x, idx("i"))), "=", 1)),
        lambda p: all(p["x"] > 0) and sum(p["x"]) == 1,
    ),
    "a linear system": ((condition(matmul(A, x), "=", y),), lambda p: np.array_equal(p["A"] @ p["x"], p["y"])),
    "rows sum to one": ((rows_sum(),), lambda p: np.array_equal(p["Q"].sum(axis=1), [1] * len(p["Q"]))),
    "rows are probabilities": (
        (rows_sum(), condition(Q, ">", 0)),
        lambda p: np.array_equal(p["Q"].sum(axis=1), [1] * len(p["Q"])) and (p["Q"] > 0).all(),
    ),
    "symmetric with given row sums": (
        (condition(A, "symmetric"), condition(matmul(A, call("ones", shape=("n",))), "=", zeros("n"))),
        lambda p: np.array_equal(p["A"], p["A"].T) and all(p["A"].sum(axis=1) == 0),
    ),
    "two equations on one symbol": (
        (condition(A, "=", transpose(A)), condition(call("trace", A), "=", 5)),
        lambda p: np.array_equal(p["A"], p["A"].T) and np.trace(p["A"]) == 5,
    ),
    "a product of scalars": ((condition(mul(s, t), "=", 6),), lambda p: p["s"] * p["t"] == 6),
    "projection": (
        (condition(matmul(A, A), "=", A), condition(A, "symmetric")),
        lambda p: np.array_equal(p["A"] @ p["A"], p["A"]),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAMILIES)
def test_points_satisfy(name):
    conditions, true_of = FAMILIES[name]
    for point in points(*conditions):
        assert true_of(point), point


def test_orthonormal_columns():
    tall = condition(matmul(transpose(Q), Q), "=", eye("n"))
    constraint = (Dimension.of("m"), ">=", Dimension.of("n"))
    for point in points(tall, constraints=(constraint,)):
        assert np.array_equal(point["Q"].T @ point["Q"], identity(point["Q"].shape[1]))


def test_an_eigenvector_is_not_always_zero():
    """v = 0 satisfies A v = s v: as the only kind of point it would let every claim about eigenvectors pass."""
    found = points(condition(matmul(A, v), "=", mul(s, v)))
    assert all(np.array_equal(point["A"] @ point["v"], point["s"] * point["v"]) for point in found)
    assert all(any(x != 0 for x in point["v"]) or point["sizes"]["n"] > 1 for point in found)
    assert sum(any(x != 0 for x in point["v"]) for point in found) > len(found) // 2


def test_what_has_to_vanish_does():
    for point in points(condition(v, "=", zeros("n")), about=(v,)):
        assert not any(point["v"])


def test_random_values_do_not_satisfy_a_family_by_chance():
    """The families above are no tautologies: unconstrained points break each of them."""
    by_chance = []
    for name, (conditions, true_of) in FAMILIES.items():
        free = points(about=tuple(t for c in conditions for t in (c.left, c.right) if t is not None), seeds=range(16))
        if all(true_of(point) for point in free if point["sizes"].get("n", 2) > 1):
            by_chance.append(name)
    assert by_chance == ["invertible"]


def test_a_verification_that_accepts_everything_is_noticed(monkeypatch):
    monkeypatch.setattr(sampling, "is_met", lambda problem, condition, sample: True)
    assert not all(p["v"] @ p["v"] == 1 for p in points(condition(matmul(v, v), "=", 1)))


def test_what_cannot_be_satisfied_is_named():
    with pytest.raises(Unsatisfied, match="could not satisfy the assumption"):
        points(condition(matmul(v, v), "=", -1))


def test_only_conditions_that_touch_the_claim_count():
    impossible = condition(matmul(v, v), "=", -1)
    doc = document(assumptions=(impossible, condition(s, ">", 0)))
    problem = problem_of(doc, claim(s, num(0)))
    assert (tuple(problem.symbols), problem.conditions) == (("s",), (condition(s, ">", 0),))


def test_conditions_are_followed_from_symbol_to_symbol():
    doc = document(assumptions=(condition(x, "=", y), condition(y, "=", v)))
    assert sorted(problem_of(doc, claim(call("norm1", x), num(0))).symbols) == ["v", "x", "y"]


def test_whole_numbers():
    k = call("abs", Call(INTEGER, "add", (sym_integer("k"),)))
    for point in points(condition(sym_integer("k"), ">=", 2), about=(k,)):
        assert point["k"] >= 2
        assert point["k"].denominator == 1


def sym_integer(name):
    return type(s)(INTEGER, name)


def test_sizes_start_small_and_differ():
    problem = problem_of(document(), claim(call("normF", sym("X", "m", "n")), call("norm2", sym("z", "p"))))
    tried = shapes(problem, 8)
    assert tried[0] == {"m": 1, "n": 1, "p": 1}
    assert len(set(tried[1].values())) == 3
    assert tried[2] == {"m": 2, "n": 2, "p": 2}
    assert len(tried) == 8


def test_sizes_satisfy_minima_and_constraints():
    m, n = Dimension.of("m"), Dimension.of("n")
    doc = document(dimensions={"n": 2}, constraints=((m, ">", n),))
    problem = problem_of(doc, claim(call("normF", sym("X", "m", "n")), num(0)))
    assert all(sizes["m"] > sizes["n"] >= 2 for sizes in shapes(problem, 8))
    equal = Condition("=", size("m"), size("n"))
    problem = problem_of(document(), claim(call("normF", sym("X", "m", "n")), num(0), assumptions=(equal,)))
    assert all(sizes["m"] == sizes["n"] for sizes in shapes(problem, 8))


def test_impossible_sizes_are_named():
    m, n = Dimension.of("m"), Dimension.of("n")
    doc = document(constraints=((m, ">", n), (n, ">", m)))
    with pytest.raises(BadInput, match="no small sizes of m, n satisfy what is assumed of them"):
        shapes(problem_of(doc, claim(call("normF", sym("X", "m", "n")), num(0))), 8)


def test_unknown_functions_get_one_polynomial_for_the_whole_sample():
    symbols = {"f": FunctionType((typed("n"),), SCALAR)}
    term = UnknownCall(SCALAR, "f", (x,))
    problem = problem_of(document(symbols=symbols), claim(term, num(0)))
    sample = draw(problem, {"n": 3}, random.Random(1).randint)
    (terms,) = sample.functions["f"].outputs
    assert max(len(key) for _, key in terms) == 3
    assert all(k < 3 for _, key in terms for k in key)


def test_the_same_seed_gives_the_same_points():
    conditions = (condition(A, "positive definite"), condition(matmul(v, v), "=", 1))
    assert repr(points(*conditions)) == repr(points(*conditions))


def test_structure_bounds():
    assert Structure(low=0, low_open=False).admits(0)
    assert not Structure(low=0).admits(0)
    assert not Structure(high=1, high_open=True).admits(1)


def test_a_family_over_an_index_counts_for_every_value():
    row = family((over("k", 1, "n"),), mul(at(Q, idx("i"), idx("k")), num(1)), ("n",))
    conditions = (condition(call("norm1", row), "<=", 4),)
    for point in points(*conditions, about=(Q,)):
        assert all(np.abs(point["Q"]).sum(axis=1) <= 4)


def test_powers_of_values_are_rational():
    for point in points(condition(power(s, 2), "=", 4)):
        assert point["s"] in (2, -2)


def test_types_come_from_use_when_nothing_is_declared():
    problem = problem_of(document(), claim(at(sym("z", "n"), num(1)), num(0)))
    assert problem.symbols == {"z": Type((Dimension.of("n"),))}
