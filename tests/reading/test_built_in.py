r"""Functions that need no definition: softmax, logsumexp, Gamma. What must be refused first, then types, proofs and kernels."""

from __future__ import annotations

import numpy as np
import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source
from eqcompiler.languages.statements import Definition, Document
from eqcompiler.languages.terms import Call

DECLARED = r"\[ v, q \in \mathbb{R}^n, \quad A \in \mathbb{R}^{n \times n}, \quad c \in \mathbb{R} \]"


def document(*displays: str) -> Document:
    return pipeline.document_of(Source("built_in.tex", "\n".join([DECLARED, *(rf"\[ {d} \]" for d in displays)])))


def refusal(display: str) -> str:
    (error,) = (s.error for s in document(display).statements if s.error)
    return error.what


def test_a_softmax_of_a_matrix_is_refused_because_rows_and_columns_are_both_meant() -> None:
    assert refusal(r"s = \operatorname{softmax}(A)") == "'softmax' needs a vector; this is n by n"
    assert refusal(r"s = \operatorname{LSE}(c)") == "'LSE' needs a vector; this is a scalar"


def test_two_arguments_are_refused() -> None:
    assert refusal(r"s = \operatorname{softmax}(v, q)") == "'softmax' takes one argument, here 2"


def test_a_prime_behind_a_function_of_vectors_is_refused() -> None:
    """It was dropped: softmax' = softmax was proved."""
    assert refusal(r"\operatorname{softmax}'(v) = \operatorname{softmax}(v)") == "a prime behind 'softmax' is not read"


@pytest.mark.parametrize("own", [r"\operatorname{softmax}(z)_i = z_i", r"\operatorname{softmax}(z) = 2 z"])
def test_a_definition_by_the_author_comes_first_also_below_its_use(own: str) -> None:
    found = document(r"z \in \mathbb{R}^n", r"s = \operatorname{softmax}(v)", own)
    assert [str(s.error) for s in found.statements if s.error] == []
    assert found.definitions["softmax"].formals == ("z",)
    body = found.definitions["s"].body
    assert not isinstance(body, Call)


CLAIMS = {
    r"\nabla_v L(v) = \operatorname{softmax}(v)": "proved",
    r"\nabla_v L(v) = 2 \operatorname{softmax}(v)": "refuted",
    r"\operatorname{softmax}(v)^\top \mathbf{1} = 1": "proved",
    r"\operatorname{softmax}(v + c \mathbf{1}) = \operatorname{softmax}(v)": "proved",
    r"\operatorname{softmax}(c v) = \operatorname{softmax}(v)": "conditional",
    r"\operatorname{logsumexp}(v + c \mathbf{1}) = L(v) + c": "proved",
    r"\operatorname{logsumexp}(v + c \mathbf{1}) = L(v)": "conditional",
    r"\frac{\partial p}{\partial v} = \operatorname{diag}(p) - p p^\top": "proved",
    r"\operatorname{sigmoid}'(c) = \operatorname{sigmoid}(c) (1 - \operatorname{sigmoid}(c))": "proved",
    r"\operatorname{sigmoid}'(c) = \operatorname{sigmoid}(c) (1 + \operatorname{sigmoid}(c))": "refuted",
    r"\operatorname{sigmoid}''(c) = 0": "conditional",
    r"\operatorname{sigmoid}''(v) = \operatorname{sigmoid}'(v) \odot (1 - 2 \operatorname{sigmoid}(v))": "proved",
    r"\operatorname{softplus}''(c) = \operatorname{sigmoid}'(c)": "proved",
    r"\Gamma'(c) = \Gamma(c)": "refuted",
    r"\Gamma'(c + 1) = c \Gamma'(c) + \Gamma(c)": "holds",
    r"\operatorname{softplus}'(v) = \operatorname{sigmoid}(v)": "proved",
    r"\operatorname{softplus}(c) - \operatorname{softplus}(-c) = c": "proved",
    r"\operatorname{sigmoid}(-c) = \operatorname{sigmoid}(c)": "conditional",
    r"\frac{\partial p}{\partial v} = \operatorname{diag}(p) + p p^\top": "refuted",
    r"\sin'(c) = \cos(c)": "proved",
    r"\sin'(c) = \sin(c)": "refuted",
    r"\tanh'(c) = 1 - \tanh^2(c)": "proved",
    r"\tanh''(c) = -2 \tanh(c) (1 - \tanh^2(c))": "proved",
    r"\nabla_v q^\top \tanh(A v) = A^\top (q \odot \tanh'(A v))": "proved",
    r"\nabla_v q^\top \tanh(A v) = A (q \odot \tanh'(A v))": "conditional",
}


@pytest.mark.parametrize("claim", CLAIMS)
def test_claims_about_them_are_judged(claim: str) -> None:
    found = document(r"p = \operatorname{softmax}(v)", r"L(v) = \operatorname{logsumexp}(v)", claim)
    assert [v.verdict for v in pipeline.verify(found)] == [CLAIMS[claim]]


def test_their_kernels_do_not_overflow() -> None:
    module = pipeline.kernels(document(r"g(v) = q^\top \operatorname{softmax}(v)", r"L(v) = \operatorname{LSE}(v)"))
    v, q = np.array([1000.0, -1000.0, 999.0, 1001.0]), np.array([0.1, 2.0, 3.0, 4.0])
    p = np.exp(v - 1001) / np.exp(v - 1001).sum()
    tolerance = 16 * np.finfo(float).eps * float(abs(q) @ p)  # a sum of 4 products and its quotient
    value, slope = module.value_and_grad_g(v, q)
    assert abs(module.g(v, q) - q @ p) <= tolerance
    assert abs(value - q @ p) <= tolerance
    assert np.all(abs(slope - p * (q - q @ p)) <= tolerance)
    assert module.L(v) == 1001 + np.log(np.exp(v - 1001).sum())
    assert module.grad_L(v).tolist() == p.tolist()


def test_a_built_in_is_a_definition_where_it_is_written_out() -> None:
    found = document(r"\operatorname{LSE}(v) = \log \sum_{k=1}^{n} e^{v_k}")
    assert [s.kind for s in found.statements if isinstance(s.payload, Definition)] == ["definition"]


def test_a_prime_behind_what_is_no_function_of_numbers_is_refused() -> None:
    assert refusal(r"\det'(A) = 0") == "a prime behind 'det' is not read"
