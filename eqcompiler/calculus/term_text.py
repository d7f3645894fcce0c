r"""Terms as LaTeX.

Takes: a typed term and its document. Gives: LaTeX in the author's own symbols, `\frac{2}{m} X^\top (X \theta - y)`.
Guarantees: reading the text with the same declarations gives a term of equal meaning; equal terms give equal text.
Sums of products stay in the order in which they stand in the term: who builds the term decides the order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from eqcompiler.calculus.families import Member, family_member, is_family
from eqcompiler.calculus.latex_words import BRACKETS, FUNCTIONS, PROPERTIES, RELATIONS, SENSES
from eqcompiler.calculus.shorter_terms import (
    at_every_entry,
    derivative_of_function,
    entries_of,
    entry_of_product,
    factors_side_by_side,
    is_product_of_tensors,
    is_sum,
    numbers_apart,
    signed,
)
from eqcompiler.errors import NotSupportedYet
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.statements import Definition, Document
from eqcompiler.languages.terms import (
    INTEGER,
    SCALAR,
    Binder,
    Block,
    Call,
    Cases,
    Component,
    Comprehension,
    Condition,
    Constant,
    Derivative,
    Expectation,
    Extremum,
    Index,
    Integral,
    Iterated,
    Limit,
    Number,
    Reduction,
    Reference,
    Size,
    Symbol,
    Term,
    UnknownCall,
)

# How closely the text of a term holds together; an operand that binds less closely than its place asks gets brackets.
SUM, LARGE, INFIX, PRODUCT, FUNCTION, POWER, ATOM = range(7)
_SAME_ENTRIES = {"zeros": 0, "ones": 1}


@dataclass(frozen=True, slots=True)
class _Text:
    """LaTeX with the level at which it holds together."""

    latex: str
    level: int

    def at(self, level: int) -> str:
        return self.latex if self.level >= level else bracketed(self.latex)


def bracketed(latex: str) -> str:
    tall = any(word in latex for word in (r"\frac", r"\sum", r"\prod", r"\int", r"\begin"))
    return rf"\left( {latex} \right)" if tall else f"({latex})"


def term_latex(document: Document, term: Term) -> str:
    """The term as LaTeX. Raises NotSupportedYet for a node that has no notation."""
    return _Writer(document).text(term).latex


def condition_latex(document: Document, condition: Condition) -> str:
    r"""`b = 0`, `A = A^T`, `\lambda > 0`: the form in which conditions are written after `holds if`."""
    writer = _Writer(document)
    if condition.right is None:
        return PROPERTIES[condition.relation].format(writer.text(condition.left).at(ATOM))
    sides = (condition.left, condition.right)
    sample = _of_each_sample(document, *sides)
    left, right = (writer.text(side).latex.replace(r"^\top", "^T") for side in sample or sides)
    right = _rows(document, *sides) or right
    return f"{left} {RELATIONS[condition.relation]} {right}"


def _of_each_sample(document: Document, left: Term, right: Term) -> tuple[Term, Term] | None:
    """y_i = 1 for y = (1, ..., 1) where the author only writes the samples of y."""
    value = _SAME_ENTRIES.get(right.operation) if isinstance(right, Call) else None
    if value is None or not isinstance(left, Symbol) or left.type.rank != 1 or not is_family(document, left.name):
        return None
    return Component(SCALAR, left, (Index(INTEGER, "i"),)), Number(SCALAR, Fraction(value))


def _rows(document: Document, left: Term, right: Term | None) -> str:
    r"""[x^{(1)}, \dots, x^{(m)}]^T: the array of samples that have no name together, beside an array that has one."""
    if not (isinstance(left, Symbol) and isinstance(right, Symbol)) or is_family(document, left.name):
        return ""
    member = family_member(document, right.name) if is_family(document, right.name) else None
    if member is None or not right.type.rank:
        return ""
    last = dimension_latex(document, right.type.shape[0])
    first, last = (f"{member.latex}^{{({k})}}" if member.raised else f"{member.latex}_{script(k)}" for k in ("1", last))
    opening, closing = ("[", "]^T") if right.type.rank > 1 else ("(", ")")
    return rf"{opening}{first}, \dots, {last}{closing}"


def script(text: str) -> str:
    """A sub- or superscript: braces unless it is one sign."""
    return text if len(text) == 1 else "{" + text + "}"


def dimension_latex(document: Document, dimension: Dimension) -> str:
    """n + 1, n_l n_k: sizes in the author's letters."""

    def letter(name: str) -> str:
        info = document.symbols.get(name)
        return info.latex if info else name

    text = ""
    for key, coefficient in sorted(dimension.terms, key=lambda term: (-len(term[0]), term[0])):
        word = " ".join(letter(name) for name in key)
        size = word if word and abs(coefficient) == 1 else f"{abs(coefficient)} {word}".strip()
        text += f" {'-' if coefficient < 0 else '+'} {size}" if text else (f"-{size}" if coefficient < 0 else size)
    return text or "0"


class _Writer:
    """One method per node, see NODE_RULES; `operations` holds the calls whose notation is not name(arguments)."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.operations: dict[str, Callable[[Call], _Text]] = {
            "add": self.add,
            "neg": self.neg,
            "mul": self.mul,
            "div": self.div,
            "pow": self.pow,
            "matpow": self.pow,
            "matmul": self.matmul,
            "outer": self.outer,
            "transpose": self.transpose,
            "inverse": lambda call: self.raised(call.arguments[0], "-1"),
            "pseudoinverse": lambda call: self.raised(call.arguments[0], "+"),
            "matsqrt": lambda call: self.raised(call.arguments[0], "1/2"),
            "factorial": lambda call: _Text(self.text(call.arguments[0]).at(ATOM) + "!", POWER),
            "exp": self.exponential,
            "sqrt": self.root,
            "binomial": lambda call: _Text(rf"\binom{{{self.plain(call, 0)}}}{{{self.plain(call, 1)}}}", ATOM),
            "delta": lambda call: _Text(rf"\delta_{{{self.scripts(call.arguments)}}}", ATOM),
            "kron": lambda call: self.infix(call, r"\otimes"),
            "cross": lambda call: self.infix(call, r"\times"),
            "identity": lambda call: _Text("I", ATOM),
            "zeros": lambda call: _Text("0", ATOM),
            "ones": self.ones,
        }

    def text(self, term: Term) -> _Text:
        rule = NODE_RULES.get(type(term))
        if rule is None:
            raise NotSupportedYet(f"no notation for {type(term).__name__}", term.span)
        return rule(self, term)

    def constant(self, term: Constant) -> _Text:
        return _Text({"pi": r"\pi", "e": "e", "infinity": r"\infty"}[term.name], ATOM)

    def size(self, term: Size) -> _Text:
        text = dimension_latex(self.document, term.dimension)
        return _Text(text, SUM if " + " in text or " - " in text else PRODUCT if " " in text else ATOM)

    def reference(self, term: Reference) -> _Text:
        return self.called(self.name(term.name), self.document.definitions.get(term.name), term.arguments)

    def extremum(self, term: Extremum) -> _Text:
        return _Text(
            rf"\{SENSES.get(term.sense, term.sense)}_{{{self.name(term.variable)}}} {self.text(term.body).at(LARGE)}", LARGE
        )

    def block(self, term: Block) -> _Text:
        rows = r" \\ ".join(" & ".join(self.text(cell).latex for cell in row) for row in term.rows)
        return _Text(rf"\begin{{pmatrix}} {rows} \end{{pmatrix}}", ATOM)

    def comprehension(self, term: Comprehension) -> _Text:
        whole = at_every_entry(term)
        if whole is not None:
            function, tensor = whole
            return self.called(self.name(function.name), self.document.definitions.get(function.name), (tensor,))
        scripts = self.scripts(tuple(Index(b.lower.type, b.name) for b in term.binders))
        return _Text(rf"\left[ {self.text(term.body).latex} \right]_{script(scripts)}", POWER)

    def integral(self, term: Integral) -> _Text:
        lower, upper = self.text(term.lower).latex, self.text(term.upper).latex
        body = self.text(term.body).at(PRODUCT)
        return _Text(rf"\int_{script(lower)}^{script(upper)} {body} \, d{self.name(term.variable)}", LARGE)

    def limit(self, term: Limit) -> _Text:
        target = self.text(term.target).latex
        return _Text(rf"\lim_{{{self.name(term.variable)} \to {target}}} {self.text(term.body).at(LARGE)}", LARGE)

    def expectation(self, term: Expectation) -> _Text:
        word = {"E": r"\mathbb{E}", "Var": r"\operatorname{Var}", "Cov": r"\operatorname{Cov}"}[term.operation]
        return _Text(rf"{word}\left[ {', '.join(self.text(a).latex for a in term.arguments)} \right]", ATOM)

    def name(self, name: str) -> str:
        definition = self.document.definitions.get(name)
        if definition is not None:
            return definition.latex
        info = self.document.symbols.get(name)
        return info.latex if info is not None else name.replace("_", r"\_")

    def plain(self, call: Call, position: int) -> str:
        return self.text(call.arguments[position]).latex

    def scripts(self, terms: tuple[Term, ...]) -> str:
        texts = [self.text(term).latex for term in terms]
        joiner = " " if any(t.startswith("\\") for t in texts) else ""
        return joiner.join(texts) if all(_is_sign(t) for t in texts) else ", ".join(texts)

    def called(self, name: str, definition: Definition | None, arguments: tuple[Term, ...]) -> _Text:
        if not arguments:
            return _Text(name, ATOM)
        if definition is not None and r"^{(" in name and len(arguments) == 1:
            return _Text(name, ATOM)
        return _Text(f"{name}{bracketed(', '.join(self.text(a).latex for a in arguments))}", ATOM)

    def call(self, call: Call) -> _Text:
        if call.operation in self.operations:
            return self.operations[call.operation](call)
        inside = ", ".join(self.text(argument).latex for argument in call.arguments)
        if call.operation in BRACKETS:
            opening, closing = BRACKETS[call.operation]
            return _Text(f"{opening} {inside} {closing}" if opening != r"\|" else f"{opening}{inside}{closing}", ATOM)
        word = FUNCTIONS.get(call.operation, rf"\operatorname{{{call.operation}}}")
        return _Text(word + bracketed(inside), FUNCTION)

    def add(self, call: Call) -> _Text:
        text = ""
        for argument in call.arguments:
            sign, rest = signed(argument)
            body = self.text(rest).at(LARGE if sign == "+" else PRODUCT if is_sum(rest) else LARGE)
            text += f" {sign} {body}" if text else (f"-{body}" if sign == "-" else body)
        return _Text(text, SUM)

    def neg(self, call: Call) -> _Text:
        return _Text("-" + self.text(call.arguments[0]).at(LARGE), SUM)

    def mul(self, call: Call) -> _Text:
        sign, positive = signed(call)
        if sign == "-":
            return _Text("-" + self.text(positive).at(LARGE), SUM)
        tensors = [a for a in call.arguments if a.type.rank]
        if len(tensors) < 2:
            return self.product(call.arguments)
        scalars = tuple(a for a in call.arguments if not a.type.rank)
        entries = r" \odot ".join(self.text(a).at(FUNCTION) for tensor in tensors for a in entries_of(tensor))
        return _Text(f"{self.product(scalars).at(PRODUCT)} ({entries})", PRODUCT) if scalars else _Text(entries, INFIX)

    def product(self, factors: tuple[Term, ...]) -> _Text:
        """Factors side by side. A large operator may only stand last, a numeral after a factor needs a dot."""
        factors = numbers_apart(factors)
        tensors = [place for place, factor in enumerate(factors) if factor.type.rank]
        parts: list[str] = []
        for place, factor in enumerate(factors):
            level = POWER if is_product_of_tensors(factor) and place < max(tensors, default=0) else PRODUCT
            last = place == len(factors) - 1
            text = self.text(factor).at(LARGE if last and isinstance(factor, Reduction) and parts else level)
            if parts and text[0].isdigit():
                text = rf"\cdot {text}"
            parts.append(text)
        if len(parts) == 1:
            return self.text(factors[0])
        return _Text(" ".join(parts), PRODUCT if not isinstance(factors[-1], Reduction) else LARGE)

    def div(self, call: Call) -> _Text:
        top, bottom = call.arguments
        if isinstance(top, Number) and top.value > 0 and top.value.denominator != 1:  # half of 1/x: \frac{1}{2 x}
            below = self.product((Number(INTEGER, Fraction(top.value.denominator)), bottom)).latex
            return _Text(rf"\frac{{{top.value.numerator}}}{{{below}}}", PRODUCT)
        if isinstance(bottom, Number) and bottom.value == 1:
            return self.text(top)
        return _Text(rf"\frac{{{self.plain(call, 0)}}}{{{self.plain(call, 1)}}}", PRODUCT)

    def pow(self, call: Call) -> _Text:
        base, exponent = call.arguments
        square = self.square(base)
        if square and isinstance(exponent, Number) and exponent.value.denominator == 1 and exponent.value > 0:
            return _Text(f"{square}^{script(str(2 * exponent.value))}", POWER)
        if isinstance(base, Constant) and base.name == "e":
            return _Text(f"e^{script(self.text(exponent).latex)}", POWER)
        return self.raised(base, self.text(exponent).latex)

    def square(self, base: Term) -> str:
        r"""\sigma for a name \sigma^2, else nothing."""
        text = self.name(base.name) if isinstance(base, Symbol | Reference) else ""
        return text.removesuffix("^2") if text.endswith("^2") and text.count("^") == 1 else ""

    def root(self, call: Call) -> _Text:
        square = self.square(call.arguments[0])
        return _Text(square or rf"\sqrt{{{self.plain(call, 0)}}}", ATOM)

    def exponential(self, call: Call) -> _Text:
        """e^{x} for a number, exp(v) entry by entry."""
        inside = self.plain(call, 0)
        if call.type.rank:
            return _Text(rf"\exp{bracketed(inside)}", FUNCTION)
        return _Text(f"e^{script(inside)}", POWER)

    def raised(self, base: Term, exponent: str) -> _Text:
        """base^exponent; a base that already carries a superscript goes into brackets, except X^{-\top}."""
        if isinstance(base, Call) and {base.operation, exponent} == {"transpose", "-1"}:
            return self.raised(base.arguments[0], r"-\top")
        text = self.text(base)
        inner = text.latex if text.level == ATOM and "^" not in text.latex else bracketed(text.latex)
        return _Text(f"{inner}^{script(exponent)}", POWER)

    def transpose(self, call: Call) -> _Text:
        base = call.arguments[0]
        if isinstance(base, Call) and base.operation == "inverse":
            return self.raised(base.arguments[0], r"-\top")
        if isinstance(base, Call) and base.operation == "transpose":
            return self.text(base.arguments[0])
        if isinstance(base, Derivative) and derivative_of_function(base) is not None:
            return _Text(self.text(base).latex + r"^\top", POWER)
        text = self.raised(base, r"\top")
        return _Text(text.latex.replace(r"^{\top}", r"^\top"), POWER)

    def matmul(self, call: Call) -> _Text:
        left, right = call.arguments
        entry = entry_of_product(left, right)
        if entry is not None and isinstance(right, Component) and not self.is_member(right):
            return self.text(entry)
        return self.product((*self.row(left), *factors_side_by_side(right)))

    def row(self, left: Term) -> tuple[Term, ...]:
        """The left operand's factors, a column vector transposed."""
        if left.type.rank == 1 and not left.type.row:
            return (Call(left.type, "transpose", (left,)),)
        return factors_side_by_side(left)

    def outer(self, call: Call) -> _Text:
        left, right = call.arguments
        return self.product((*factors_side_by_side(left), right if right.type.row else Call(right.type, "transpose", (right,))))

    def ones(self, call: Call) -> _Text:
        if call.type.rank < 2:
            return _Text(r"\mathbf{1}", ATOM)
        return _Text(r"\mathbf{1} \mathbf{1}^\top", PRODUCT)

    def infix(self, call: Call, sign: str) -> _Text:
        left, right = (self.text(argument).at(FUNCTION) for argument in call.arguments)
        return _Text(f"{left} {sign} {right}", INFIX)

    def is_member(self, term: Component) -> bool:
        return isinstance(term.base, Symbol) and family_member(self.document, term.base.name) is not None

    def component(self, term: Component) -> _Text:
        """x_i, X_{ij}; a family's member x^{(i)}, its entry x^{(i)}_j; brackets around a name that has a subscript."""
        member = family_member(self.document, term.base.name) if isinstance(term.base, Symbol) else None
        if member is not None:
            return self.member(member, term.indices)
        base = self.text(term.base)
        inner = base.latex if base.level == ATOM and not {"_", "^"} & set(base.latex) else bracketed(base.latex)
        rest = ", :" * (term.base.type.rank - len(term.indices))
        return _Text(f"{inner}_{script(self.scripts(term.indices) + rest)}", ATOM)

    def member(self, member: Member, indices: tuple[Term, ...]) -> _Text:
        """x^{(i)} and its entry x^{(i)}_j, or x_i and (x_i)_j, as the author writes the samples."""
        first, rest = self.text(indices[0]).latex, self.scripts(indices[1:])
        if member.raised:
            text = f"{member.latex}^{{({first})}}"
            return _Text(f"{text}_{script(rest)}" if rest else text, ATOM)
        text = f"{member.latex}_{script(first)}"
        return _Text(f"({text})_{script(rest)}" if rest else text, ATOM)

    def reduction(self, term: Reduction) -> _Text:
        sign = {"sum": r"\sum", "product": r"\prod", "max": r"\max", "min": r"\min"}[term.operation]
        where = ", ".join(condition_latex(self.document, condition) for condition in term.where)
        lower = f"{self.binding(term.binder)}{', ' + where if where else ''}"
        body = self.text(term.body).at(LARGE)
        return _Text(f"{sign}_{{{lower}}}^{{{self.text(term.binder.upper).latex}}} {body}", LARGE)

    def binding(self, binder: Binder) -> str:
        return f"{self.name(binder.name)}={self.text(binder.lower).latex}"

    def derivative(self, term: Derivative) -> _Text:
        known = derivative_of_function(term)
        if known is not None and not {"_", "^"} & set(self.name(known[0].name)):
            function, order, at = known
            name, point = self.name(function.name), bracketed(self.text(at).latex)
            if at.type.rank:
                return _Text(rf"\nabla{'^2' * (order - 1)} {name}{point}", FUNCTION)
            return _Text(name + "'" * order + point, FUNCTION)
        body, variable = self.text(term.body), self.name(term.variable)
        quotient = rf"\frac{{\partial {body.at(FUNCTION)}}}{{\partial {variable}}}"
        if term.point is None:
            return _Text(quotient, PRODUCT)
        point = self.text(term.point).latex
        return _Text(rf"\left. {quotient} \right|_{{{variable} = {point}}}", ATOM)

    def cases(self, term: Cases) -> _Text:
        rows = []
        for conditions, value in term.branches:
            words = ", ".join(condition_latex(self.document, c) for c in conditions) or r"\text{otherwise}"
            rows.append(f"{self.text(value).latex} & {words}")
        return _Text(r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}", ATOM)


NODE_RULES: Mapping[type[Term], Callable[[_Writer, Any], _Text]] = {
    Number: lambda writer, term: _number(term.value),
    Constant: _Writer.constant,
    Symbol: lambda writer, term: _Text(writer.name(term.name), ATOM),
    Index: lambda writer, term: _Text(writer.name(term.name), ATOM),
    Size: _Writer.size,
    Reference: _Writer.reference,
    UnknownCall: lambda writer, term: writer.called(writer.name(term.name), None, term.arguments),
    Call: _Writer.call,
    Component: _Writer.component,
    Reduction: _Writer.reduction,
    Derivative: _Writer.derivative,
    Extremum: _Writer.extremum,
    Cases: _Writer.cases,
    Block: _Writer.block,
    Comprehension: _Writer.comprehension,
    Integral: _Writer.integral,
    Limit: _Writer.limit,
    Iterated: lambda writer, term: _Text(writer.document.recurrences[term.recurrence].last[term.state], ATOM),
    Expectation: _Writer.expectation,
}


def _number(value: Fraction) -> _Text:
    sign = "-" if value < 0 else ""
    top, bottom = abs(value.numerator), value.denominator
    if bottom == 1:
        return _Text(f"{sign}{top}", SUM if sign else ATOM)
    return _Text(rf"{sign}\frac{{{top}}}{{{bottom}}}", SUM if sign else PRODUCT)


def _is_sign(text: str) -> bool:
    """One letter, digit or command: what may stand in a row of indices without commas."""
    return len(text) == 1 or (text.startswith("\\") and text[1:].isalpha())
