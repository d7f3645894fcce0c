r"""Notation trees: what the author wrote, before types decide what it means.

Takes: nothing; data only. Gives: frozen nodes, each with the span it came from.
Guarantees: nothing is resolved here. `X^T` is a Scripted node whose superscript is a Letter T; `f(x+1)` is a Juxtaposed
of f and a Fence; both are decided later, by types. Every character of the formula belongs to some node.

    \frac{2}{m} X^T (X\theta - y)
    Juxtaposed(Fraction(Numeral 2, Letter m), Scripted(Letter X, superscript=Letter T), Fence("(", Sum(...)))
"""

from __future__ import annotations

from dataclasses import dataclass

from eqcompiler.errors import Span


@dataclass(frozen=True, slots=True)
class Node:
    span: Span


@dataclass(frozen=True, slots=True)
class Numeral(Node):
    """Digits with an optional decimal part: `2`, `0.5`."""

    digits: str


@dataclass(frozen=True, slots=True)
class Letter(Node):
    r"""One name. `text` is the LaTeX without backslash (`x`, `theta`, `MSE` for \mathrm{MSE} and a run of letters).

    accent: "" or hat, bar, tilde, dot, vec, underline... ; font: "" or bold, cal, bb, frak, sf, tt (roman and text give "").
    kind: "letter" for a single letter or Greek command, "word" for \mathrm, \text, \operatorname, multi-letter names,
    "symbol" for marks that can stand as a script: `*`, `+`, `-`, `\top`, `\dagger`, `\infty`, `\ell` is a letter.
    """

    text: str
    accent: str = ""
    font: str = ""
    kind: str = "letter"


@dataclass(frozen=True, slots=True)
class Scripted(Node):
    """base_{subscript}^{superscript} with `primes` primes. At least one of the three is present."""

    base: Node
    subscript: Node | None = None
    superscript: Node | None = None
    primes: int = 0


@dataclass(frozen=True, slots=True)
class Fence(Node):
    r"""A bracketed group: `(`, `[`, `\{`, `|`, `\|`, `\langle`, `\lceil`, `\lfloor` with its body, a List when it has commas.

    `opening` is one of "(", "[", "{", "|", "||", "<", "lceil", "lfloor"; `closing` the matching mark, different for `(0, 1]`.
    """

    opening: str
    body: Node
    closing: str


@dataclass(frozen=True, slots=True)
class Listing(Node):
    r"""Items separated by commas (or `;`, `\mid`, `|` inside a fence: then `separator` says so).

    separator "words": a remark or a wide space stands among the items, `x & \text{if } x > 0` is (Words if, Relation).
    """

    items: tuple[Node, ...]
    separator: str = ","


@dataclass(frozen=True, slots=True)
class Addition(Node):
    """Signed terms in order: a - b + c is ((+, a), (-, b), (+, c)). A leading sign makes an Addition of one term."""

    terms: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Juxtaposed(Node):
    """Two or more factors with nothing between them, left to right: product or application, decided by types."""

    factors: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Infix(Node):
    r"""Factors joined by one explicit operator: "*" (\cdot, \times, *), "/", "odot", "otimes", "circ", "oplus", "mod".

    Precedence is that of the product; the tree is left-leaning. A juxtaposition binds closer than any of these.
    Of sets: "cup", "cap", "setminus". `mark` is the author's own sign: "cdot", "times", "*", "/", "odot", ...
    """

    operator: str
    left: Node
    right: Node
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Fraction(Node):
    r"""\frac{numerator}{denominator} that is not a Leibniz derivative."""

    numerator: Node
    denominator: Node


@dataclass(frozen=True, slots=True)
class Root(Node):
    """Square root, or `degree`-th root."""

    radicand: Node
    degree: Node | None = None


@dataclass(frozen=True, slots=True)
class Prefix(Node):
    r"""A named function applied without or with parentheses: \log p_k, \sin^2 x, \tanh'(x), \operatorname{tr}(A), \det A.

    function: "exp", "log", "ln", "sin", ..., "tr", "det", "diag", "vec", "max", "min", "erf", "sign", "rank", "Var", "Cov"...
    argument: a Fence or Listing in a Fence when parenthesised, else the juxtaposed factors that follow (never across +, -,
    an explicit operator, a relation or another prefix function that is not the first factor).
    """

    function: str
    argument: Node
    subscript: Node | None = None
    superscript: Node | None = None
    primes: int = 0


@dataclass(frozen=True, slots=True)
class Large(Node):
    r"""A large operator with its range: "sum", "prod", "int", "lim", "max", "min", "sup", "inf", "argmax", "argmin", "E".

    The body extends over products and stops at the next + or - of the same level, at a relation, or at a closing mark.
    max, min, sup, inf, lim go on over + and - while their bound variable occurs further on; argmin and argmax go on always.
    lower/upper are the raw scripts (`i=1`, `m`; `\theta`; `x : A x = b`; `t \to \infty`). For "int", `variable` is the
    letter after the final d, and the body ends there. For "E", lower is the subscript and body the bracket.
    where: the relations that restrict the indices, once a pass has told them apart from the indices: i < j, 1 <= i <= n.
    """

    operator: str
    lower: Node | None
    upper: Node | None
    body: Node
    variable: Node | None = None
    where: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Nabla(Node):
    r"""\nabla_{variable}^{order} argument. order 1 or 2; `argument` is one factor with its call: J(\theta), f, (x^T A x)."""

    variable: Node | None
    argument: Node
    order: int = 1


@dataclass(frozen=True, slots=True)
class Leibniz(Node):
    r"""\frac{\partial^k y}{\partial x ...}, \frac{d}{dx} y, \partial y / \partial x.

    symbol: "d" or "partial". variables: each with its order; a variable may be Scripted (x_k, x^T, W^{(l)}).
    argument: what stands in the numerator after the d, or the factors after the fraction when the numerator is bare.
    """

    symbol: str
    variables: tuple[tuple[Node, int], ...]
    argument: Node


@dataclass(frozen=True, slots=True)
class Differential(Node):
    r"""dX, \mathrm{d}(XY), \delta J: the differential of `argument`, of order 1 or 2. A pass makes it of d and what follows."""

    argument: Node
    order: int = 1


@dataclass(frozen=True, slots=True)
class Evaluated(Node):
    r"""f'(x) \big|_{x=a}, \left. ... \right|_{x=a}: `body` where `variable` has the value `point`."""

    body: Node
    variable: Node
    point: Node


@dataclass(frozen=True, slots=True)
class Relation(Node):
    r"""sides[0] operators[0] sides[1] operators[1] ...

    operators: "=", ":=", "<-", "!=", "<", "<=", ">", ">=", "in", "sim", "to", "mapsto", ":", "approx", "propto", "prec",
    "preceq", "succ", "succeq", "subset", "equiv", "iff", "implies", "notin".
    `f : A \to B` is Relation((":", "to"), (f, A, B)).
    """

    operators: tuple[str, ...]
    sides: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Words(Node):
    r"""\text{...} that is prose: `if`, `for`, `where`, `otherwise`, `is invertible`. White space normalised."""

    text: str


@dataclass(frozen=True, slots=True)
class Dots(Node):
    r"""\dots, \ldots, \cdots, \vdots, \ddots."""


@dataclass(frozen=True, slots=True)
class Grid(Node):
    """matrix, pmatrix, bmatrix, vmatrix (determinant), cases: rows of cells. `style` is the environment's name."""

    style: str
    rows: tuple[tuple[Node, ...], ...]


@dataclass(frozen=True, slots=True)
class Slice(Node):
    """A range in a subscript: `1:t`, `:` (both ends None), `k:`."""

    lower: Node | None = None
    upper: Node | None = None


@dataclass(frozen=True, slots=True)
class Empty(Node):
    """Nothing between two marks, as on the left of a continued `&= ...` line."""


@dataclass(frozen=True, slots=True)
class Formula:
    r"""One formula of a document: one display, one row of a gather, one whole align (rows joined into one chain where a row
    starts with a relation), or one inline formula.

    parts: what stands between top-level commas, \quad, \qquad and Words, in order; usually one Relation. Words are kept as
    parts ("if", "where") so that the parts after them can be attached.
    directives: the `%!` lines that precede it, (key, value, span). label: from \label. inline: inline formulas only declare.
    joined: an inline formula that only words such as "with" separate from the inline formula before it.
    concluded: a display that the running text introduces by "then" or "hence": what it states is claimed, not assumed.
    note: why nothing is made of it, for words of the running text that are listed and not used.
    """

    span: Span
    latex: str
    parts: tuple[Node, ...]
    label: str = ""
    directives: tuple[tuple[str, str, Span], ...] = ()
    inline: bool = False
    joined: bool = False
    concluded: bool = False
    note: str = ""
