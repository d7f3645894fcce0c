r"""Distributions: x \sim \mathcal{N}(\mu, \Sigma), y \mid x \sim \mathcal{N}(\theta^\top x, \sigma^2), t^{(i)} \sim \ldots

Takes: the two sides of \sim. Gives: a declared symbol with its law.
Guarantees: t^{(i)} are independent samples, one law for each; parameters are taken as LAWS names them, and the statement
says so; a distribution that is not known is refused with the list of those that are.
"""

from __future__ import annotations

from dataclasses import replace

from eqcompiler.errors import IllegalEquation, NotSupportedYet
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.notation import Fence, Juxtaposed, Letter, Listing, Node, Relation
from eqcompiler.languages.statements import LAWS, Samples
from eqcompiler.languages.terms import (
    INTEGER,
    SCALAR,
    Binder,
    Call,
    Component,
    Comprehension,
    Index,
    Size,
    Symbol,
    Term,
    Type,
)
from eqcompiler.reading import shapes
from eqcompiler.reading.calls import ROUND, argument_nodes
from eqcompiler.reading.declarations import declare_symbol, family_of
from eqcompiler.reading.meaning import Reader
from eqcompiler.reading.names import letter_name, name_of
from eqcompiler.reading.scope import IndexRange

HEADS = {
    **dict.fromkeys(("N_cal", "N", "Normal"), "normal"),
    **dict.fromkeys(("U_cal", "U", "Uniform", "Unif"), "uniform"),
    **dict.fromkeys(("Exp", "Exponential"), "exponential"),
    **dict.fromkeys(("Laplace", "Lap"), "laplace"),
    **dict.fromkeys(("Gamma", "Ga"), "gamma"),
    **dict.fromkeys(("Beta", "Be"), "beta"),
    **dict.fromkeys(("Bernoulli", "Bern", "Ber"), "bernoulli"),
    **dict.fromkeys(("Poisson", "Pois", "Poi"), "poisson"),
}
ALLOWED = (
    r"\mathcal{N}(\mu, \Sigma), \mathcal{U}(a, b), \operatorname{Exp}(rate), \operatorname{Laplace}(mean, scale), "
    r"\operatorname{Gamma}(shape, rate), \operatorname{Beta}(a, b), \operatorname{Bernoulli}(p), \operatorname{Poisson}(rate)"
)


def conditioned(parts: tuple[Node, ...]) -> tuple[Node, ...]:
    r"""The parts of a formula with y \mid x, \theta \sim P as y \sim P: what stands behind the bar may occur in P."""
    found: list[Node] = []
    waiting: Node | None = None
    for position, part in enumerate(parts):
        match part:
            case Listing(items=(subject, Relation(operators=("sim",), sides=(_, law)) as inner), separator="|"):
                found.append(Relation(part.span.to(inner.span), ("sim",), (subject, law)))
            case Listing(items=(subject, _), separator="|") if _law_follows(parts[position + 1 :]):
                waiting = subject
            case Relation(operators=("sim",), sides=(_, law)) if waiting is not None:
                found.append(Relation(waiting.span.to(part.span), ("sim",), (waiting, law)))
                waiting = None
            case _ if waiting is None:
                found.append(part)
    return tuple(found)


def _law_follows(parts: tuple[Node, ...]) -> bool:
    for part in parts:
        if isinstance(part, Relation):
            return part.operators == ("sim",)
        if name_of(part) is None:
            return False
    return False


def declare_distribution(reader: Reader, node: Node, right: Node) -> None:
    r"""x \sim P(a, b): x has the shape that its law has; x^{(i)} \sim P(a, b) are independent rows of one array."""
    kind, nodes = law_of(reader, right)
    family = family_of(reader, node)
    if family is None:
        parameters, shape = parameters_of(reader, kind, nodes, declared_shape(reader, node))
        symbol = declare_symbol(reader, node, Type(shape), node.span)
        enter(reader, symbol, kind, parameters, None)
    else:
        declare_samples(reader, node, kind, nodes, family[1][0])


def law_words(reader: Reader, right: Node) -> str:
    r"""`normal, mean 0, covariance \sigma^2`: how the parameters were taken."""
    kind, nodes = law_of(reader, right)
    return ", ".join([kind, *(f"{role} {part.span.text}" for role, part in zip(LAWS[kind], nodes, strict=True))])


def law_of(reader: Reader, right: Node) -> tuple[str, tuple[Node, ...]]:
    match right:
        case Juxtaposed(factors=(Letter() as head, Fence(opening=opening, body=body))) if opening in ROUND:
            name = letter_name(head)
            kind = None if reader.scope.known(name.key) else HEADS.get(name.key)
            nodes = argument_nodes(body)
            if kind is not None and len(nodes) == len(LAWS[kind]):
                return kind, nodes
    raise NotSupportedYet("this distribution is not implemented", right.span, allowed=ALLOWED)


def declared_shape(reader: Reader, node: Node) -> Type | None:
    name = name_of(node)
    info = reader.scope.symbols.get(name.key) if name is not None else None
    return info.type if info is not None and isinstance(info.type, Type) else None


def parameters_of(
    reader: Reader, kind: str, nodes: tuple[Node, ...], wanted: Type | None
) -> tuple[tuple[Term, ...], tuple[Dimension, ...]]:
    """The parameters, and the shape of what they are the law of: that of the mean of a normal one, else a number."""
    terms = tuple(reader.term(node) for node in nodes)
    if kind != "normal":
        for term in terms:
            if term.type.rank:
                what = f"a parameter of this distribution is a number; this is {shapes.shape_words(term, reader.scope)}"
                raise IllegalEquation(what, term.span, fix=r"write x_i \sim ... for independent entries")
        return terms, ()
    mean, spread = terms
    if wanted is None and mean == shapes.number(0) and spread.type.rank == 2:
        wanted = Type(spread.type.shape[:1])  # N(0, Sigma)
    if wanted is not None:
        mean = shapes.fit(mean, wanted)
    type_ = Type(mean.type.shape * 2)
    spread = shapes.fit(spread, type_)
    fits = spread.type.rank == type_.rank and all(
        reader.scope.sizes.unify(a, b) for a, b in zip(spread.type.shape, type_.shape, strict=True)
    )
    if not fits:
        wanted_words = "a number" if not mean.type.rank else "a square matrix of the size of the mean"
        what = f"the variance is {wanted_words}; this is {shapes.shape_words(spread, reader.scope)}"
        raise IllegalEquation(what, spread.span, fix=r"write \sigma^2 I for independent entries" if mean.type.rank else "")
    return (mean, spread), mean.type.shape


def declare_samples(reader: Reader, node: Node, kind: str, nodes: tuple[Node, ...], letter: str) -> None:
    r"""\epsilon^{(i)} \sim P: an array whose rows are independent; parameters may depend on i."""
    scope = reader.scope
    known = scope.extent(letter) if letter in scope.indices else None
    count = known or scope.sizes.new(letter)
    range_ = IndexRange(shapes.number(1), Size(INTEGER, count), node.span)
    with scope.ranging({letter: range_}):
        parameters, shape = parameters_of(reader, kind, nodes, None)
    symbol = declare_symbol(reader, node, Type(shape), node.span)
    scope.sizes.unify(count, symbol.type.shape[0])
    binder = Binder(letter, shapes.number(1), Size(INTEGER, count))
    joint = _joint_normal(binder, parameters) if kind == "normal" else tuple(_over(binder, p) for p in parameters)
    enter(reader, symbol, kind, joint, Samples(binder, parameters))


def _over(binder: Binder, term: Term) -> Term:
    """The tensor with the term for each value of the index."""
    size = binder.upper.dimension if isinstance(binder.upper, Size) else None
    if size is None:
        raise NotSupportedYet("samples over a partial range", term.span)
    return Comprehension(Type((size, *term.type.shape)), (binder,), term, span=term.span)


def _joint_normal(binder: Binder, parameters: tuple[Term, ...]) -> tuple[Term, ...]:
    """Mean and covariance of all samples together: different ones do not vary together."""
    mean, spread = parameters
    rank = mean.type.rank
    joint = _over(binder, mean)
    other = replace(binder, name=f"other_{binder.name}")
    sizes = [Size(INTEGER, size) for size in mean.type.shape]
    axes = [
        [Binder(f"{place}_{k}_of_{binder.name}", shapes.number(1), size) for k, size in enumerate(sizes)]
        for place in ("row", "column")
    ]
    chosen = tuple(Index(INTEGER, b.name) for part in axes for b in part)
    entry = Component(SCALAR, spread, chosen) if rank else spread
    same = Call(INTEGER, "delta", (Index(INTEGER, binder.name), Index(INTEGER, other.name)))
    body = Call(SCALAR, "mul", (same, entry), span=spread.span)
    binders = (binder, *axes[0], other, *axes[1])
    return joint, Comprehension(Type(joint.type.shape * 2), binders, body, span=spread.span)


def enter(reader: Reader, symbol: Term, kind: str, parameters: tuple[Term, ...], samples: Samples | None) -> None:
    if not isinstance(symbol, Symbol):
        raise NotSupportedYet("a distribution of this is not implemented", symbol.span)
    info = reader.scope.symbols[symbol.name]
    reader.scope.symbols[symbol.name] = replace(info, distribution=(kind, parameters), samples=samples)
