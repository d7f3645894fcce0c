r"""The state of a recurrence after its last step, a^{(L)} and \theta_T: read, typed, differentiated through all steps.

Takes: networks, recurrences over time and unrolled optimisers in the notations of papers. Gives: types, verdicts and refusals.
Guarantees: a false claim about what passes through all steps is refuted at a concrete depth; what is not read is named.
"""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source
from eqcompiler.languages.statements import Document, Recurrence
from eqcompiler.languages.terms import Iterated

SIZES = (
    r"$W^{(l)} \in \mathbb{R}^{n_l \times n_{l-1}}$, $b^{(l)} \in \mathbb{R}^{n_l}$, $x \in \mathbb{R}^{n_0}$, $X = [x^{(1)},"
    r"\dots, x^{(m)}]^\top$, $x^{(i)} \in \mathbb{R}^{n_0}$, $y^{(i)} \in \mathbb{R}^{n_L}$, $\lambda \in \mathbb{R}$"
)
RANGE = r"$l = 1, \dots, L$, "
LAYER = r"\[ \sigma(z) = \frac{1}{1 + e^{-z}} \] \[ a^{(l)} = \sigma(W^{(l)} a^{(l-1)} + b^{(l)}) \]"
START = r"\[ a^{(0)} = x \]"
MODEL = r"\[ h(x) = a^{(L)} \] \[ C = \frac{1}{m} \sum_{i=1}^m \|h(x^{(i)}) - y^{(i)}\|_2^2 \]"
NETWORK = RANGE + SIZES + START + LAYER + MODEL


def read(text: str) -> Document:
    return pipeline.document_of(Source("steps.tex", text))


def errors(text: str) -> list[str]:
    return [s.error.what for s in read(text).statements if s.error]


def test_the_layers_are_one_recurrence_with_families_and_sizes() -> None:
    document = read(NETWORK)
    (found,) = [s.payload for s in document.statements if s.kind == "recurrence"]
    assert isinstance(found, Recurrence)
    assert (found.state, found.index, found.before, found.members) == ("a", "l", ("a_before_l",), (("W_l", "W"), ("b_l", "b")))
    assert (str(found.count), found.sizes, found.last) == ("L", (("n", "n_l", "n_before_l"),), ("a^{(L)}",))
    assert document.recurrences == {"a": found}
    last = document.definitions["h"].body
    assert isinstance(last, Iterated)
    assert (str(last.type), [str(start.type) for start in last.start]) == ("vector (n_L)", ["vector (n_0)"])
    assert document.definitions["h"].formals == ("x",)


@pytest.mark.parametrize(
    "claim",
    [
        r"C = \frac{1}{m} \sum_{i=1}^{m} (h(x^{(i)}) - y^{(i)})^\top (h(x^{(i)}) - y^{(i)})",
        r"\frac{\partial (\lambda C)}{\partial W^{(l)}} = \lambda \frac{\partial C}{\partial W^{(l)}}",
        r"\frac{\partial C^2}{\partial b^{(l)}_k} = 2 C \frac{\partial C}{\partial b^{(l)}_k}",
    ],
)
def test_a_right_claim_about_the_whole_network_is_not_refuted(claim: str) -> None:
    *_, last = pipeline.verify(read(rf"{NETWORK} \[ {claim} \]"))
    assert last.verdict in ("holds", "proved")


@pytest.mark.parametrize(
    "claim",
    [
        r"C = \frac{1}{m} \sum_{i=1}^{m} \|h(x^{(i)})\|_2^2",
        r"\frac{\partial C}{\partial W^{(l)}} = 0",
        r"\frac{\partial C}{\partial b^{(l)}} = -\frac{\partial C}{\partial b^{(l)}}",
        r"\frac{\partial C^2}{\partial b^{(l)}_k} = C \frac{\partial C}{\partial b^{(l)}_k}",
        r"\frac{\partial a^{(L)}}{\partial x} = 0",
    ],
)
def test_a_wrong_claim_about_the_whole_network_is_refuted_at_a_depth(claim: str) -> None:
    *_, last = pipeline.verify(read(rf"{NETWORK} \[ {claim} \]"))
    assert last.verdict == "refuted"
    assert last.counterexample is not None
    assert {"L", "n_0", "n_1", "n_L"} <= last.counterexample.sizes.keys()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (RANGE + SIZES + LAYER + MODEL, "nothing says where 'a^{(L)}' starts"),
        (
            RANGE + SIZES + LAYER + r"$u \in \mathbb{R}^{n_0}$ \[ a^{(0)} = u \]" + MODEL,
            "'h' does not depend on 'x': the recurrence behind it starts from another value",
        ),
        (
            RANGE + SIZES + LAYER + r"$u \in \mathbb{R}^{m}$ \[ a^{(0)} = u \] \[ c = a^{(L)} \]",
            "'a^{(0)}' is vector (m), the state is vector (n_0) there",
        ),
        (SIZES + START + LAYER + r"\[ c = a^{(L)} \]", "'a^{(L)}' belongs to another layer"),
        (NETWORK + r"\[ c = a^{(L)} + a^{(2)} \]", "'a^{(2)}' belongs to another layer"),
        (
            NETWORK + r"\[ \frac{\partial C}{\partial W^{(l)}} = b^{(l)} (a^{(l-1)})^\top \]",
            "'C' is made of many samples, of which a layer has one state each",
        ),
        (
            NETWORK + r"\[ \frac{\partial C}{\partial a^{(l)}} = 0 \]",
            "'C' is made of many samples, of which a layer has one state each",
        ),
    ],
)
def test_what_is_not_read_is_named(text: str, words: str) -> None:
    assert words in errors(text)


FAMILY = (
    r"$c^{(k)} \in \mathbb{R}^n$, $k = 1, \dots, K$, $x^{(i)} \in \mathbb{R}^n$, $i = 1, \dots, m$,"
    r"$Z \in \mathbb{R}^{m \times K}$ \[ J = \frac{1}{2} \sum_{i=1}^m \sum_{k=1}^K Z_{ik} \|x^{(i)} - c^{(k)}\|_2^2 \]"
)


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        (r"\frac{\partial J}{\partial c^{(k)}} = \sum_{i=1}^m Z_{ik} (c^{(k)} - x^{(i)})", "proved"),
        (r"\frac{\partial J}{\partial c^{(k)}_j} = \sum_{i=1}^m Z_{ik} (c^{(k)}_j - x^{(i)}_j)", "proved"),
        (r"\frac{\partial J}{\partial c^{(k)}} = \sum_{i=1}^m Z_{ik} (x^{(i)} - c^{(k)})", "refuted"),
        (r"\frac{\partial^2 J}{\partial c^{(k)} \partial c^{(k)}} = I \sum_{i=1}^m Z_{ik}", "proved"),
        (r"\frac{\partial^2 J}{\partial c^{(k)} \partial c^{(k)}} = 2 I \sum_{i=1}^m Z_{ik}", "refuted"),
    ],
)
def test_a_derivative_in_one_member_of_a_stacked_family(claim: str, verdict: str) -> None:
    *_, last = pipeline.verify(read(rf"{FAMILY} \[ {claim} \]"))
    assert last.verdict == verdict
