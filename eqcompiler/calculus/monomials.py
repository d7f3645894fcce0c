"""Normals: sums of monomials whose factors are scalars, tensor components and contractions.

Takes: nothing; data only. Gives: `Normal`, `Monomial`, the atoms, `Index` and `Affine` (index expressions).
Guarantees: each has a `key`, its text; equality, hashing and order are those of the key. Equal keys are equal functions.

A contraction is one *connected* sum of products; a sum that falls apart is a product of contractions:

    sum_i sum_j a_i b_i c_j c_j    is    {sum_i a_i b_i} * {sum_j c_j^2}
    (X theta - y)_i                is    {X[i,#0] theta[#0]} - y[i]
    1/(1 + e^-z)                   is    exp(z) * (1 + exp(z))^-1          one factor `Group(1 + exp(z))` with exponent -1

Bound indices run from 1 and are named `#height.position`; the height is above every height that occurs inside, so an index
is never captured. Free indices keep the author's names. Only `calculus.algebra` and `calculus.elementary` build these;
every rule that makes equal things look equal is applied there, when a thing is built.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from eqcompiler.errors import NotSupportedYet

LONGEST_KEY = 200_000  # of the text of a normal form


@dataclass(frozen=True, slots=True, eq=False)
class Keyed:
    """Compared, hashed and ordered by its text."""

    key: str = field(init=False, repr=False)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Keyed) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __lt__(self, other: Keyed) -> bool:
        return self.key < other.key

    def __str__(self) -> str:
        return self.key


@dataclass(frozen=True, slots=True, eq=False)
class Index(Keyed):
    """An index variable, which knows its inclusive range. Bound ones have lower 1."""

    name: str
    lower: Affine
    upper: Affine
    height: int = 0

    def __post_init__(self) -> None:
        lower = "" if self.lower.key == "1" else f"{self.lower.key}.."
        object.__setattr__(self, "key", f"{self.name}<{lower}{self.upper.key}>")


@dataclass(frozen=True, slots=True, eq=False)
class Scaled(Keyed):
    """An index times a product of sizes, as in the composed position (j - 1) m + i."""

    index: Index
    sizes: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", f"{self.index.key}*{'*'.join(self.sizes)}")


Variable = Index | Scaled | tuple[str, ...]  # an index, a multiple of one, or a product of sizes ("n", "p")


def _variable_key(variable: Variable) -> str:
    return "*".join(variable) if isinstance(variable, tuple) else variable.key


def _index_of(variable: Variable) -> Index | None:
    if isinstance(variable, Scaled):
        return variable.index
    return variable if isinstance(variable, Index) else None


@dataclass(frozen=True, slots=True, eq=False)
class Affine(Keyed):
    """An index expression: integer multiples of variables, and an integer. `2*n - i + 1`."""

    terms: tuple[tuple[Variable, int], ...]
    constant: int

    def __post_init__(self) -> None:
        if self.index is not None:
            object.__setattr__(self, "key", self.index.key)
            return
        text = "".join(
            f"{c:+d}*{_variable_key(v)}" if abs(c) != 1 else f"{'+-'[c < 0]}{_variable_key(v)}" for v, c in self.terms
        )
        text += f"{self.constant:+d}" if self.constant or not text else ""
        object.__setattr__(self, "key", text.removeprefix("+"))

    @staticmethod
    def of(value: int | Variable) -> Affine:
        if isinstance(value, int):
            return Affine((), value)
        return Affine((), 1) if value == () else Affine(((value, 1),), 0)

    @staticmethod
    def collect(terms: Iterable[tuple[Variable, int]], constant: int) -> Affine:
        total: dict[Variable, int] = {}
        for variable, c in terms:
            total[variable] = total.get(variable, 0) + c
        kept = sorted(((v, c) for v, c in total.items() if c), key=lambda pair: _variable_key(pair[0]))
        return Affine(tuple(kept), constant)

    def __add__(self, other: Affine) -> Affine:
        if not self.terms or not other.terms:
            return Affine(self.terms or other.terms, self.constant + other.constant)
        return Affine.collect((*self.terms, *other.terms), self.constant + other.constant)

    def __sub__(self, other: Affine) -> Affine:
        return self + other.times(-1)

    def times(self, factor: int) -> Affine:
        if factor == 1:
            return self
        return Affine(tuple((v, factor * c) for v, c in self.terms) if factor else (), factor * self.constant)

    def scaled(self, sizes: tuple[str, ...]) -> Affine:
        """This times a product of sizes."""
        total = Affine.of(tuple(sorted(sizes))).times(self.constant)
        for v, c in self.terms:
            index = _index_of(v)
            inner = v if isinstance(v, tuple) else v.sizes if isinstance(v, Scaled) else ()
            names = tuple(sorted((*inner, *sizes)))
            part = Affine.of(names if index is None else Scaled(index, names) if names else index)
            total = total + part.times(c)
        return total

    @property
    def indices(self) -> tuple[Index, ...]:
        return tuple(dict.fromkeys(i for v, _ in self.terms if (i := _index_of(v)) is not None))

    @property
    def index(self) -> Index | None:
        """The index that this is, when it is nothing else."""
        if self.constant == 0 and len(self.terms) == 1:
            variable, c = self.terms[0]
            return variable if c == 1 and isinstance(variable, Index) else None
        return None

    def substitute(self, values: Mapping[Index, Affine]) -> Affine:
        alone = self.index
        if alone is not None:  # nearly always
            return values.get(alone, self)
        if not any(v in values for v in self.indices):
            return self
        total = Affine((), self.constant)
        for v, c in self.terms:
            index = _index_of(v)
            part = values[index] if index is not None and index in values else None
            if part is None:
                part = Affine(((v, 1),), 0)
            elif isinstance(v, Scaled):
                part = part.scaled(v.sizes)
            total = total + part.times(c)
        return total

    def is_natural(self) -> bool:
        """Whether this is at least 0 for all sizes from 1 on and all indices in their ranges. False: not known."""
        bounded = self
        for _ in range(8):
            if not bounded.indices:
                return all(c > 0 for _, c in bounded.terms) and sum(c for _, c in bounded.terms) + bounded.constant >= 0
            signs: dict[Index, set[bool]] = {}
            for v, c in bounded.terms:
                index = _index_of(v)
                if index is not None:
                    signs.setdefault(index, set()).add(c > 0)
            if any(len(s) > 1 for s in signs.values()):
                return False
            bounded = bounded.substitute({i: i.lower if True in s else i.upper for i, s in signs.items()})
        return False


ZERO_AFFINE, ONE_AFFINE = Affine((), 0), Affine((), 1)


@dataclass(frozen=True, slots=True, eq=False)
class Atom(Keyed):
    """A factor. indices: the indices that occur free in it, sorted. height: above that of every index bound inside."""

    indices: tuple[Index, ...] = field(init=False, repr=False)
    height: int = field(init=False, repr=False)

    def _finish(self, key: str, indices: Iterable[Index], height: int = 0) -> None:
        object.__setattr__(self, "key", key)
        object.__setattr__(self, "indices", tuple(sorted(set(indices), key=lambda index: index.key)))
        object.__setattr__(self, "height", height)


@dataclass(frozen=True, slots=True, eq=False)
class Scalar(Atom):
    """A scalar symbol. sign: "positive", "nonnegative" or ""; integer: whole values only."""

    name: str
    sign: str = ""
    integer: bool = False

    def __post_init__(self) -> None:
        self._finish(self.name, ())


@dataclass(frozen=True, slots=True, eq=False)
class Constant(Atom):
    """pi, or a prime number that carries a fractional exponent."""

    name: str

    def __post_init__(self) -> None:
        self._finish(f"`{self.name}`", ())


@dataclass(frozen=True, slots=True, eq=False)
class Size(Atom):
    """A dimension as a number."""

    name: str

    def __post_init__(self) -> None:
        self._finish(f"|{self.name}|", ())


@dataclass(frozen=True, slots=True, eq=False)
class Position(Atom):
    """An index used as a number."""

    index: Index

    def __post_init__(self) -> None:
        self._finish(f"({self.index.key})", (self.index,))


@dataclass(frozen=True, slots=True, eq=False)
class Component(Atom):
    """A component of a tensor symbol of that shape. symmetric: the positions have been sorted.

    sign: as in Scalar, of every entry. definite: a symmetric positive definite matrix.
    """

    name: str
    positions: tuple[Affine, ...]
    shape: tuple[Affine, ...]
    symmetric: bool = False
    sign: str = ""
    definite: bool = False

    def __post_init__(self) -> None:
        text = ",".join(p.key for p in self.positions)
        self._finish(f"{self.name}[{text}]", (i for p in self.positions for i in p.indices))


@dataclass(frozen=True, slots=True, eq=False)
class Delta(Atom):
    """1 where `difference` is 0, else 0. The sign of the difference is normalised."""

    difference: Affine

    def __post_init__(self) -> None:
        self._finish(f"delta({self.difference.key})", self.difference.indices)


@dataclass(frozen=True, slots=True, eq=False)
class Guard(Atom):
    """1 where `natural` is at least 0, else 0."""

    natural: Affine

    def __post_init__(self) -> None:
        self._finish(f"[{self.natural.key}>=0]", self.natural.indices)


@dataclass(frozen=True, slots=True, eq=False)
class Function(Atom):
    """An elementary function of Normals: exp, log, sin, cos, erf, abs, sign, max, power (base, exponent)..."""

    name: str
    arguments: tuple[Normal, ...]

    def __post_init__(self) -> None:
        text = ", ".join(a.key for a in self.arguments)
        indices = (i for a in self.arguments for i in a.indices)
        self._finish(f"{self.name}({text})", indices, max((a.height for a in self.arguments), default=0))


@dataclass(frozen=True, slots=True, eq=False)
class Group(Atom):
    """A Normal as one factor, for exponents that are not natural numbers: denominators and roots."""

    body: Normal

    def __post_init__(self) -> None:
        self._finish(f"<{self.body.key}>", self.body.indices, self.body.height)


@dataclass(frozen=True, slots=True, eq=False)
class Intrinsic(Atom):
    """A component (or, for det and logdet, the value) of a whole-tensor operation.

    `positions` is where the result is read; () for a scalar.
    """

    operation: str
    operands: tuple[Operand, ...]
    positions: tuple[Affine, ...]
    shape: tuple[Affine, ...]
    symmetric: bool = False
    sign: str = ""

    def __post_init__(self) -> None:
        text = "; ".join(o.key for o in self.operands)
        where = f"[{','.join(p.key for p in self.positions)}]" if self.positions else ""
        inner = (i for o in self.operands for i in o.indices)
        height = 1 + max((o.body.height for o in self.operands), default=-1)
        self._finish(f"{self.operation}{{{text}}}{where}", (*inner, *(i for p in self.positions for i in p.indices)), height)


@dataclass(frozen=True, slots=True, eq=False)
class Operand(Keyed):
    """A tensor as a Normal in its own axes, which are named `?height.position`."""

    axes: tuple[Index, ...]
    body: Normal
    indices: tuple[Index, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "indices", tuple(i for i in self.body.indices if i not in self.axes))
        object.__setattr__(self, "key", f"{' '.join(a.key for a in self.axes)}: {self.body.key}")


@dataclass(frozen=True, slots=True, eq=False)
class Contraction(Atom):
    """sum over `bound` (each from 1 to its upper) of the product of `factors`, connected by the bound indices."""

    bound: tuple[Index, ...]
    factors: tuple[Factor, ...]

    def __post_init__(self) -> None:
        text = " ".join(f.key for f in self.factors) or "1"
        free = [i for f in self.factors for i in f.atom.indices] + [i for b in self.bound for i in b.upper.indices]
        height = 1 + max((f.atom.height for f in self.factors), default=-1)
        self._finish(f"{{{' '.join(b.key for b in self.bound)}: {text}}}", (i for i in free if i not in self.bound), height)


@dataclass(frozen=True, slots=True, eq=False)
class Factor(Keyed):
    atom: Atom
    exponent: Fraction

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", self.atom.key if self.exponent == 1 else f"{self.atom.key}^{self.exponent}")


@dataclass(frozen=True, slots=True, eq=False)
class Monomial(Keyed):
    """coefficient times factors; the factors are sorted and their atoms distinct. `key` leaves the coefficient out."""

    coefficient: Fraction
    factors: tuple[Factor, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", "*".join(f.key for f in self.factors))

    def __str__(self) -> str:
        if not self.factors:
            return str(self.coefficient)
        return self.key if self.coefficient == 1 else f"{self.coefficient}*{self.key}"


@dataclass(frozen=True, slots=True, eq=False)
class Normal(Keyed):
    """A sum of monomials with distinct keys, sorted; the empty sum is 0."""

    terms: tuple[Monomial, ...]
    indices: tuple[Index, ...] = field(init=False, repr=False)
    height: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", " + ".join(map(str, self.terms)) or "0")
        if len(self.key) > LONGEST_KEY:  # functions inside of functions: few terms, each twice as long as the one inside
            raise NotSupportedYet("the normal form grew too large", allowed=f"at most {LONGEST_KEY} characters")
        found = {i.key: i for t in self.terms for f in t.factors for i in f.atom.indices}
        object.__setattr__(self, "indices", tuple(found[k] for k in sorted(found)))
        object.__setattr__(self, "height", max((f.atom.height for t in self.terms for f in t.factors), default=0))

    @staticmethod
    def collect(terms: Iterable[Monomial]) -> Normal:
        """The sum of monomials, equal ones merged."""
        total: dict[str, Fraction] = {}
        seen: dict[str, Monomial] = {}
        for term in terms:
            total[term.key] = total.get(term.key, Fraction(0)) + term.coefficient
            seen.setdefault(term.key, term)
        kept = (
            Monomial(total[k], seen[k].factors) if total[k] != seen[k].coefficient else seen[k]
            for k in sorted(total)
            if total[k]
        )
        return Normal(tuple(kept))

    @staticmethod
    def number(value: Fraction | int) -> Normal:
        return Normal((Monomial(Fraction(value), ()),) if value else ())

    @staticmethod
    def atom(atom: Atom, exponent: Fraction | int = 1) -> Normal:
        return Normal((Monomial(Fraction(1), (Factor(atom, Fraction(exponent)),)),))

    @property
    def constant(self) -> Fraction | None:
        """The number this is, or None."""
        if not self.terms:
            return Fraction(0)
        return self.terms[0].coefficient if len(self.terms) == 1 and not self.terms[0].factors else None

    def __add__(self, other: Normal) -> Normal:
        return Normal.collect((*self.terms, *other.terms))

    def __neg__(self) -> Normal:
        return self.times(Fraction(-1))

    def __sub__(self, other: Normal) -> Normal:
        return self + -other

    def times(self, number: Fraction) -> Normal:
        return Normal(tuple(Monomial(t.coefficient * number, t.factors) for t in self.terms)) if number else Normal(())


ZERO, ONE = Normal(()), Normal.number(1)
