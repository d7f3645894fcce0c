r"""Row by row what the table of statements promises: kinds, types, verdicts, conditions, kernels.

Takes: equations/linear_regression.tex and equations/mean_squared_error.tex, where the rows stand in the documents' own LaTeX.
Gives: one test for each of A1 (with the mean squared error), A3, A4 and B1 to B12.
Guarantees: a residual or a repair is not compared as text; it is read back as a claim and must be proved.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from wrong_statements import LOSS, MODEL, ROWS_ARE_SAMPLES, SAMPLES

from eqcompiler import pipeline
from eqcompiler.languages.statements import Definition, Document, Objective, Recurrence, Statement
from eqcompiler.languages.verdicts import Verdict

Judge = Callable[[str], tuple[Verdict, ...]]

EQUATIONS = Path(__file__).parents[2] / "equations"
FILES = {"A": "mean_squared_error.tex", "B": "linear_regression.tex"}
ROWS = {
    "A1": ("descent", r"\theta_{t+1} = \theta_t - \eta \nabla L(\theta_t)"),
    "A3": ("mse", r"MSE = \frac{1}{n} \sum_{i=1}^{n} (y_i - \hat{y}_i)^2"),
    "A4": ("prediction", r"\hat{y}_i = \sum_{j=1}^{d} X_{ij} w_j + b"),
    "B1": ("dataset", r"\mathcal{D} = {(x^{(i)}, y^{(i)})}_{i=1}^{m}"),
    "B2": ("features", r"x^{(i)} \in \mathbb{R}^n"),
    "B3": ("hypothesis", r"h_\theta : \mathbb{R}^n \rightarrow \mathbb{R}"),
    "B4": ("model", r"h_\theta(x) = \theta^T x + b"),
    "B5": ("model-expanded", r"h_\theta(x) = \sum_{j=1}^{n} \theta_j x_j + b"),
    "B6": ("loss", r"J(\theta) = \frac{1}{m} \sum_{i=1}^{m} \left( h_\theta(x^{(i)}) - y^{(i)} \right)^2"),
    "B7": ("objective", r"\theta^* = \arg\min_\theta J(\theta)"),
    "B8": (
        "gradient",
        r"\frac{\partial J}{\partial \theta} = \frac{2}{m} \sum_{i=1}^{m} x^{(i)} \left( \theta^T x^{(i)} - y^{(i)} \right)",
    ),
    "B9": ("update", r"\theta := \theta - \alpha \nabla_\theta J(\theta)"),
    "B10": ("loss-vectorized", r"J(\theta) = \frac{1}{m} (X\theta - y)^T (X\theta - y)"),
    "B11": ("gradient-vectorized", r"\nabla_\theta J(\theta) = \frac{2}{m} X^T (X\theta - y)"),
    "B12": ("normal-equation", r"\theta^* = (X^T X)^{-1} X^T y"),
}


@cache
def document(letter: str) -> Document:
    return pipeline.load(EQUATIONS / FILES[letter])


@cache
def verdicts(letter: str) -> tuple[Verdict, ...]:
    return tuple(pipeline.verify(document(letter)))


def statement(row: str) -> Statement:
    """The statement that stands at the row's label."""
    offset = document(row[0]).source.text.index(f"\\label{{eq:{ROWS[row][0]}}}")
    return next(s for s in document(row[0]).statements if s.span.stop > offset)


def verdict(row: str) -> Verdict:
    place = statement(row).span
    (found,) = [v for v in verdicts(row[0]) if (v.line, v.column) == (place.line, place.column)]
    return found


def checked(row: str) -> dict[str, object]:
    """The row that `eqc check --json` prints."""
    place = statement(row).span
    (found,) = [r for r in pipeline.check_rows(document(row[0])) if (r["line"], r["column"]) == (place.line, place.column)]
    return dict(found)


def kernels(letter: str) -> tuple[str, ...]:
    return tuple(pipeline.kernel_names(document(letter)))


def shape(letter: str, name: str) -> str:
    return str(document(letter).symbols[name].type)


def check_bias_was_dropped(row: str, residual: str, verdicts_of: Judge) -> None:
    """Conditional on b = 0, expected; the residual printed is the one that is named; the repair printed is right."""
    found = verdict(row)
    assert (found.verdict, found.condition, found.expected, found.ok) == ("conditional", "b = 0", "holds if b = 0", True)
    assert found.residual is not None
    assert found.repair is not None
    before = "".join(f"\\[ {display} \\]\n" for display in (*SAMPLES, ROWS_ARE_SAMPLES, MODEL, LOSS))
    left = ROWS[row][1].split(" = ")[0]
    for claim in (f"{found.residual} = {residual}", f"{left} = {found.repair}"):
        (read_back,) = verdicts_of(f"{before}\\[ {claim} \\]")
        assert (claim, read_back.verdict) == (claim, "proved")


@pytest.mark.parametrize("row", ROWS)
def test_the_documents_own_latex_is_unchanged(row: str) -> None:
    label, latex = ROWS[row]
    text = (EQUATIONS / FILES[row[0]]).read_text(encoding="utf-8")
    inside = re.search(rf"\\begin\{{equation\}}\\label\{{eq:{label}\}}\n(.*)\n\\end\{{equation\}}", text)
    assert inside is not None
    assert inside[1] == latex


@pytest.mark.parametrize("letter", FILES)
def test_every_claim_is_in_order_and_nothing_is_unread(letter: str) -> None:
    assert [s.error for s in document(letter).statements if s.error] == []
    assert [(v.line, v.verdict, v.reason) for v in verdicts(letter) if not v.ok] == []


def test_without_the_expectation_the_dropped_bias_is_not_ok(verdicts_of: Judge) -> None:
    text = re.sub(r"%! expect.*\n", "", (EQUATIONS / FILES["B"]).read_text(encoding="utf-8"))
    assert [v.verdict for v in verdicts_of(text) if not v.ok] == ["conditional", "conditional"]


def test_A1_descent_on_the_mean_squared_error() -> None:
    found = statement("A1")
    assert found.kind == "recurrence"
    assert isinstance(found.payload, Recurrence)
    assert (found.payload.state, found.payload.index) == ("theta", "t")
    assert {"theta_step", "theta_run"} <= set(kernels("A"))


def test_A3_mean_squared_error() -> None:
    found = statement("A3")
    assert found.kind == "definition"
    assert isinstance(found.payload, Definition)
    assert (found.payload.name, found.payload.latex) == ("MSE", "MSE")
    assert not {"M", "S", "E"} & set(document("A").symbols)
    assert checked("A3")["type"] == "scalar"
    assert "MSE" in kernels("A")
    assert any(name.startswith("grad_MSE") for name in kernels("A"))


def test_A4_prediction() -> None:
    found = statement("A4")
    assert found.kind == "definition"
    assert checked("A4")["type"] == "vector (n)"
    assert "y_hat" in kernels("A")
    matrix_form = next(v for v in verdicts("A") if v.latex.startswith(r"\hat{y} = X w"))
    assert matrix_form.verdict == "proved"


def test_B1_dataset() -> None:
    assert statement("B1").kind == "declaration"
    assert statement("B1").error is None


def test_B2_samples() -> None:
    assert statement("B2").kind == "declaration"
    assert (checked("B2")["type"], shape("B", "y")) == ("X: matrix (m by n)", "vector (m)")


def test_B3_hypothesis() -> None:
    assert statement("B3").kind == "declaration"
    assert shape("B", "h_theta") == "function of vector (n) giving scalar"


def test_B4_model() -> None:
    found = statement("B4")
    assert found.kind == "definition"
    assert isinstance(found.payload, Definition)
    assert (found.payload.name, found.payload.formals, found.payload.body.type.rank) == ("h_theta", ("x",), 0)
    assert "h_theta" in kernels("B")


def test_B5_model_expanded() -> None:
    assert statement("B5").kind == "claim: equality"
    assert (verdict("B5").verdict, verdict("B5").ok) == ("proved", True)


def test_B6_loss() -> None:
    found = statement("B6")
    assert found.kind == "definition"
    assert isinstance(found.payload, Definition)
    assert (found.payload.name, found.payload.formals) == ("J", ("theta",))
    assert {"J", "grad_J", "value_and_grad_J", "hess_J"} <= set(kernels("B"))


def test_B7_objective() -> None:
    found = statement("B7")
    assert found.kind == "objective"
    assert isinstance(found.payload, Objective)
    assert (found.payload.name, found.payload.extremum.sense, found.payload.extremum.variable) == (
        "theta_star",
        "argmin",
        "theta",
    )
    assert "theta_star" in kernels("B")
    assert (verdict("B7").verdict, verdict("B7").ok) == ("proved", True)
    assert "positive semidefinite" in verdict("B7").reason
    assert "Stationary exactly at" in verdict("B7").reason


def test_B8_gradient_without_the_bias(verdicts_of: Judge) -> None:
    assert statement("B8").kind == "claim: derivative"
    check_bias_was_dropped("B8", r"\frac{2 b}{m} \sum_{i=1}^{m} x^{(i)}", verdicts_of)


def test_B9_update() -> None:
    found = statement("B9")
    assert found.kind == "recurrence"
    assert isinstance(found.payload, Recurrence)
    assert (found.payload.state, found.payload.index) == ("theta", "")
    assert {"theta_step", "theta_run"} <= set(kernels("B"))


def test_B10_loss_vectorized_without_the_bias(verdicts_of: Judge) -> None:
    assert statement("B10").kind == "claim: equality"
    residual = r"b^2 + \frac{2 b}{m} \sum_{i=1}^{m} \left( \theta^T x^{(i)} - y^{(i)} \right)"
    check_bias_was_dropped("B10", residual, verdicts_of)


def test_B11_gradient_vectorized() -> None:
    assert statement("B11").kind == "claim: derivative"
    assert (verdict("B11").verdict, verdict("B11").ok) == ("proved", True)


def test_B12_normal_equation() -> None:
    assert statement("B12").kind == "claim: minimiser"
    assert (verdict("B12").verdict, verdict("B12").ok) == ("proved", True)
    assert "theta_star" in kernels("B")
