"""The oracle shares no code with what it judges: its modules import errors, languages and one another only."""

from __future__ import annotations

import ast
from pathlib import Path

import eqcompiler

VERIFICATION = Path(eqcompiler.__file__).parent / "verification"
ORACLE = (
    "bound_variables",
    "challenges",
    "closed_integrals",
    "closed_integrands",
    "constraint_solving",
    "contours",
    "degree_bounds",
    "evaluator",
    "evidence",
    "far_points",
    "fields",
    "free_names",
    "jets",
    "limits",
    "linear_algebra",
    "magnitudes",
    "operations",
    "oracle",
    "points",
    "problems",
    "quadratics",
    "quadrature",
    "recurrences",
    "relations",
    "residues",
    "sample_sizes",
    "samples",
    "sampling",
    "searched_points",
    "secants",
    "shrinking",
)


def imported(text: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            whole = node.module or ""
            found |= {f"{whole}.{alias.name}" for alias in node.names} if whole == "eqcompiler.verification" else {whole}
    return found


def forbidden(text: str) -> set[str]:
    """Imports that an oracle module must not have."""
    own = {f"eqcompiler.verification.{name}" for name in ORACLE}
    bad = set()
    for name in imported(text):
        if name.startswith("eqcompiler"):
            allowed = name in own or name == "eqcompiler.errors" or name.startswith("eqcompiler.languages.")
            bad |= set() if allowed and name != "eqcompiler.languages.program" else {name}
        elif name.split(".")[0] in ("sympy", "numba", "scipy"):
            bad.add(name)
    return bad


def test_the_check_can_fail():
    assert forbidden("from eqcompiler.calculus import lower\n") == {"eqcompiler.calculus"}
    assert forbidden("from eqcompiler.verification import proofs\n") == {"eqcompiler.verification.proofs"}
    assert forbidden("import sympy\nfrom eqcompiler.languages.program import Program\n") == {
        "sympy",
        "eqcompiler.languages.program",
    }


def test_the_oracle_is_independent():
    assert {name: forbidden((VERIFICATION / f"{name}.py").read_text(encoding="utf-8")) for name in ORACLE} == {
        name: set() for name in ORACLE
    }
