r"""What types decide: kinds, shapes, the meaning of T, |A|, x^{(i)}, f(x+1), `if`; and what they leave to the author."""

from __future__ import annotations

import pytest

from eqcompiler.errors import AmbiguousNotation, IllegalEquation, ShapeMismatch, Source
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.statements import Claim, Definition, Document
from eqcompiler.languages.terms import Call, Component, Derivative, Reduction, Reference, Term, children
from eqcompiler.reading.documents import formulas
from eqcompiler.reading.typing import type_document


def read(*displays: str) -> Document:
    source = Source("file.tex", "\n".join(rf"\[ {display} \]" for display in displays))
    return type_document(source, formulas(source))


def types(document: Document) -> dict[str, str]:
    return {name: str(info.type) for name, info in document.symbols.items()}


def only_error(document: Document) -> str:
    (error,) = [s.error for s in document.statements if s.error]
    return str(error)


def operations(term: Term) -> list[str]:
    own = [term.operation] if isinstance(term, Call) else []
    return own + [name for child in children(term) for name in operations(child)]


def definition(document: Document, name: str) -> Term:
    return document.definitions[name].body


VECTORS = r"A \in \mathbb{R}^{n \times n}, \quad x, y \in \mathbb{R}^n, \quad a, b \in \mathbb{R}"

MEANINGS = [
    (r"s = x^T A x", "", ["matmul", "matmul", "transpose"]),
    (r"s = |A|", "", ["det"]),
    (r"s = |a|", "", ["abs"]),
    (r"s = \|x\|", "", ["norm2"]),
    (r"s = \|A\|_F^2", "", ["pow", "normF"]),
    (r"s = |x|_2^2", "", ["pow", "norm2"]),
    (r"s = |x|_1", "", ["norm1"]),
    (r"s = \lVert x \rVert_2", "", ["norm2"]),
    (r"s = \|x\|_\infty", "", ["norminf"]),
    (r"s = \lVert A \rVert_F", "", ["normF"]),
    (r"s = \left| A \right|", "", ["det"]),
    (r"s = |a - b|", "", ["abs", "add", "neg"]),
    (r"M = A^{-T}", "n by n", ["transpose", "inverse"]),
    (r"M = A^2", "n by n", ["matpow"]),
    (r"M = x y^T", "n by n", ["outer", "transpose"]),
    (r"v = x \odot y", "n", ["mul"]),
    (r"M = A + 2 I", "n by n", ["add", "mul", "identity"]),
    (r"v = A x + \mathbf{1}", "n", ["add", "matmul", "ones"]),
    (r"s = a^2 b", "", ["mul", "pow"]),
    (r"s = e^{a}", "", ["exp"]),
    (r"s = \log_2 a", "", ["div", "log", "log"]),
    (r"M = A^{1/2}", "n by n", ["matsqrt"]),
    (r"v = \tanh(x)", "n", ["tanh"]),
]


@pytest.mark.parametrize(("display", "shape", "expected"), MEANINGS, ids=[display for display, _, _ in MEANINGS])
def test_operations_follow_the_shapes(display: str, shape: str, expected: list[str]) -> None:
    document = read(VECTORS, display)
    body = definition(document, display.split()[0])
    assert operations(body) == expected
    assert " by ".join(str(size) for size in body.type.shape) == shape


def test_undeclared_names_get_the_smallest_rank_that_fits() -> None:
    document = read(
        r"x^{(i)} \in \mathbb{R}^n, \quad y \in \mathbb{R}^m, \quad X = [x^{(1)}, \dots, x^{(m)}]^\top", r"r = X \theta - y"
    )
    assert types(document)["theta"] == "vector (n)"
    assert types(document)["X"] == "matrix (m by n)"


def test_a_rank_that_an_earlier_formula_chose_is_reconsidered() -> None:
    document = read(r"J = \theta + b", r"x \in \mathbb{R}^n", r"s = \theta^T x")
    assert types(document)["theta"] == types(document)["b"] == "vector (n)"


@pytest.mark.parametrize(
    ("display", "words"),
    [
        (r"y = X \beta", r"X is a scalar or a vector; \beta is a vector or a scalar"),
        (r"y = X x", "X is a scalar or a matrix"),
    ],
)
def test_two_readings_of_undeclared_names_are_an_error(display: str, words: str) -> None:
    document = read(r"y, x \in \mathbb{R}^n", display)
    (error,) = [s.error for s in document.statements if s.error]
    assert isinstance(error, AmbiguousNotation)
    assert error.what == f"undeclared names have two readings here: {words}"


def test_an_index_that_nothing_bounds_runs_over_its_axis() -> None:
    document = read(r"A \in \mathbb{R}^{m \times n}, \quad x \in \mathbb{R}^n", r"v_i = \sum_j A_{ij} x_j")
    body = definition(document, "v")
    assert str(body.type) == "vector (m)"
    inner = body.body  # type: ignore[attr-defined]
    assert isinstance(inner, Reduction)
    assert str(inner.binder.upper.dimension) == "n"  # type: ignore[attr-defined]


def test_samples_are_the_rows_of_the_declared_matrix() -> None:
    document = read(
        r"\mathcal{D} = \{(x^{(i)}, y^{(i)})\}_{i=1}^{m}",
        r"x^{(i)} \in \mathbb{R}^n, \quad y^{(i)} \in \mathbb{R}",
        r"X = [x^{(1)}, \dots, x^{(m)}]^\top",
        r"s = \sum_{i=1}^m y^{(i)} x^{(i)}",
    )
    assert types(document) == {"X": "matrix (m by n)", "y": "vector (m)"}
    assert str(definition(document, "s").type) == "vector (n)"


def test_a_formal_parameter_named_like_a_family_is_one_sample() -> None:
    document = read(
        r"x^{(i)} \in \mathbb{R}^n, \quad i \in \{1, \dots, m\}, \quad \theta \in \mathbb{R}^n",
        r"h(x) = \theta^T x",
        r"h(x) = \sum_{j=1}^n \theta_j x_j",
        r"s = \sum_{i=1}^m h(x^{(i)})",
    )
    assert [s.kind for s in document.statements][-3:] == ["definition", "claim: equality", "definition"]
    assert str(document.definitions["h"].formal_types[0]) == "vector (n)"


@pytest.mark.parametrize(
    ("display", "shape"),
    [
        (r"\nabla_x (x^T A x) = e", "n"),
        (r"\frac{\partial (A x)}{\partial x^T} = e", "n by n"),
        (r"\frac{\partial}{\partial A} (x^T A y) = e", "n by n"),
        (r"\nabla_x^2 (x^T A x) = e", "n by n"),
        (r"\frac{\partial (x^T x)}{\partial x_k} = e", ""),
    ],
)
def test_a_gradient_has_the_shape_of_its_variable(display: str, shape: str) -> None:
    left = display.removesuffix(" = e")
    document = read(VECTORS, f"{left} = {left}")
    claim = document.statements[-1].payload
    assert isinstance(claim, Claim)
    assert " by ".join(str(size) for size in claim.left.type.shape) == shape


def test_a_component_of_a_gradient_leaves_its_index_free() -> None:
    document = read(VECTORS, r"\frac{\partial (x^T y)}{\partial x_k} = y_k")
    claim = document.statements[-1].payload
    assert isinstance(claim, Claim)
    assert [binder.name for binder in claim.free] == ["k"]
    assert isinstance(claim.left, Component)
    assert isinstance(claim.left.base, Derivative)


def test_a_chain_is_one_claim_per_relation_about_its_two_neighbours() -> None:
    document = read(r"x \in \mathbb{R}", r"f(x) = x^2 + 2x = x (x + 2) = (x + 1)^2 - 1")
    kinds = [s.kind for s in document.statements]
    assert kinds == ["declaration", "definition", "claim: equality", "claim: equality"]
    first, second = (s.payload for s in document.statements[2:])
    assert isinstance(first, Claim)
    assert isinstance(second, Claim)
    assert first.right == second.left


def test_a_second_meaning_needs_the_directive() -> None:
    text = "\\[ x \\in \\mathbb{R} \\]\n\\[ f(x) = x \\]\n%! define\n\\[ f(x) = 2 x \\]\n\\[ f(x) = x + x \\]\n"
    source = Source("file.tex", text)
    document = type_document(source, formulas(source))
    assert [s.kind for s in document.statements] == ["declaration", "definition", "definition", "claim: equality"]
    claim = document.statements[-1].payload
    assert isinstance(claim, Claim)
    assert isinstance(claim.left, Reference)
    assert claim.left.name == "f_2"


def test_conditions_behind_if_belong_to_their_claim_alone() -> None:
    document = read(VECTORS, r"A x = A^T x \quad \text{if } A = A^T", r"a = b")
    claim = document.statements[-2].payload
    assert isinstance(claim, Claim)
    assert [c.relation for c in claim.assumptions] == ["symmetric"]
    assert document.assumptions == ()
    assert isinstance(document.statements[-1].payload, Definition)


def test_a_definition_may_come_after_its_use() -> None:
    document = read(r"w \in \mathbb{R}^d", r"s = \sum_{i=1}^{n} z_i", r"z_i = \sum_{j=1}^{d} X_{ij} w_j")
    assert [s.kind for s in document.statements][1:] == ["definition", "definition"]
    assert types(document) == {"w": "vector (d)", "X": "matrix (n by d)"}


def test_an_equation_behind_a_declaration_is_a_constraint_only_when_it_cannot_be_a_claim() -> None:
    constraint = read(r"y \in \mathbb{R}^K, \quad \sum_{i=1}^K y_i = 1")
    assert [c.relation for c in constraint.assumptions] == ["="]
    claim = read(r"a, b > 0, \quad \log(a b) = \log a + \log b")
    assert claim.assumptions[2:] == ()
    assert only_error(claim) == (
        "file.tex:1:20: an equation behind a declaration: an assumption or a claim\n"
        "    \\[ a, b > 0, \\quad \\log(a b) = \\log a + \\log b \\]\n"
        "                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
        "  to fix: write \\text{where} before an assumption, or give the claim a display of its own"
    )


REFUSED = [
    ((r"x \in \mathbb{R}", r"s = 1/2 x"), "'1/2 x' divides by all of '2 x' or by its first factor alone"),
    ((r"y = a(b + c)",), "'a' is not declared: 'a(...)' is a call or a product"),
    ((r"x \in \mathbb{R}^n", r"s = x^{(i)}"), "'x^{(i)}' is sample i of x or x to the power i"),
    ((r"x \in \mathbb{R}", r"s = x^T"), "'x^T': T is a transpose or a power, but the base is a scalar"),
    ((r"s = \sin x y",), r"'\sin x y' is \sin(x) y or \sin(x y)"),
    ((r"A \in \mathbb{R}^{n \times n}", r"s = \|A\|"), "the norm of a matrix needs its kind"),
    ((r"A \in \mathbb{R}^{n \times n}", r"M = \exp(A)"), "'exp' of a square matrix: entry by entry, or the matrix function"),
    ((r"x \in \mathbb{R}^n", r"s = |x|"), "bars around a vector: its norm, or the absolute value of every entry"),
    ((r"A \in \mathbb{R}^{n \times n}", r"s = A_{ij}^{-1}"), "inverse of the matrix and then an entry, or one over the entry"),
]


@pytest.mark.parametrize(("displays", "what"), REFUSED, ids=[what[:40] for _, what in REFUSED])
def test_two_meanings_are_an_error_that_names_both(displays: tuple[str, ...], what: str) -> None:
    (error,) = [s.error for s in read(*displays).statements if s.error]
    assert isinstance(error, AmbiguousNotation)
    assert error.what == what


def test_a_product_that_does_not_fit_shows_both_sizes_and_both_places() -> None:
    document = read(r"X \in \mathbb{R}^{m \times n}, \quad \theta \in \mathbb{R}^p", r"r = X\theta")
    assert only_error(document) == (
        "file.tex:2:8: this product does not fit: m by n times a vector of size p (n columns meet p rows)\n"
        "    \\[ r = X\\theta \\]\n"
        "           ^^^^^^^\n"
        "  file.tex:2:8: this is m by n\n"
        "    \\[ r = X\\theta \\]\n"
        "           ^\n"
        "  file.tex:2:9: this is a vector of size p\n"
        "    \\[ r = X\\theta \\]\n"
        "            ^^^^^^\n"
        "  to fix: check the transposes and the declared sizes"
    )


def test_a_claim_whose_shapes_cannot_fit_stays_a_claim() -> None:
    document = read(VECTORS, r"\nabla_x (x^T y) = y^T")
    statement = document.statements[-1]
    assert statement.kind == "claim: derivative"
    assert isinstance(statement.error, ShapeMismatch)
    assert statement.error.what == "the two sides differ in shape: a vector of size n and a row vector of size n"


def test_one_bad_formula_does_not_hide_the_others() -> None:
    document = read(r"x \in \mathbb{R}^n", r"s = x x", r"t = x^T x")
    assert [s.kind for s in document.statements] == ["declaration", "error", "definition"]
    assert isinstance(document.statements[1].error, IllegalEquation)


def test_a_second_update_of_a_state_is_a_claim_about_the_first() -> None:
    document = read(r"x \in \mathbb{R}, \quad \eta > 0", r"x_{t+1} = x_t - \eta x_t", r"x_{t+1} = (1 + \eta) x_t")
    assert [s.kind for s in document.statements][2:] == ["recurrence", "claim: equality"]


def test_numerals_beside_letters_are_indices_below_two_axes() -> None:
    document = read(r"X \in \mathbb{R}^{n \times n}", r"a_j = X_{1j} + X_{j2} + X_{12}")
    assert [s.kind for s in document.statements] == ["declaration", "definition"]
    first = definition(document, "a").body  # type: ignore[attr-defined]
    assert [len(part.indices) for part in children(first)] == [2, 2, 2]  # type: ignore[attr-defined]


def test_a_letter_below_a_defined_vector_is_an_index_and_the_relation_a_claim() -> None:
    document = read(r"X \in \mathbb{R}^{m \times n}, \quad w \in \mathbb{R}^n", r"z = X w", r"z_i = \sum_{j=1}^{n} X_{1j} w_j")
    claim = document.statements[-1].payload
    assert isinstance(claim, Claim)
    assert [binder.name for binder in claim.free] == ["i"]


@pytest.mark.parametrize(
    ("display", "what"),
    [
        (r"f(x) \approx x", r"a statement with '\approx' is not implemented"),
        (r"x = a \le b", r"a statement with '\le' is not implemented"),
        (r"x^2 + y^2 \ge 2 x y", "an inequality between expressions is not judged"),
        (r"x^2 \ge x", "an inequality between expressions is not judged"),
        (r"x \neq x^2", "an inequality between expressions is not judged"),
        (r"x^T x > 0", "an inequality between expressions is not judged"),
    ],
)
def test_what_is_no_equality_is_neither_claimed_nor_assumed(display: str, what: str) -> None:
    document = read(display)
    assert document.assumptions == ()
    (error,) = [s.error for s in document.statements if s.error]
    assert error.what == what


def test_bounds_on_names_and_sizes_are_declarations() -> None:
    document = read(r"X \in \mathbb{R}^{m \times n}, \quad m > 2 n", r"0 < \beta < 1", r"n \ge 2")
    assert [s.kind for s in document.statements] == ["declaration"] * 4
    assert len(document.assumptions) == 2
    assert document.dimensions["n"] == 2


def test_a_primed_function_is_claimed_never_defined() -> None:
    document = read(r"x \in \mathbb{R}", r"f(x) = x^2, \quad f' = 3 x")
    assert [s.kind for s in document.statements] == ["declaration", "definition", "claim: derivative"]


def test_a_condition_on_the_entries_of_a_vector_does_not_declare_it_anew() -> None:
    document = read(r"g, b \in \mathbb{R}^n", r"b_i \ge 0", r"f(b, g) = b + g")
    assert [str(s.error) for s in document.statements if s.error] == []
    assert types(document) == {"g": "vector (n)", "b": "vector (n)"}
    assert document.definitions["f"].formals == ("b", "g")


def test_a_condition_on_a_labelled_number_declares_it() -> None:
    assert types(read(r"x \in \mathbb{R}^n", r"x_0 > 0", r"s = x_0")) == {"x": "vector (n)", "x_0": "scalar"}


def test_the_number_0_is_a_zero_vector_where_a_function_takes_a_vector() -> None:
    document = read(r"v, w \in \mathbb{R}^n", r"f(v, w) = v + w", r"f(0, w) = w")
    claim = document.statements[-1].payload
    assert isinstance(claim, Claim)
    assert isinstance(claim.left, Reference)
    assert claim.left.arguments[0] == Call(claim.right.type, "zeros", ())


def test_no_other_number_is_a_vector() -> None:
    document = read(r"v, w \in \mathbb{R}^n", r"f(v, w) = v + w", r"f(1, w) = w")
    assert "'f' takes a vector of size n; this is a scalar" in only_error(document)


def test_bars_around_a_vector_are_left_to_the_author() -> None:
    """The norm, or the absolute value of every entry: both have a sign of their own."""
    assert "bars around a vector: its norm, or the absolute value of every entry" in only_error(read(VECTORS, r"s = |x|"))


@pytest.mark.parametrize(
    "claim",
    [
        r"\operatorname{vec}(A B) = (I \otimes A) \operatorname{vec}(B)",
        r"\operatorname{vec}(C F) = (F^\top \otimes I) \operatorname{vec}(C)",
    ],
)
def test_the_size_of_an_identity_below_a_kronecker_product_is_inferred(claim: str) -> None:
    """k m = n m says that k = n: no size is zero. It was refuted for its shapes."""
    document = read(r"A, B \in \mathbb{R}^{m \times m}", r"C \in \mathbb{R}^{m \times n}, F \in \mathbb{R}^{n \times p}", claim)
    assert [str(s.error) for s in document.statements if s.error] == []


def test_what_all_parts_of_a_size_share_says_nothing() -> None:
    k, m, n = (Dimension.of(name) for name in "kmn")
    assert (k * m + k * m - m * n - m * n).without_common_factor() == k - n
    assert (m * m).without_common_factor() == Dimension.of(1)
    assert (k - n).without_common_factor() == k - n
    assert (k - k).without_common_factor() == Dimension.of(0)


def test_a_definite_matrix_needs_no_other_declaration() -> None:
    document = read(r"A \succeq 0, \quad b \in \mathbb{R}^n", r"f(x) = x^\top A x + b^\top x")
    assert [str(s.error) for s in document.statements if s.error] == []
    assert types(document)["A"] == "matrix (n by n)"
    assert "definiteness needs a square matrix; this is a scalar" in only_error(read(r"x \succ 0"))
