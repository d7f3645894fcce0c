"""A negative term of a sum is subtracted: nobody writes + (-2) y."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source

DECLARED = r"\[ X \in \mathbb{R}^{m \times n}, \quad y \in \mathbb{R}^m, \quad w \in \mathbb{R}^n, \quad z \in \mathbb{R} \]"


@pytest.mark.parametrize(
    ("claim", "repair"),
    [
        (r"\nabla_w \|X w - y\|^2 = 2 X^\top X w + 2 X^\top y", r"2 X^\top X w - 2 X^\top y"),
        (r"-2 z (z + 1) = 2 z^2 - 2 z", r"-2 z^2 - 2 z"),
        (r"(z - 1) (z + 2) = z^2 - z - 2", r"z^2 + z - 2"),
    ],
)
def test_a_repair_subtracts(claim: str, repair: str) -> None:
    document = pipeline.document_of(Source("signs.tex", f"{DECLARED}\n\\[ {claim} \\]"))
    assert [verdict.repair for verdict in pipeline.verify(document)] == [repair]
