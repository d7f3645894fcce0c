r"""Tensor words: sums over indices read as products of matrices and vectors.

Takes: Normals. Gives: nodes: words of matrices and vectors that are open at indices; products of them; terms.
Guarantees: values are unchanged. Sums become matrix products where they are some, else stay sums; families of samples are
written x^{(i)} under their sum. Deterministic: the author's order of symbols decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from eqcompiler.calculus import monomials as nf
from eqcompiler.calculus.factoring import ONE, Letter, Product, Style, Word, build, fold, sum_of
from eqcompiler.calculus.families import family_member, is_family
from eqcompiler.calculus.unknown_words import is_unknown, unknown_term
from eqcompiler.calculus.word_nodes import (
    Node,
    NoWord,
    bare,
    combined,
    dimension,
    entries_added,
    entrywise,
    merged_scalars,
    numbers_out,
    raised,
    reversed_word,
    scalar_node,
    transposes,
)
from eqcompiler.errors import NotSupportedYet
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.statements import Document
from eqcompiler.languages.terms import (
    INTEGER,
    SCALAR,
    Binder,
    Call,
    Cases,
    Component,
    Condition,
    Constant,
    Index,
    Number,
    Reduction,
    Reference,
    Size,
    Symbol,
    Term,
    Type,
)

INDEX_NAMES = "ijklpqrstuv"
# Functions of the normal form whose name is not that of the operation.
FUNCTIONS = {"power": "pow"}
INTRINSICS = {"inverse": "inverse", "pseudoinverse": "pseudoinverse", "matsqrt": "matsqrt", "det": "det", "norm2": "norm2"}


class Reader:
    """Reads atoms, contractions and sums. `names`: how explicit indices are written."""

    def __init__(self, document: Document, normal: nf.Normal) -> None:
        self.document = document
        self.names: dict[nf.Index, str] = {}
        self.samples = frozenset(name for name in document.symbols if family_member(document, name))
        self.style = Style(self.rank, {})
        self.order = {name: place for place, name in enumerate((*document.symbols, *document.definitions))}
        taken = {name for name, info in document.symbols.items() if info.role != "index"} | {i.name for i in normal.indices}
        self.free_names = [name for name in INDEX_NAMES if name not in taken]

    def rank(self, term: Term) -> tuple[int, ...]:
        """Where the author first names what stands here; numbers and sizes first."""
        if isinstance(term, Symbol | Reference):
            return (1, self.order.get(term.name, len(self.order)))
        if isinstance(term, Component):
            return self.rank(term.base)
        if isinstance(term, Call) and term.operation in ("ones", "identity"):
            return (2, 0)
        if isinstance(term, Call) and term.arguments:
            return self.rank(term.arguments[0])
        if isinstance(term, Reduction):
            return (1, len(self.order))
        return (0, 0)

    def normal(self, normal: nf.Normal, axes: tuple[nf.Index, ...]) -> Term:
        shape = tuple(dimension(axis.upper) for axis in axes)
        return sum_of([self.monomial(term, axes) for term in normal.terms], shape, self.style)

    def monomial(self, monomial: nf.Monomial, axes: tuple[nf.Index, ...]) -> Product:
        return self.product(monomial.coefficient, monomial.factors, (), axes)

    def product(
        self, coefficient: Fraction, factors: Sequence[nf.Factor], bound: tuple[nf.Index, ...], axes: tuple[nf.Index, ...]
    ) -> Product:
        """Sum over `bound` of the factors as scalars times one word that is open at the axes."""
        nodes: list[Node] = []
        scalars: list[tuple[Term, Fraction]] = []
        for factor in factors:
            self.place(factor, (*axes, *bound), nodes, scalars)
        nodes = self.eliminated(nodes, bound)
        scalars += [(self.closed(node.word), ONE) for node in nodes if not node.indices]
        coefficient, scalars = numbers_out(coefficient, scalars)
        word = combined([node for node in nodes if node.indices], axes)
        return Product(coefficient, merged_scalars(scalars), word)

    def eliminated(self, nodes: list[Node], bound: tuple[nf.Index, ...]) -> list[Node]:
        """Multiplies matrices and vectors over every bound index. Raises NoWord where three matrices meet."""
        remaining = list(bound)
        while remaining:
            index = min(remaining, key=lambda k: sum(k in node.indices for node in nodes))
            remaining.remove(index)
            touching = [node for node in nodes if index in node.indices]
            others = [node for node in nodes if index not in node.indices]
            nodes = [*others, self.joined(touching, index)]
        return nodes

    def joined(self, touching: list[Node], index: nf.Index) -> Node:
        """The sum over one index of everything that has it."""
        if not touching:  # an index that stands in a position only: b_{k+1}
            raise NoWord
        if any(node.left == node.right for node in touching):
            if len(touching) > 1:
                raise NoWord
            return self.trace(touching[0])
        matrices = [node.starting_at(index) for node in touching if node.right is not None]
        columns = [node for node in touching if node.right is None]
        size = dimension(index.upper)
        if len(matrices) > 2:
            raise NoWord
        if not matrices:
            if len(columns) < 2:
                return entries_added(columns[0])
            return Node((*reversed_word(columns[0].word), *entrywise(columns[1:])))
        if len(matrices) == 1:
            first = matrices[0].word[0].term
            if not columns and isinstance(first, Symbol) and first.name in self.samples:
                raise NoWord  # the sum of the samples, not X^T 1
            column = entrywise(columns) if columns else (Letter(Call(Type((size,)), "ones", ())),)
            return Node((*matrices[0].turned().word, *column), matrices[0].right)
        middle = (Letter(Call(Type((size, size)), "diag", (fold(entrywise(columns)),)), symmetric=True),) if columns else ()
        left, right = matrices[0].turned(), matrices[1]
        return Node((*left.word, *middle, *right.word), left.left, right.right)

    def closed(self, word: Word) -> Term:
        """A scalar word in the better of its two directions."""
        if len(word) == 1:
            return word[0].term
        return fold(min((word, reversed_word(word)), key=self.reading))

    def trace(self, node: Node) -> Node:
        """tr(A B), read from the place and in the direction that need fewer transposes and start with the first name."""
        turns = [word[k:] + word[:k] for word in (node.word, reversed_word(node.word)) for k in range(len(word))]
        return scalar_node(Call(SCALAR, "trace", (fold(min(turns, key=self.reading)),)))

    def reading(self, word: Word) -> tuple[object, ...]:
        """What makes one direction of a word read better than another."""
        inner = [letter for letter in word if letter.term.type.rank == 2]
        # theta^T x^{(i)}: the plain letter first
        return (
            transposes(inner),
            isinstance(bare(word[0].term), Component),
            tuple(self.rank(letter.term) for letter in word),
        )

    def place(
        self, factor: nf.Factor, around: tuple[nf.Index, ...], nodes: list[Node], scalars: list[tuple[Term, Fraction]]
    ) -> None:
        """The factor as a node when it has an index of `around`, else as a scalar."""
        factor = _exponential(factor)
        here = tuple(index for index in around if index in factor.atom.indices)
        if not here:
            scalars.append((self.atom(factor.atom, ()).word[0].term, factor.exponent))
            return
        exponent = factor.exponent
        if isinstance(factor.atom, nf.Delta) and exponent > 0:
            exponent = ONE
        if exponent == 2:
            node = self.atom(factor.atom, here)
            nodes += [node, node]
            return
        node = self.atom(factor.atom, here)
        nodes.append(node if exponent == 1 else raised(node, exponent))

    def atom(self, atom: nf.Atom, axes: tuple[nf.Index, ...]) -> Node:
        """The atom as a word open at `axes`, the indices of the surrounding product that it has."""
        if len(axes) > 2:
            raise NoWord
        match atom:
            case nf.Scalar():
                return scalar_node(Symbol(SCALAR, atom.name))
            case nf.Constant():
                return scalar_node(Constant(SCALAR, "pi") if atom.name == "pi" else Number(SCALAR, Fraction(atom.name)))
            case nf.Size():
                return scalar_node(Size(INTEGER, Dimension.of(atom.name)))
            case nf.Position():
                if axes:
                    raise NoWord
                return scalar_node(self.position(nf.Affine.of(atom.index)))
            case nf.Component():
                return self.component(atom, axes)
            case nf.Delta():
                return self.delta(atom, axes)
            case nf.Function(name="step"):
                argument = self.normal(atom.arguments[0], axes)
                if axes:
                    raise NoWord
                positive = Condition(">", argument, Number(SCALAR, Fraction(0)))
                return scalar_node(Cases(SCALAR, (((positive,), Number(SCALAR, ONE)), ((), Number(SCALAR, Fraction(0))))))
            case nf.Function() if is_unknown(atom.name):
                if axes:
                    raise NoWord
                return scalar_node(unknown_term(atom.name, tuple(self.normal(a, ()) for a in atom.arguments)))
            case nf.Function():
                arguments = tuple(self.normal(a, axes if a.indices and _meets(a, axes) else ()) for a in atom.arguments)
                return self.whole(FUNCTIONS.get(atom.name, atom.name), arguments, axes)
            case nf.Group():
                return self.open(self.normal(atom.body, axes), axes)
            case nf.Intrinsic():
                return self.intrinsic(atom, axes)
            case nf.Contraction():
                return self.contraction(atom, axes)
        raise NotSupportedYet(f"no notation for {atom.key}")

    def whole(self, operation: str, arguments: tuple[Term, ...], axes: tuple[nf.Index, ...]) -> Node:
        """A function entry by entry: of tensors with all the axes, and scalars."""
        shape = tuple(dimension(axis.upper) for axis in axes)
        if any(argument.type.rank not in (0, len(shape)) for argument in arguments):
            raise NoWord
        return self.open(Call(Type(shape), operation, arguments), axes)

    def open(self, term: Term, axes: tuple[nf.Index, ...]) -> Node:
        if not axes:
            return scalar_node(term)
        return Node((Letter(term),), axes[0], axes[1] if len(axes) > 1 else None)

    def component(self, atom: nf.Component, axes: tuple[nf.Index, ...]) -> Node:
        """A component whose positions at `axes` are open: the tensor, a row, a column, a diagonal or an entry of it."""
        shape, base = self.symbol(atom.name)
        for position in atom.positions:
            if position.index is None and any(index in axes for index in position.indices):
                raise NoWord
        opened = [(place, p.index) for place, p in enumerate(atom.positions) if p.index is not None and p.index in axes]
        if any(_size(shape[place]) != index.upper.key or index.lower.key != "1" for place, index in opened):
            raise NoWord
        if is_family(self.document, atom.name) and len(shape) > 1 and opened and opened[0][0] == 0:
            raise NoWord  # a family has no letter for all its members together
        fixed = tuple(self.position(p) for p in atom.positions if not (p.index is not None and p.index in axes))
        places = [place for place, _ in opened]
        if not opened:
            return scalar_node(Component(SCALAR, base, fixed))
        if len(opened) == len(atom.positions) == 1:
            return Node((Letter(base),), opened[0][1])
        if len(atom.positions) == 2 and len(opened) == 1:
            side = base if places == [1] else Call(Type(shape[::-1]), "transpose", (base,))
            return Node((Letter(Component(Type((shape[places[0]],)), side, fixed)),), opened[0][1])
        if len(opened) == len(atom.positions) == 2:
            if opened[0][1] == opened[1][1]:
                return Node((Letter(Call(Type((shape[0],)), "diagonal", (base,))),), opened[0][1])
            return Node((Letter(base, atom.symmetric),), opened[0][1], opened[1][1])
        raise NoWord

    def symbol(self, name: str) -> tuple[tuple[Dimension, ...], Term]:
        info = self.document.symbols.get(name)
        if info is None or not isinstance(info.type, Type):
            raise NotSupportedYet(f"no notation for {name}")
        return info.type.shape, Symbol(info.type, name)

    def position(self, affine: nf.Affine) -> Term:
        """An index expression as a term: `i`, `k + 1`, `n`."""
        terms: list[Term] = []
        for variable, coefficient in affine.terms:
            base: Term
            if isinstance(variable, nf.Index):
                base = Index(INTEGER, self.names.get(variable, variable.name))
            elif isinstance(variable, tuple):
                base = Size(INTEGER, dimension(nf.Affine(((variable, 1),), 0)))
            else:
                size = Size(INTEGER, dimension(nf.Affine(((variable.sizes, 1),), 0)))
                base = Call(INTEGER, "mul", (size, self.position(nf.Affine.of(variable.index))))
            number = Number(INTEGER, Fraction(abs(coefficient)))
            scaled = base if abs(coefficient) == 1 else Call(INTEGER, "mul", (number, base))
            terms.append(scaled if coefficient > 0 else Call(INTEGER, "neg", (scaled,)))
        if affine.constant or not terms:
            number = Number(INTEGER, Fraction(abs(affine.constant)))
            terms.append(number if affine.constant >= 0 else Call(INTEGER, "neg", (number,)))
        terms.sort(key=lambda term: isinstance(term, Call) and term.operation == "neg")
        return terms[0] if len(terms) == 1 else Call(INTEGER, "add", tuple(terms))

    def delta(self, atom: nf.Delta, axes: tuple[nf.Index, ...]) -> Node:
        if not axes:
            positive = nf.Affine(tuple((v, c) for v, c in atom.difference.terms if c > 0), max(atom.difference.constant, 0))
            return scalar_node(Call(INTEGER, "delta", (self.position(positive), self.position(positive - atom.difference))))
        if len(axes) != 2 or atom.difference.constant or len(atom.difference.terms) != 2 or axes[0].upper != axes[1].upper:
            raise NoWord
        size = dimension(axes[0].upper)
        return Node((Letter(Call(Type((size, size)), "identity", ()), symmetric=True),), axes[0], axes[1])

    def intrinsic(self, atom: nf.Intrinsic, axes: tuple[nf.Index, ...]) -> Node:
        """inverse(A) with its positions open; determinants and norms are scalars."""
        if any(_meets(operand.body, axes) for operand in atom.operands):
            raise NoWord
        operands = tuple(self.normal(operand.body, operand.axes) for operand in atom.operands)
        if atom.operation == "logdet":
            return scalar_node(Call(SCALAR, "log", (Call(SCALAR, "abs", (Call(SCALAR, "det", operands),)),)))
        tensor = self.applied(atom, operands)
        if not atom.positions:
            return scalar_node(tensor)
        opened = [p.index for p in atom.positions if p.index is not None and p.index in axes]
        if not opened:
            return scalar_node(Component(SCALAR, tensor, tuple(self.position(p) for p in atom.positions)))
        if len(opened) == len(atom.positions) == 1:
            return Node((Letter(tensor),), opened[0])
        if len(opened) != 2 or opened[0] == opened[1] or len(atom.positions) != 2:
            raise NoWord
        return Node((Letter(tensor, atom.symmetric),), opened[0], opened[1])

    def applied(self, atom: nf.Intrinsic, operands: tuple[Term, ...]) -> Term:
        """The whole value of the operation."""
        if is_unknown(atom.operation):
            return unknown_term(atom.operation, operands)
        operation = INTRINSICS.get(atom.operation)
        if operation is None:
            raise NotSupportedYet(f"no notation for {atom.operation}")
        return Call(Type(operands[0].type.shape[::-1] if atom.positions else ()), operation, operands)

    def contraction(self, atom: nf.Contraction, axes: tuple[nf.Index, ...]) -> Node:
        """As a word when it is one; else with one index explicit, the first that helps; else with all of them."""
        for explicit in ((), *((index,) for index in atom.bound), atom.bound):
            try:
                return self.summed(atom, explicit, axes)
            except NoWord:
                continue
        raise NoWord

    def summed(self, atom: nf.Contraction, explicit: tuple[nf.Index, ...], axes: tuple[nf.Index, ...]) -> Node:
        bound = tuple(index for index in atom.bound if index not in explicit)
        if any(inner in atom.bound for index in bound for inner in index.upper.indices):
            raise NoWord
        named = [index for index in explicit if index not in self.names]
        for index in named:
            self.names[index] = self.fresh()
        try:
            product = self.product(ONE, atom.factors, bound, axes)
            if not explicit and not product.scalars and product.coefficient == 1:
                return Node(product.word, *axes)
            body = build(product, self.style)
            for index in reversed(explicit):
                binder = Binder(self.names[index], self.position(index.lower), self.position(index.upper))
                body = Reduction(body.type, "sum", binder, body)
                self.style.inner[body] = product
                product = Product(ONE, ((body, ONE),), ()) if not axes else Product(ONE, (), (Letter(body),))
            return self.open(body, axes)
        finally:
            for index in named:
                del self.names[index]

    def fresh(self) -> str:
        used = set(self.names.values())
        for name in self.free_names:
            if name not in used:
                return name
        raise NotSupportedYet("more nested sums than there are letters for their indices")


def _exponential(factor: nf.Factor) -> nf.Factor:
    """exp(x)^k as exp(k x)."""
    atom = factor.atom
    if isinstance(atom, nf.Function) and atom.name == "exp" and factor.exponent != 1:
        return nf.Factor(nf.Function("exp", (atom.arguments[0].times(factor.exponent),)), ONE)
    return factor


def _meets(normal: nf.Normal, axes: tuple[nf.Index, ...]) -> bool:
    return any(index in axes for index in normal.indices)


def _size(size: Dimension) -> str:
    """The key of an Affine that states this size."""
    return nf.Affine.collect(((key, c) for key, c in size.terms if key), sum(c for key, c in size.terms if not key)).key
