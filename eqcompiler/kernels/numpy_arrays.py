"""Pieces of NumPy text that know which index each of their axes runs over.

Takes: pieces. Gives: their sums, products, functions and contractions, broadcast and transposed as needed.
Guarantees: brackets where Python's precedence asks for them; the axes of a result are those of its longest part first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import sympy

FUNCTIONS = {
    "exp": "np.exp",
    "log": "np.log",
    "sin": "np.sin",
    "cos": "np.cos",
    "tan": "np.tan",
    "tanh": "np.tanh",
    "sinh": "np.sinh",
    "cosh": "np.cosh",
    "asin": "np.arcsin",
    "acos": "np.arccos",
    "atan": "np.arctan",
    "floor": "np.floor",
    "ceiling": "np.ceil",
    "sign": "np.sign",
    "Abs": "np.abs",
    "Max": "np.maximum",
    "Min": "np.minimum",
}
LEVELS = {"<": -1, "<=": -1, ">": -1, ">=": -1, "==": -1, "!=": -1, "+": 0, "*": 1, "/": 1, "@": 1, "**": 3}
CALL = 9
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Written:
    """A NumPy expression; `axes` are the indices that its axes run over, `level` the precedence of its outermost operation."""

    text: str
    axes: tuple[sympy.Symbol, ...] = ()
    level: int = CALL

    def inside(self, level: int) -> str:
        return self.text if self.level >= level else f"({self.text})"


def ordered(part: Written, axes: Sequence[sympy.Symbol], fill: bool = False) -> Written:
    """The part with its axes in this order; where it lacks some, an axis of length 1 (leading ones only with `fill`)."""
    own = [axis for axis in axes if axis in part.axes]
    text, level = part.text, part.level
    if list(part.axes) != own:
        places = [part.axes.index(axis) for axis in own]
        text = f"{part.inside(CALL)}.T" if places == [1, 0] else f"np.transpose({part.text}, {tuple(places)})"
        level = CALL
    if own and len(own) < len(axes):
        slots = [":" if axis in own else "None" for axis in axes]
        while slots[0] == "None" and not fill:  # broadcasting adds these by itself
            slots.pop(0)
        if "None" in slots:
            text, level = f"{Written(text, level=level).inside(CALL)}[{', '.join(slots)}]", CALL
    return Written(text, tuple(axes), level)


def together(parts: Sequence[Written]) -> tuple[sympy.Symbol, ...]:
    """The axes of parts that are broadcast: those of the one with most axes, then the others'."""
    longest = sorted(parts, key=lambda part: -len(part.axes))
    return tuple(dict.fromkeys(axis for part in longest for axis in part.axes))


def elementwise(operation: str, parts: Sequence[Written]) -> Written:
    """An operator between the parts, or a function of them."""
    if len(parts) == 1 and operation in LEVELS:
        return parts[0]
    if operation == "+":  # r - y instead of -y + r: one pass less
        parts = sorted(parts, key=lambda part: part.text.startswith("-"))
    axes = together(parts)
    aligned = [replace(ordered(part, axes), axes=part.axes) for part in parts]
    if operation not in LEVELS:
        text = aligned[0].text
        for part in aligned[1:] if operation != "np.where" else ():
            text = f"{text}, {part.text}" if text == aligned[0].text else f"{operation}({text}), {part.text}"
        if operation == "np.where":
            text = ", ".join(part.text for part in aligned)
        return Written(f"{operation}({text})", axes)
    level = LEVELS[operation]
    if operation == "+":
        return Written(_sum_text(aligned), axes, level)
    if operation == "**":
        return Written(f"{aligned[0].inside(level + 1)} ** {aligned[1].inside(level + 1)}", axes, level)
    return Written(f" {operation} ".join(part.inside(level + 1) for part in aligned), axes, level)


def _sum_text(parts: Sequence[Written]) -> str:
    text = parts[0].text if parts[0].level >= 0 else f"({parts[0].text})"
    for part in parts[1:]:
        negative = part.text.startswith("-") and part.level >= 0
        text += f" - {part.text[1:]}" if negative else f" + {part.inside(0)}"
    return text


def product(factors: Sequence[Written], divisors: Sequence[Written]) -> Written:
    """Scalars are multiplied first, so that an array is scaled once."""
    minus = sum(factor.text == "-1" for factor in factors) % 2 == 1
    parts = [factor for factor in factors if factor.text not in ("-1", "1")]
    arrays = [part for part in parts if part.axes]
    if len(arrays) == len(parts):  # a / (m * s) scales the smaller array
        divisors = _with_scalars(divisors)
    over = _scaled([p for p in parts if not p.axes], [d for d in divisors if not d.axes])
    if over is not None and (over.text != "1" or not arrays):
        arrays = [over, *arrays]
    found = elementwise("*", arrays) if arrays else Written("1")
    below = [divisor for divisor in divisors if divisor.axes]
    if below:
        axes = together([found, *below])
        bottom = elementwise("*", below)
        top = found.inside(1) if set(found.axes) == set() else ordered(found, axes).inside(1)
        found = Written(f"{top} / {ordered(bottom, axes).inside(2)}", axes, 1)
    if minus:
        return Written(f"-{found.inside(1)}", found.axes, min(found.level, 1) if found.level >= 1 else 1)
    return found


def _with_scalars(divisors: Sequence[Written]) -> Sequence[Written]:
    """Scalar divisors belong to the array divisor with the fewest axes."""
    arrays = sorted((divisor for divisor in divisors if divisor.axes), key=lambda divisor: len(divisor.axes))
    scalars = [divisor for divisor in divisors if not divisor.axes]
    return [elementwise("*", [*scalars, arrays[0]]), *arrays[1:]] if arrays and scalars else divisors


def _scaled(factors: Sequence[Written], divisors: Sequence[Written]) -> Written | None:
    if not factors and not divisors:
        return None
    top = elementwise("*", factors) if factors else Written("1")
    if not divisors:
        return top
    bottom = elementwise("*", divisors)
    return Written(f"{top.inside(1)} / {bottom.inside(2)}", (), 1)


def total(
    factors: Sequence[Written],
    divisors: Sequence[Written],
    over: Sequence[sympy.Symbol],
    extents: Mapping[sympy.Symbol, str],
    wanted: Sequence[sympy.Symbol],
) -> Written:
    """The sum over some indices of a product: what does not run over them comes out, the rest is contracted.

    wanted: the order in which the axes of the result are needed, where the choice is free.
    """
    outside = [f for f in factors if not set(f.axes) & set(over)]
    below = [d for d in divisors if not set(d.axes) & set(over)]
    inner = [f for f in factors if f not in outside]
    under = [d for d in divisors if d not in below]
    constant = [axis for axis in over if not any(axis in part.axes for part in (*inner, *under))]
    outside += [Written(extents[axis]) for axis in constant]
    summed = [axis for axis in over if axis not in constant]
    found = _contraction(_grouped(inner, under), summed, wanted) if summed else Written("1")
    return found if not outside and not below else product([*outside, found], below)


def _grouped(factors: Sequence[Written], divisors: Sequence[Written]) -> list[Written]:
    """Factors over the same axes are multiplied elementwise first; a divisor belongs to the first factor that has its axes."""
    groups: list[Written] = []
    pairs = len(factors) == 2 and set(factors[0].axes) == set(factors[1].axes) and not divisors
    for factor in factors:
        place = next((k for k, g in enumerate(groups) if set(g.axes) == set(factor.axes)), None)
        if place is None or pairs:
            groups.append(factor)
        else:
            groups[place] = elementwise("*", [groups[place], factor])
    for divisor in divisors:
        place = next((k for k, g in enumerate(groups) if set(divisor.axes) <= set(g.axes)), None)
        if place is None:
            groups.append(product([Written("1")], [divisor]))
        else:
            groups[place] = product([groups[place]], [divisor])
    return groups


def _contraction(parts: Sequence[Written], over: Sequence[sympy.Symbol], wanted: Sequence[sympy.Symbol]) -> Written:
    if len(parts) == 1:
        return _summed(parts[0], over)
    free = tuple(axis for axis in together(parts) if axis not in over)
    if len(parts) == 2:
        first, second = parts
        if not free and set(first.axes) == set(second.axes):
            second = ordered(second, first.axes)
            if len(over) == 1:
                return Written(f"{first.inside(1)} @ {second.inside(2)}", (), 1)
            return Written(f"np.vdot({first.text}, {second.text})")
        shared = set(first.axes) & set(second.axes)
        if len(over) == 1 and shared == set(over) and max(len(first.axes), len(second.axes)) <= 2:
            return _matrix_product(first, second, over[0], wanted)
    return _einsum(parts, free)


def _summed(part: Written, over: Sequence[sympy.Symbol]) -> Written:
    rest = tuple(axis for axis in part.axes if axis not in over)
    if not rest:
        return Written(f"np.sum({part.text})")
    places = tuple(part.axes.index(axis) for axis in over)
    return Written(f"np.sum({part.text}, axis={places[0] if len(places) == 1 else places})", rest)


def _matrix_product(first: Written, second: Written, over: sympy.Symbol, wanted: Sequence[sympy.Symbol]) -> Written:
    """A matrix times a vector with the matrix first, two matrices with the axes of the result as they are wanted."""

    def place(part: Written) -> tuple[int, int]:
        return -len(part.axes), min((wanted.index(axis) for axis in part.axes if axis in wanted and axis != over), default=0)

    first, second = sorted((first, second), key=place)
    left = ordered(first, [*(a for a in first.axes if a != over), over])
    right = ordered(second, [over, *(a for a in second.axes if a != over)])
    axes = (*left.axes[:-1], *right.axes[1:])
    return Written(f"{left.inside(1)} @ {right.inside(2)}", axes, 1)


def _einsum(parts: Sequence[Written], free: tuple[sympy.Symbol, ...]) -> Written:
    """`optimize` finds matrix products; between two arrays over the same samples there are none, and looking costs time."""
    letters = dict(zip(dict.fromkeys(axis for part in parts for axis in part.axes), LETTERS, strict=False))
    words = ",".join("".join(letters[axis] for axis in part.axes) for part in parts)
    target = "".join(letters[axis] for axis in free)
    alongside = len(parts) == 2 and bool(set(parts[0].axes) & set(parts[1].axes) & set(free))
    options = "" if alongside else ", optimize=True"
    return Written(f'np.einsum("{words}->{target}", {", ".join(part.text for part in parts)}{options})', free)
