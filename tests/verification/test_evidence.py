"""Evidence: wrong claims are refuted with certified small counterexamples, right ones never are, and nothing is invented."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest
from build_terms import (
    add,
    at,
    call,
    claim,
    condition,
    define,
    div,
    document,
    elementwise,
    eye,
    family,
    grad,
    idx,
    matmul,
    mul,
    num,
    over,
    power,
    ref,
    size,
    sub,
    sum_over,
    sym,
    transpose,
    typed,
)
from flint import fmpq

from eqcompiler.errors import BadInput, IllegalEquation
from eqcompiler.languages.terms import SCALAR, Condition, Constant, Extremum, FunctionType, Limit, UnknownCall
from eqcompiler.languages.verdicts import Counterexample
from eqcompiler.verification import evidence, jets
from eqcompiler.verification.evidence import gather
from eqcompiler.verification.oracle import Sample
from eqcompiler.verification.shrinking import shrink

X, y, theta = sym("X", "m", "n"), sym("y", "m"), sym("theta", "n")
A, B, x, a, b = sym("A", "n", "n"), sym("B", "n", "n"), sym("x", "n"), sym("a", "n"), sym("b", "n")
s, t = sym("s"), sym("t")
RESIDUAL = sub(matmul(X, theta), y)
J = define("J", div(power(call("norm2", RESIDUAL), 2), size("m")), "theta")
GRADIENT = grad(ref(J), "theta", "n")
RIGHT = mul(div(num(2), size("m")), matmul(transpose(X), RESIDUAL))
LEAST_SQUARES = document(J)

P = define("p", family((over("k", 1, "K"),), div(elementwise("exp", at(sym("z", "K"), idx("k"))), sum_over(
    over("l", 1, "K"), elementwise("exp", at(sym("z", "K"), idx("l"))))), ("K",)))  # fmt: skip
CROSS = define(
    "L",
    call("neg", sum_over(over("k", 1, "K"), mul(at(sym("q", "K"), idx("k")), elementwise("log", at(ref(P), idx("k")))))),
    "z",
)
ONE_HOT = condition(sum_over(over("i", 1, "K"), at(sym("q", "K"), idx("i"))), "=", 1)

# name -> (document, claim): true for all values
TRUE = {
    "least squares": (LEAST_SQUARES, claim(GRADIENT, RIGHT)),
    "softmax": (document(P, CROSS, assumptions=(ONE_HOT,)), claim(grad(ref(CROSS), "z", "K"), sub(ref(P), sym("q", "K")))),
    "transposed product": (document(), claim(transpose(matmul(A, B)), matmul(transpose(B), transpose(A)))),
    "inverse": (document(), claim(call("inverse", matmul(A, B), shape=("n", "n")), matmul(
        call("inverse", B, shape=("n", "n")), call("inverse", A, shape=("n", "n"))))),
    "log det": (document(), claim(
        grad(elementwise("log", call("det", A)), "A", "n", "n"), transpose(call("inverse", A, shape=("n", "n"))))),
    "component": (document(), claim(
        at(grad(matmul(x, matmul(A, x)), "x", "n"), idx("k")),
        sum_over(over("j", 1, "n"), mul(add(at(A, idx("k"), idx("j")), at(A, idx("j"), idx("k"))), at(x, idx("j")))),
        over("k", 1, "n"))),
    "ridge": (document(symbols={"theta": typed("n")}, assumptions=(condition(s, ">", 0),)), claim(
        Extremum(typed("n"), "argmin", "theta", add(power(call("norm2", RESIDUAL), 2), mul(s, power(call("norm2", theta), 2)))),
        matmul(call("inverse", add(matmul(transpose(X), X), mul(s, eye("n"))), shape=("n", "n")), matmul(transpose(X), y)))),
    "chain rule": (document(symbols={"f": FunctionType((typed("n"),), SCALAR)}), claim(
        grad(UnknownCall(SCALAR, "f", (add(x, mul(t, a)),)), "t"),
        matmul(grad(UnknownCall(SCALAR, "f", (x,)), "x", "n", point=add(x, mul(t, a))), a))),
    "softplus": (document(), claim(sub(elementwise("softplus", s), elementwise("softplus", call("neg", s))), s)),
    "kink": (document(), claim(grad(mul(s, elementwise("abs", s)), "s"), mul(num(2), elementwise("abs", s)))),
    "square root of two": (document(), claim(power(elementwise("sqrt", num(2)), 2), num(2))),
}  # fmt: skip

ROOT = elementwise("sqrt", num(2))

# name -> (document, claim): false somewhere; the mistake is in the name
FALSE = {
    "factor 2 dropped": (LEAST_SQUARES, claim(GRADIENT, mul(div(num(1), size("m")), matmul(transpose(X), RESIDUAL)))),
    "factor 1.0005": (LEAST_SQUARES, claim(GRADIENT, mul(num("1.0005"), RIGHT))),
    "1/m dropped": (LEAST_SQUARES, claim(GRADIENT, mul(num(2), matmul(transpose(X), RESIDUAL)))),
    "sign": (LEAST_SQUARES, claim(GRADIENT, mul(num(-1), RIGHT))),
    "dropped term": (LEAST_SQUARES, claim(GRADIENT, mul(div(num(2), size("m")), matmul(transpose(X), matmul(X, theta))))),
    "order": (document(), claim(transpose(matmul(A, B)), matmul(transpose(A), transpose(B)))),
    "transpose": (document(), claim(grad(matmul(a, matmul(A, b)), "A", "n", "n"), call("outer", b, a, shape=("n", "n")))),
    "softmax without the sum condition": (document(P, CROSS), claim(grad(ref(CROSS), "z", "K"), sub(ref(P), sym("q", "K")))),
    "irrational": (document(), claim(elementwise("exp", add(s, t)), add(elementwise("exp", s), elementwise("exp", t)))),
    "one index": (document(), claim(at(x, idx("k")), at(x, num(1)), over("k", 1, "n"))),
    "one part in 10^30": (document(), claim(ROOT, add(ROOT, num(Fraction(1, 10**30))))),
    "hessian": (document(), claim(grad(grad(matmul(x, matmul(A, x)), "x", "n"), "x", "n"), mul(num(2), A))),
}  # fmt: skip


@pytest.mark.parametrize("name", FALSE)
def test_false_claims_are_refuted(name):
    found = gather(*FALSE[name])
    assert found.counterexample is not None
    assert not found.agrees


@pytest.mark.parametrize("name", TRUE)
def test_true_claims_agree(name):
    found = gather(*TRUE[name])
    assert (found.counterexample, found.unsupported, found.agrees) == (None, None, True)


def test_an_evaluator_that_is_broken_contradicts_true_claims(monkeypatch):
    monkeypatch.setitem(jets._SLOPES, "log", lambda x, y: jets.reciprocal(x) * fmpq(2001, 2000))
    assert gather(*TRUE["softmax"]).counterexample is not None


def test_a_comparison_that_ignores_the_last_entry_is_noticed(monkeypatch):
    wrong = claim(x, matmul(add(eye("n"), mul(num(0), A)), add(x, sub(a, a))))
    assert gather(document(), wrong).agrees
    monkeypatch.setattr(evidence, "_differ", lambda a, b: True)
    assert not gather(document(), wrong).agrees


def test_the_method_says_what_was_done():
    found = gather(*TRUE["least squares"])
    assert (found.agreements, found.shapes, found.skipped, found.exact) == (8, 8, 0, True)
    assert found.method == (
        "exact rational arithmetic at 8 points, 8 shapes, and modulo primes of 61 bits at 3 points, 3 larger shapes "
        "(a difference is missed with probability below 2^-111)"
    )
    found = gather(*TRUE["softplus"])
    assert (found.method, found.exact) == ("balls of 200 bits at 24 points, 1 shape", False)


def test_points_without_a_value_are_skipped_and_counted():
    found = gather(document(), claim(div(s, s), num(1)), trials=400)
    assert found.skipped > 0
    assert (found.agreements, found.counterexample) == (400, None)


def test_no_agreement_is_claimed_when_every_point_is_skipped():
    found = gather(document(), claim(div(s, sub(s, s)), num(1)))
    assert (found.agreements, found.agrees, found.method, found.counterexample) == (0, False, "", None)
    assert found.reason == "a side has no value: division by zero"
    assert found.skipped == 72


def test_assumptions_that_cannot_be_met_are_the_reason():
    found = gather(document(assumptions=(condition(power(s, 2), "=", -1),)), claim(s, s))
    assert not found.agrees
    assert found.reason is not None
    assert found.reason.startswith("could not satisfy the assumption")


def test_what_is_unsupported_is_handed_on():
    found = gather(document(), claim(Limit(SCALAR, "t", num(0), call("floor", t)), num(0)))
    assert found.unsupported is not None
    assert found.unsupported.what == "floor under a limit is not evaluated yet"
    assert not found.agrees


def test_sides_of_different_shape_are_an_error():
    with pytest.raises(IllegalEquation) as caught:
        gather(document(), claim(x, X))
    assert caught.value.what == "the left side is a vector (n), the right side a matrix (m by n)"


def test_extra_conditions_count():
    doc, wrong = FALSE["hessian"]
    assert gather(doc, wrong, extra=(condition(A, "=", transpose(A)),)).agrees
    assert gather(doc, wrong, extra=(condition(A, "positive definite"),)).agrees


def test_the_deadline_ends_the_search():
    started = time.monotonic()
    found = gather(*TRUE["log det"], deadline=started, trials=10_000)
    assert time.monotonic() - started < 0.5
    assert (found.agreements, found.reason) == (0, "time ran out")


def test_the_same_seed_gives_the_same_evidence():
    assert repr(gather(*FALSE["hessian"], seed=3)) == repr(gather(*FALSE["hessian"], seed=3))


def test_a_gradient_claim_is_cheap():
    started = time.monotonic()
    for _ in range(10):
        gather(*TRUE["least squares"])
    assert (time.monotonic() - started) / 10 < 0.1


# name -> sizes and the sum of the absolute values of all entries after shrinking
SMALL = {
    "factor 2 dropped": ({"m": 1, "n": 1}, 2),
    "order": ({"n": 2}, 2),
    "irrational": ({}, 0),
    "one index": ({"n": 2}, 1),
    "dropped term": ({"m": 1, "n": 1}, 2),
    "hessian": ({"n": 2}, 1),
}


def entries(value):
    return [x for part in value for x in entries(part)] if isinstance(value, list) else [Fraction(value)]


@pytest.mark.parametrize("name", SMALL)
def test_counterexamples_are_made_small(name):
    doc, wrong = FALSE[name]
    found = gather(doc, wrong, seed=7).found
    assert found is not None
    small = shrink(doc, wrong, found, seconds=5)
    numbers = [abs(x) for key, value in small.values.items() if key != "k" for x in entries(value)]
    assert (small.sizes, sum(numbers)) == SMALL[name]
    assert small.left != small.right


def test_a_counterexample_is_exact_text():
    doc, wrong = FALSE["factor 2 dropped"]
    found = Sample({"m": 1, "n": 1}, {"X": [[Fraction(1, 2)]], "theta": [-3], "y": [0]})
    unshrunk = shrink(doc, wrong, found, seconds=0)
    assert unshrunk == Counterexample({"m": 1, "n": 1}, {"X": [["1/2"]], "theta": ["-3"], "y": ["0"]}, ["-3/2"], ["-3/4"])


def test_shrinking_keeps_the_assumptions():
    doc = document(assumptions=(condition(matmul(x, x), "=", 1), condition(s, ">", 1)))
    wrong = claim(mul(s, at(x, num(1))), at(x, num(1)))
    found = gather(doc, wrong).found
    assert found is not None
    small = shrink(doc, wrong, found)
    assert small.values["s"] == "2"
    assert sum(Fraction(v) ** 2 for v in small.values["x"]) == 1


def test_shrinking_ends_in_time():
    doc, wrong = FALSE["hessian"]
    found = gather(doc, wrong).found
    assert found is not None
    shrink(doc, wrong, found, seconds=0)  # loads Hypothesis
    started = time.monotonic()
    assert shrink(doc, wrong, found, seconds=0.05).sizes
    assert time.monotonic() - started < 1


def test_shrinking_a_point_that_refutes_nothing_is_refused():
    with pytest.raises(BadInput, match="does not refute the claim"):
        shrink(document(), claim(s, s), Sample({}, {"s": 1}), seconds=0.01)


def test_irrational_values_are_shown_with_17_digits():
    wrong = claim(elementwise("exp", div(num(1), num(2))), num(1))
    found = gather(document(), wrong)
    assert found.counterexample == Counterexample({}, {}, "1.6487212707001281", "1")
    assert found.method == "disjoint balls of 200 bits or more"


def test_constants_need_one_point():
    found = gather(document(), claim(power(Constant(SCALAR, "pi"), 2), mul(Constant(SCALAR, "pi"), Constant(SCALAR, "pi"))))
    assert (found.agreements, found.method) == (1, "balls of 200 bits at 1 point, 1 shape")


def test_a_counterexample_does_not_depend_on_the_seconds():
    """Budgets are counted in points: a machine that is a hundred times slower prints the same."""
    doc, wrong = document(), claim(call("det", add(A, B)), add(call("det", A), call("det", B)))
    found = gather(doc, wrong).found
    assert len({repr(shrink(doc, wrong, found, seconds=seconds)) for seconds in (20, 200, 2000)}) == 1


def test_evidence_says_whether_both_sides_are_zero_everywhere():
    zero = Condition("=", s, num(0))
    assert gather(document(), claim(mul(s, t), mul(num(2), s, t)), extra=(zero,)).zero
    assert not gather(document(), claim(add(s, t), add(t, s)), extra=(zero,)).zero
    assert not gather(document(), claim(s, t), extra=(zero,)).zero


def test_a_shape_without_points_is_given_up_at_once(monkeypatch):
    """Q^T Q = I has no points with fewer rows than columns; the other shapes give all the evidence."""
    drawn, real = [], evidence.draw

    def counted(problem, sizes, *more, **options):
        drawn.append((sizes["m"], sizes["n"]))
        return real(problem, sizes, *more, **options)

    monkeypatch.setattr(evidence, "draw", counted)
    Q = sym("Q", "m", "n")
    gram = matmul(transpose(Q), Q)
    found = gather(document(assumptions=(Condition("=", gram, call("identity", shape=("n", "n"))),)), claim(gram, gram))
    assert found.agreements == 8
    assert max(drawn.count(sizes) for sizes in drawn if sizes[0] < sizes[1]) == 1


def test_two_distributions_that_are_equal_are_found_in_every_shape():
    """p = q written before the sums: each sum is solved first, then one is set to the other."""
    sums = [Condition("=", sum_over(over("i", 1, "n"), at(v, idx("i"))), num(1)) for v in (a, b)]
    found = gather(document(assumptions=(Condition("=", a, b), *sums)), claim(a, b))
    assert (found.agreements, found.shapes) == (24, 4)
