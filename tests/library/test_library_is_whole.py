"""The library as a whole: every topic is tested, every file is plain LaTeX, and the comparison itself can fail."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from agreement import slope
from rounding import EPS, assert_agree

from eqcompiler import pipeline
from eqcompiler.languages.statements import Claim, Objective

ROOT = Path(__file__).resolve().parents[2]
TOPICS = sorted((ROOT / "equations").glob("*.*"))
OPERATORS = r"(arg|cos|det|exp|ln|log|max|min|sin|tanh|sup|inf|lim|sum|prod|int|sqrt|frac|partial|nabla|operatorname)"
LETTERS = (
    r"((var)?(alpha|beta|gamma|delta|epsilon|zeta|eta|theta|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau|phi|chi|psi|omega|ell))"
)
CAPITALS = r"(Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma|Phi|Psi|Omega|infty)"
MARKS = r"(hat|bar|tilde|mathbb|mathbf|mathcal|mathrm|boldsymbol|text|left|right|bigl|bigr|Bigl|Bigr|quad|qquad|mid|top|prime)"
SIGNS = r"(times|cdot|odot|ne|le|ge|in|sim|to|mapsto|rightarrow|leftarrow|gets|dots|ldots|[lr]?[vV]ert)"
STRUCTURE = r"(begin|end|label|section|subsection|input)"
COMMAND = re.compile("|".join((OPERATORS, LETTERS, CAPITALS, MARKS, SIGNS, STRUCTURE)))


def test_at_least_twenty_topics_and_sixty_claims() -> None:
    documents = [pipeline.load(path) for path in TOPICS]
    claims = [s for d in documents for s in d.statements if isinstance(s.payload, Claim | Objective)]
    assert [str(s.error) for d in documents for s in d.statements if s.error] == []
    assert len(TOPICS) >= 20
    assert len(claims) >= 60


def test_every_topic_is_compared_with_another_implementation() -> None:
    """In a test, or by `eqc demo`, which fits real data with it."""
    places = (*(ROOT / "tests").rglob("test_*.py"), *(ROOT / "eqcompiler" / "interfaces").glob("demo*.py"))
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(places))
    assert [path.stem for path in TOPICS if not re.search(rf"\b{path.stem}\b", text)] == []


@pytest.mark.parametrize("path", [p for p in TOPICS if p.suffix == ".tex"], ids=lambda p: p.stem)
def test_a_topic_is_plain_latex(path: Path) -> None:
    r"""\input by a document with amsmath and amssymb, it compiles: no macros of its own, every environment closed."""
    text = re.sub(r"(?<!\\)%.*", "", path.read_text(encoding="utf-8"))
    assert [command for command in re.findall(r"\\([A-Za-z]+)", text) if not COMMAND.fullmatch(command)] == []
    opened, closed = (sorted(re.findall(rf"\\{word}\{{(\w+)\*?\}}", text)) for word in ("begin", "end"))
    assert opened == closed
    assert set(opened) <= {"equation", "cases", "align", "aligned", "pmatrix", "bmatrix"}
    labels = re.findall(r"\\label\{([^}]*)\}", text)
    assert len(labels) == len(set(labels))
    assert text.count("$") % 2 == 0
    assert re.sub(r"\\[{}]", "", text).count("{") == re.sub(r"\\[{}]", "", text).count("}")


def test_the_comparison_can_fail() -> None:
    assert_agree(1.0 + EPS, 1.0, 1)
    for wrong in (1.0 + 3 * EPS, np.nan, np.inf, np.ones(1)):
        with pytest.raises(AssertionError):
            assert_agree(wrong, 1.0, 2)


def test_the_complex_step_is_a_gradient() -> None:
    assert_agree(slope(lambda x: np.sum(x**3), np.array([1.0, -2.0])), np.array([3.0, 12.0]), 2)
