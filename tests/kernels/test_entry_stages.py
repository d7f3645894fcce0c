"""Which loops over the entries of a row become one loop over the entries of a block, and what becomes of their scalars."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import sympy

from eqcompiler.kernels.entry_stages import EntriesApart, entries_apart
from eqcompiler.kernels.temporary_names import Names
from eqcompiler.languages.loop_plan import Accumulate, Assign, Loop, Node, Storage
from eqcompiler.languages.program import index, scalar, size, tensor

i, j, K = index("i"), index("j"), size("K")
one = sympy.Integer(1)
Z, e, S = tensor("Z_block"), tensor("e"), tensor("S")
s, p, y = scalar("s"), scalar("p"), scalar("y")


def over_entries(*body: Node) -> Loop:
    return Loop(j, one, K, body)


LARGEST = (Assign(s, sympy.Integer(-1)), over_entries(Accumulate(s, "max", Z[i, j])))
TERMS = Assign(e[j], sympy.exp(Z[i, j] - s))
SUM = Accumulate(p, "+", e[j])
LAST = Assign(y, sympy.log(p))


def found(*body: Node, width: sympy.Expr = K) -> EntriesApart | None:
    names = Names({"s", "p", "y", "e", "Z_block"})
    return entries_apart(body, i, {"s", "p", "y"}, {"e": Storage("e", (K,))}, {"Z_block": width}, names)


def test_the_terms_of_a_row_become_entries_of_the_block():
    apart = found(*LARGEST, Assign(p, sympy.Integer(0)), over_entries(TERMS, SUM), LAST)
    assert apart is not None
    assert (apart.workspace, apart.block, apart.spread) == ("e", Storage("e_block", (K,)), (Storage("s_spread", (K,)),))
    assert apart.before == (*LARGEST, over_entries(Assign(tensor("s_spread")[i, j], s)))
    flat = (("Z_block", "Z_block_flat"), ("s_spread", "s_spread_flat"), ("e_block", "e_block_flat"))
    assert (apart.stage.flat, apart.stage.width, apart.stage.at_once) == (flat, K, 1)
    value = sympy.exp(tensor("Z_block_flat")[i] - tensor("s_spread_flat")[i])
    assert apart.stage.body == (Assign(tensor("e_block_flat")[i], value),)
    assert apart.after == (Assign(p, sympy.Integer(0)), over_entries(Accumulate(p, "+", tensor("e_block")[i, j])), LAST)


START = Assign(p, sympy.Integer(0))
KEPT: dict[str, Sequence[Node]] = {
    "not costly": (*LARGEST, START, over_entries(Assign(e[j], Z[i, j] - s), SUM), LAST),
    "another entry of the row": (*LARGEST, START, over_entries(Assign(e[j], sympy.exp(Z[i, j] - Z[i, 0])), SUM), LAST),
    "an array without rows": (*LARGEST, START, over_entries(Assign(e[j], sympy.exp(Z[i, j] * S[j])), SUM), LAST),
    "the number of the entry": (*LARGEST, START, over_entries(Assign(e[j], sympy.exp(Z[i, j] * j)), SUM), LAST),
    "a scalar of this entry": (*LARGEST, START, over_entries(Assign(s, Z[i, j]), TERMS, SUM), LAST),
    "set twice": (*LARGEST, START, over_entries(TERMS, SUM), over_entries(Assign(e[j], e[j] + 1)), LAST),
    "a sum that began before": (*LARGEST, START, over_entries(Accumulate(p, "+", Z[i, j])), over_entries(TERMS, SUM), LAST),
    "a start that is read before": (*LARGEST, START, Assign(s, p), over_entries(TERMS, SUM), LAST),
}


@pytest.mark.parametrize("name", KEPT)
def test_what_is_not_made_of_entries_at_the_same_place_stays_as_it_is(name: str) -> None:
    assert found(*KEPT[name]) is None


def test_rows_that_are_wider_than_the_loop_stay_as_they_are() -> None:
    assert found(*LARGEST, START, over_entries(TERMS, SUM), LAST, width=K + 1) is None
