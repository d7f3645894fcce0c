"""What a plan costs, and how fast this machine could do it at best.

Takes: a loop plan, sizes, the machine's limits. Gives: flops and bytes as formulas and as numbers, and the time that they need.
Guarantees: the counts are those of `LoopPlan.operations`; entries are float64. The bound assumes that nothing but the counted
reads and writes costs time, so no kernel with this plan is faster for data that come from where the limit was measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy

from eqcompiler.errors import BadInput
from eqcompiler.languages.loop_plan import LoopPlan
from eqcompiler.languages.program import size

ENTRY = 8  # bytes of a float64


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one call; of one step where the plan iterates. Formulas in the dimensions."""

    flops: sympy.Expr
    bytes_read: sympy.Expr
    bytes_written: sympy.Expr
    each_step: bool

    @property
    def traffic(self) -> sympy.Expr:
        return self.bytes_read + self.bytes_written

    def numbers(self, sizes: Mapping[str, int]) -> tuple[float, float]:
        """Flops and bytes at these sizes."""
        at = {size(name): value for name, value in sizes.items()}
        return float(self.flops.subs(at)), float(self.traffic.subs(at))


@dataclass(frozen=True, slots=True)
class Limits:
    """Of a machine: bytes per second of reading once, flops per second, with how many threads."""

    bandwidth: float
    peak: float
    threads: int


def cost(plan: LoopPlan) -> Cost:
    count = plan.operations()
    read = sum(count.reads.values(), sympy.Integer(0))
    written = sum((sympy.Mul(*result.shape) for result in plan.results), sympy.Integer(0))
    return Cost(count.flops, sympy.expand(ENTRY * read), sympy.expand(ENTRY * written), plan.kind == "run")


def dimensions(plan: LoopPlan) -> tuple[str, ...]:
    """The sizes that the formulas of the plan are in."""
    found = cost(plan)
    return tuple(sorted(str(s) for s in (found.flops + found.traffic).free_symbols))


def check_sizes(plan: LoopPlan, sizes: Mapping[str, int]) -> None:
    """BadInput names the sizes that are missing."""
    missing = [name for name in dimensions(plan) if name not in sizes]
    if missing:
        raise BadInput(
            f"--sizes does not say how large {', '.join(missing)} {'is' if len(missing) == 1 else 'are'}",
            allowed=f"{plan.name} has the sizes {', '.join(dimensions(plan))}",
            fix=f"add {','.join(f'{name}=1000' for name in missing)}",
        )


def cost_text(found: Cost) -> str:
    step = " for each step" if found.each_step else ""
    return f"flops          {found.flops}{step}\nbytes read     {found.bytes_read}\nbytes written  {found.bytes_written}"


def limits_text(limits: Limits) -> str:
    threads = f"{limits.threads} thread" + ("" if limits.threads == 1 else "s")
    return (
        f"reads          {limits.bandwidth / 1e9:.3g} GB/s: a sum over an array of the same size, {threads}\n"
        f"computes       {limits.peak / 1e9:.3g} Gflop/s: a matrix product"
    )


def bound_text(found: Cost, sizes: Mapping[str, int], limits: Limits) -> str:
    flops, traffic = found.numbers(sizes)
    memory, arithmetic = traffic / limits.bandwidth, flops / limits.peak
    by = "reading and writing" if memory >= arithmetic else "arithmetic"
    return "\n".join(
        (
            f"flops          {flops:.4g}",
            f"bytes          {traffic:.4g}",
            f"intensity      {flops / traffic if traffic else float('inf'):.3g} flops per byte",
            f"at least       {_time(max(memory, arithmetic))}{' for each step' if found.each_step else ''}, for {by}",
        )
    )


def _time(seconds: float) -> str:
    for limit, unit, scale in ((1e-6, "ns", 1e9), (1e-3, "us", 1e6), (1.0, "ms", 1e3)):
        if seconds < limit:
            return f"{seconds * scale:.3g} {unit}"
    return f"{seconds:.3g} s"
