"""Logarithms of products with exponentials are opened, others are not; the values are the same."""

from __future__ import annotations

import pytest
import sympy

from eqcompiler.calculus.open_logarithms import open_logarithms
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.program import Axis, Indexed, Input, Program, index, scalar, size, tensor

i, k, j, n = index("i"), index("k"), index("j"), size("n")
z, p, s = tensor("z"), tensor("p"), scalar("s")
ONE = sympy.Integer(1)
AXIS = Axis(k, ONE, n)
TOTAL = sympy.Sum(sympy.exp(z[j]), (j, 1, n))
INPUTS = (Input("z", (Dimension.of("n"),)),)


def opened(*definitions: Indexed) -> sympy.Expr:
    return open_logarithms(Program(INPUTS, definitions, (definitions[-1].name,))).definitions[-1].body


def test_a_named_quotient_is_opened_at_its_own_indices():
    named = Indexed("p", (AXIS,), sympy.exp(z[k]) / TOTAL)
    found = opened(named, Indexed("L", (), -sympy.Sum(sympy.log(p[i]), (i, 1, n))))
    assert found == -sympy.Sum(z[i] - sympy.log(TOTAL), (i, 1, n))


def test_a_subscript_is_not_captured_by_a_sum_inside():
    named = Indexed("p", (Axis(i, ONE, n),), sympy.exp(z[i]) / TOTAL)
    found = opened(named, Indexed("L", (), sympy.Sum(sympy.log(p[j]), (j, 1, n))))
    values = {z[place]: float(place) / 2 for place in (1, 2, 3)}
    numbers = found.subs(n, 3).doit().xreplace(values)
    total = sum(sympy.exp(v) for v in values.values())
    assert abs(float(numbers - sum(values.values()) + 3 * sympy.log(total))) < 8 * 2.0**-52


@pytest.mark.parametrize("inside", [s, s**2, 1 + sympy.exp(s), s * sympy.sqrt(s)])
def test_nothing_else_is_opened(inside):
    assert opened(Indexed("L", (), sympy.log(inside))) == sympy.log(inside)
