"""Typed statements: the document after reading, ready to be judged and compiled.

Takes: terms. Gives: symbols, definitions, claims, objectives, recurrences and the document that holds them.
Guarantees: every name in a term is a key of `Document.symbols` or `Document.definitions`; keys are ASCII identifiers
from a fixed alphabet (letters, digits, underscore), never raw text. Order is the source's order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from eqcompiler.errors import EquationError, Source, Span
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.terms import Binder, Condition, Extremum, FunctionType, Term, Type

Kind = Literal[
    "declaration",
    "definition",
    "claim: equality",
    "claim: derivative",
    "claim: minimiser",
    "claim: limit",
    "objective",
    "recurrence",
    "distribution",
    "density",
    "prose",
    "error",
]


# law -> its parameters, in the order in which they are written
LAWS = {
    "normal": ("mean", "variance"),
    "uniform": ("lowest", "highest"),
    "exponential": ("rate",),
    "laplace": ("mean", "scale"),
    "gamma": ("shape", "rate"),
    "beta": ("first shape", "second shape"),
    "bernoulli": ("probability",),
    "poisson": ("rate",),
}


@dataclass(frozen=True, slots=True)
class Samples:
    """Independent samples x^{(i)}: the index, and the parameters of the law of one of them, which may depend on it."""

    binder: Binder
    parameters: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class SymbolInfo:
    """One name. `latex` prints it; `why` says where its type comes from ("declared at line 3", "inferred: X theta, line 7").

    distribution: a key of LAWS and its parameters, for x ~ N(mu, Sigma): ("normal", (mu, Sigma)). The parameters have the shape
    of the symbol, a covariance twice that; entries are independent but for a covariance. `samples`: how an array of independent
    samples was declared.
    """

    name: str
    latex: str
    type: Type | FunctionType
    role: Literal["free", "formal", "index", "dimension", "function"]
    declared: Span | None = None
    why: str = ""
    distribution: tuple[str, tuple[Term, ...]] | None = None
    samples: Samples | None = None


@dataclass(frozen=True, slots=True)
class Definition:
    """name(formals) = body. An argmin has an Extremum as body; a definition by components a Comprehension.

    `name` is unique in the document (a later meaning of J that starts with `%! define` is J_2); `latex` prints it.
    """

    name: str
    latex: str
    formals: tuple[str, ...]
    body: Term
    span: Span
    formal_types: tuple[Type, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """left = right for all values that satisfy the document's assumptions and `assumptions`, and all indices in `free`."""

    left: Term
    right: Term
    free: tuple[Binder, ...] = ()
    assumptions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Density:
    """What the definition of a density owes: total = 1, and nowhere negative. noun, support: "a density", "over y > 0".

    halves: where nobody said which values the variable takes, the totals below and above 0.
    """

    name: str
    total: Claim
    sign: Claim
    noun: str
    support: str
    halves: tuple[Claim, ...] = ()


@dataclass(frozen=True, slots=True)
class Objective:
    """name = argmin/argmax: also a Definition of that name, repeated here for the reader of statements."""

    name: str
    extremum: Extremum


@dataclass(frozen=True, slots=True)
class Recurrence:
    """state <- update: `state` names the symbol that is iterated, `update` is the next value as a term in that symbol.

    index: the step's name, t in theta_{t+1}, or "" for `:=`. Further states that are updated with it: `also`.
    before: the symbols of the updates that stand for the states before the step, in the order of the states; () means the
    states' own names. members: (symbol in the updates, family), what has a value of its own at every step: ("W_l", "W").
    count: the number of steps, L. sizes: (family, its name at the step, its name before it) for widths that change from step
    to step: ("n", "n_l", "n_before_l"), where "n_0" is the first and "n_L" the last one.
    last: how each state after the last step is written.

    A family of sizes makes ragged families, sequences of `count` arrays (W[l-1] has the shape n_l by n_{l-1}); every other
    family is one array with the steps as its first axis. An Index with the step's name counts the steps from 1.
    """

    state: str
    update: Term
    index: str = ""
    also: tuple[tuple[str, Term], ...] = ()
    before: tuple[str, ...] = ()
    members: tuple[tuple[str, str], ...] = ()
    count: Dimension | None = None
    sizes: tuple[tuple[str, str, str], ...] = ()
    last: tuple[str, ...] = ()

    @property
    def states(self) -> tuple[str, ...]:
        return (self.state, *(name for name, _ in self.also))

    @property
    def updates(self) -> tuple[Term, ...]:
        """One per state. Those of `also` are values after the same step."""
        return (self.update, *(term for _, term in self.also))


@dataclass(frozen=True, slots=True)
class Misfit:
    """A claim whose shapes do not fit. known: the text of its left side; place: where the right side stands; near: texts with
    one small change of it, of which one may be meant."""

    known: str
    place: Span
    near: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement with everything that `check` prints of it. `payload` depends on `kind`; prose has none.

    conventions: those of `inferred` on which the meaning rests, so that they stand beside the verdict as well.
    """

    name: str
    kind: Kind
    span: Span
    latex: str
    payload: Definition | Claim | Density | Misfit | Objective | Recurrence | None = None
    inferred: tuple[str, ...] = ()
    type_text: str = ""
    expect: str = ""
    skip: str = ""
    error: EquationError | None = None
    conventions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A read and typed file. `assumptions` hold everywhere (sampling respects them, proofs may use them).

    Documents compare by identity.
    A claim whose left side is just a definition, J(theta) = e, restates it: a later claim about J may be judged about the
    form that it follows. Who judges finds restatements by looking at the claims in order.
    """

    source: Source
    statements: tuple[Statement, ...]
    symbols: Mapping[str, SymbolInfo]
    definitions: Mapping[str, Definition]
    assumptions: tuple[Condition, ...] = ()
    dimensions: Mapping[str, int] = field(default_factory=dict)  # name -> smallest size that the declarations allow
    constraints: tuple[tuple[Dimension, str, Dimension], ...] = ()  # n >= m, m > n, ... between sizes
    recurrences: Mapping[str, Recurrence] = field(default_factory=dict)  # those with a count, by the name of their first state
    written_sizes: Mapping[str, str] = field(default_factory=dict)  # name of a size -> its LaTeX where that differs: n_{l-1}

    def __getitem__(self, name: str) -> Statement:
        for statement in self.statements:
            if statement.name == name:
                return statement
        raise KeyError(name)
