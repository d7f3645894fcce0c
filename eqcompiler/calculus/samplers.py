r"""What a sampler draws: the random symbols that a program reads, each after those that its own law depends on.

Takes: the document and a program. Gives: `Draw`s in the order in which they can be drawn.
Guarantees: formals are arguments and never drawn; a law that depends on itself is refused; nothing here is random.

    y = \theta^\top x + \epsilon, \epsilon \sim \mathcal{N}(0, \sigma^2)    draws epsilon, from x, \theta and \sigma
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from eqcompiler.calculus.environments import free_index_names
from eqcompiler.calculus.lower import lower
from eqcompiler.calculus.solve import inverse_to_solve
from eqcompiler.calculus.term_text import term_latex
from eqcompiler.errors import IllegalEquation, NotSupportedYet
from eqcompiler.languages.kernel_requests import Draw
from eqcompiler.languages.program import Input, Program
from eqcompiler.languages.statements import LAWS, Document, SymbolInfo
from eqcompiler.languages.terms import Comprehension, Size, Term, Type


def random_names(document: Document, names: Iterable[str], bound: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the names that have a distribution and are not bound."""
    infos = (document.symbols.get(name) for name in dict.fromkeys(names) if name not in bound)
    return tuple(info.name for info in infos if info is not None and info.distribution is not None)


def symbol_program(info: SymbolInfo) -> Program:
    """The random symbol itself."""
    if not isinstance(info.type, Type):
        raise NotSupportedYet(f"draws of the function {info.name}", info.declared)
    return Program((Input(info.name, info.type.shape, info.latex),), (), (info.name,))


def draws(document: Document, program: Program, bound: tuple[str, ...]) -> tuple[Draw, ...]:
    """The random inputs of the program, and what their laws need."""
    found: dict[str, Draw] = {}
    for name in random_names(document, (i.name for i in program.inputs), bound):
        _draw(document, name, bound, found, ())
    return tuple(found.values())


def with_all_inputs(document: Document, program: Program, found: tuple[Draw, ...], formals: tuple[str, ...]) -> Program:
    """The program with the inputs of the laws among its own: the formals first, then as declared."""
    inputs = {i.name: i for p in (program, *(p for draw in found for p in draw.parameters)) for i in p.inputs}
    order = [*formals, *document.symbols]
    return replace(program, inputs=tuple(sorted(inputs.values(), key=lambda i: order.index(i.name))))


def _draw(document: Document, name: str, bound: tuple[str, ...], found: dict[str, Draw], opened: tuple[str, ...]) -> None:
    if name in found:
        return
    info = document.symbols[name]
    if name in opened:
        ring = " -> ".join((*opened[opened.index(name) :], name))
        raise IllegalEquation(f"distributions refer to each other in a ring: {ring}", info.declared)
    programs = tuple(_parameters(document, info))
    for program in programs:
        for other in random_names(document, (i.name for i in program.inputs), bound):
            _draw(document, other, bound, found, (*opened, name))
    kind, written = law(info)
    words = ", ".join([kind, *(f"{role} {term_latex(document, t)}" for role, t in zip(LAWS[kind], written, strict=True))])
    joint = _joint(info)
    shape = info.type.shape if isinstance(info.type, Type) else ()
    found[name] = Draw(name, kind, shape, programs, joint, info.latex, words)


def law(info: SymbolInfo) -> tuple[str, tuple[Term, ...]]:
    """The law as it was written: of one of the samples where there are many."""
    if info.distribution is None:
        raise NotSupportedYet(f"{info.name} has no distribution", info.declared)
    kind, parameters = info.distribution
    return kind, info.samples.parameters if info.samples is not None else parameters


def _joint(info: SymbolInfo) -> int:
    """How many axes a normal law draws together."""
    kind, written = law(info)
    rank = written[0].type.rank if kind == "normal" else 0
    if rank > 1:
        raise NotSupportedYet(f"draws of {info.name}, a normal matrix", info.declared)
    return rank


def _parameters(document: Document, info: SymbolInfo) -> Iterator[Program]:
    kind, written = law(info)
    for role, term in zip(LAWS[kind], written, strict=True):
        name = f"{info.name}_{role.replace(' ', '_')}"
        yield inverse_to_solve(lower(document, _for_all_samples(info, term), name))


def _for_all_samples(info: SymbolInfo, term: Term) -> Term:
    """A parameter that differs from sample to sample, for all of them."""
    if info.samples is None or info.samples.binder.name not in free_index_names(term):
        return term
    binder = info.samples.binder
    if not isinstance(binder.upper, Size):
        raise NotSupportedYet(f"draws of {info.name} over this range", info.declared)
    return Comprehension(Type((binder.upper.dimension, *term.type.shape)), (binder,), term, span=term.span)
