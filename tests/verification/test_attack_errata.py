"""The mistakes of textbooks beside what is right: no mistake is accepted, nearly all that is right is proved."""

from __future__ import annotations

import pytest
from errata_claims import TOPICS, Topic

from eqcompiler import pipeline
from eqcompiler.errors import NotSupportedYet, Source
from eqcompiler.languages.statements import Claim, Document
from eqcompiler.languages.verdicts import Verdict
from eqcompiler.verification.proofs import Proof, prove


def read(topic: Topic, claim: str) -> Document:
    document = pipeline.document_of(Source("errata.tex", "\n".join(rf"\[ {line} \]" for line in (*topic.given, claim))))
    assert [s.error for s in document.statements[:-1] if s.error] == []
    return document


def judged(topic: Topic, claim: str) -> Verdict:
    return pipeline.verify(read(topic, claim))[-1]


def is_proved(document: Document) -> bool:
    """By the whole search for a proof, which the judge spares itself where a point refutes."""
    claim = document.statements[-1].payload
    try:
        return isinstance(claim, Claim) and isinstance(prove(document, claim), Proof)
    except NotSupportedYet:
        return False


@pytest.mark.parametrize("name", TOPICS)
def test_what_is_right_is_proved(name: str) -> None:
    for claim in TOPICS[name].true:
        verdict = judged(TOPICS[name], claim)
        assert verdict.verdict == "proved", (claim, verdict)


@pytest.mark.parametrize("name", TOPICS)
def test_mistakes_are_found(name: str) -> None:
    for claim in TOPICS[name].false:
        verdict = judged(TOPICS[name], claim)
        assert verdict.verdict in ("refuted", "conditional"), (claim, verdict)
        assert not is_proved(read(TOPICS[name], claim)), claim


def test_there_are_enough_of_both() -> None:
    assert sum(len(topic.true) for topic in TOPICS.values()) >= 160
    assert sum(len(topic.false) for topic in TOPICS.values()) >= 240
