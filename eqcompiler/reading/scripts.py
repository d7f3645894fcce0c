r"""Names with scripts: a labelled name, a sample, a component, or a mark on a value.

Takes: a Scripted node. Gives: its typed term.
Guarantees: known labelled names come first (w_0, \theta^*), then samples and components, then a new labelled name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from eqcompiler.errors import AmbiguousNotation, IllegalEquation, Span
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.notation import Fence, Letter, Node, Numeral, Scripted
from eqcompiler.languages.terms import INTEGER, SCALAR, Call, Constant, Number, Size, Symbol, Term, Type
from eqcompiler.reading import derivatives, functions, indicators, shapes
from eqcompiler.reading.indices import admit_letters, component, index_term, is_index_expression
from eqcompiler.reading.marks import is_inverse_mark, is_transpose_mark, with_subscript, with_superscript
from eqcompiler.reading.names import Name, index_letters, is_star, labelled, letter_name
from eqcompiler.reading.scope import Reader, Scope
from eqcompiler.reading.slices import row_or_column, sliced


def identity(reader: Reader, span: Span) -> Term:
    size = reader.scope.sizes.new("I")
    return Call(Type((size, size)), "identity", (), span=span)


def ones(reader: Reader, span: Span) -> Term:
    return Call(Type((reader.scope.sizes.new("ones"),)), "ones", (), span=span)


def zeros(reader: Reader, span: Span) -> Term:
    return Call(Type((reader.scope.sizes.new("zeros"),)), "zeros", (), span=span)


SPECIAL_LETTERS: dict[str, Callable[[Reader, Span], Term]] = {
    "pi": lambda reader, span: Constant(SCALAR, "pi", span=span),
    "e": lambda reader, span: Constant(SCALAR, "e", span=span),
    "infty": lambda reader, span: Constant(SCALAR, "infinity", span=span),
    "I": identity,
    "I_bold": identity,
    "n1_bold": ones,
    "n1_bb": ones,
    "n0_bold": zeros,
}


def sized_special(reader: Reader, key: str, subscript: Node, span: Span) -> Term | None:
    r"""I_n, \mathbf{1}_m, \mathbf{0}_n: the size is written below."""
    if key not in SPECIAL_LETTERS or key in ("pi", "e", "infty") or reader.scope.known(key):
        return None
    term = SPECIAL_LETTERS[key](reader, span)
    size = reader.term(subscript)
    dimension = size.dimension if isinstance(size, Size) else None
    if isinstance(size, Number) and size.value.denominator == 1:
        dimension = Dimension.of(int(size.value))
    if dimension is None:
        raise IllegalEquation("the subscript here must be a size", subscript.span)
    for axis in term.type.shape:
        reader.scope.sizes.unify(axis, dimension)
    return replace(term, type=reader.scope.type_of(term.type))


def scripted(reader: Reader, node: Scripted) -> Term:
    if isinstance(node.base, Letter):
        return scripted_letter(reader, node, node.base)
    if isinstance(node.base, Fence) and node.base.opening in ("|", "||"):
        return functions.norm(reader, node)
    if isinstance(node.base, Fence) and node.base.opening == "<":
        return with_superscript(reader, functions.inner_product(reader, node.base, node.subscript), node.superscript, node.span)
    value = reader.term(node.base)
    if row_or_column(node.subscript) is not None:
        return with_superscript(reader, sliced(reader, value, node.subscript, node.span), node.superscript, node.span)
    admit_letters(reader.scope, index_letters(node.subscript, value.type.rank), value.type.rank)
    if node.primes:
        if node.primes > 1 or not value.type.rank or node.subscript is not None or node.superscript is not None:
            raise AmbiguousNotation("a prime behind a bracket: derivative or transpose", node.span, fix=PRIME_FIX)
        return shapes.transpose(value, node.span)
    return with_superscript(reader, with_subscript(reader, value, node.subscript, node.span), node.superscript, node.span)


PRIME_FIX = r"write ^\top for a transpose, \frac{d}{dx} for a derivative"


def scripted_letter(reader: Reader, node: Scripted, base: Letter) -> Term:
    r"""In this order: a known labelled name, a sample x^{(i)}, a component x_i, a new labelled name."""
    name = letter_name(base)
    mark = node.superscript if is_star(node.superscript) else None
    rest = None if mark is not None else node.superscript
    if node.primes:
        return derivatives.primed(reader, node)
    found = known_labelled(reader, node, name, mark) or built_in_symbol(reader, node, name)
    if found is not None:
        return found
    if isinstance(rest, Fence) and rest.opening in ("(", "["):
        return sample(reader, node, name, rest)
    if row_or_column(node.subscript) is not None and known_rank(reader, name):
        value = indexed_base(reader, base, name, 2)
        return with_superscript(reader, sliced(reader, value, node.subscript, node.span), node.superscript, node.span)
    if node.subscript is not None and subscript_is_index(reader, name, node.subscript):
        return entry(reader, node, base, name)
    refuse_entry_of_number(reader, node, name)
    return new_labelled(reader, node, base, name)


def known_labelled(reader: Reader, node: Scripted, name: Name, mark: Node | None) -> Term | None:
    r"""\theta^*, \sigma_y, w_0^* where the file has a symbol or a definition of that name."""
    for starred in (mark, None) if mark is not None else (None,):
        label = labelled(name, node.subscript, starred)
        if label is not None and (starred or node.subscript) and reader.scope.known(label.key):
            value = reader.known_symbol(label.key, node.span)
            if value is not None:
                return with_superscript(reader, value, node.superscript if starred is None else None, node.span)
    return None


def built_in_symbol(reader: Reader, node: Scripted, name: Name) -> Term | None:
    r"""I_n, \mathbf{1}_n with a size below; \mathbf{1}_{x > 0}; e_i; Kronecker's \delta_{ij}."""
    if node.subscript is None:
        return None
    test = indicators.comparison(node.subscript)
    if test is not None and name.key in indicators.SIGNS and not reader.scope.known(name.key):
        return with_superscript(reader, indicators.indicator(reader, test, node.span), node.superscript, node.span)
    if name.key in ("e", "e_bold") and not reader.scope.known(name.key) and subscript_is_index(reader, name, node.subscript):
        return with_superscript(reader, unit_vector(reader, node.subscript, node.span), node.superscript, node.span)
    special = sized_special(reader, name.key, node.subscript, node.span)
    if special is not None:
        return with_superscript(reader, special, node.superscript, node.span)
    letters = index_letters(node.subscript)
    if name.key != "delta" or reader.scope.known("delta") or len(letters) != 2:
        return None
    pair = tuple(index_term(reader, letter) for letter in letters)
    return with_superscript(reader, Call(INTEGER, "delta", pair, span=node.span), node.superscript, node.span)


def unit_vector(reader: Reader, subscript: Node, span: Span) -> Term:
    """e_i, a column of the identity; its size comes from its use."""
    unit = identity(reader, span)
    reader.scope.notes.append(f"'{span.text.strip()}' is a column of the identity")
    return component(reader.scope, unit, (index_term(reader, subscript),), span)


def entry(reader: Reader, node: Scripted, base: Letter, name: Name) -> Term:
    """x_i, X_{ij}, with what stands above them."""
    value = indexed_base(reader, base, name, len(index_letters(node.subscript, known_rank(reader, name))))
    part = with_subscript(reader, value, node.subscript, node.span)
    if part.type.rank == 0 and is_inverse_mark(node.superscript) and value.type.rank == 2:
        what = "inverse of the matrix and then an entry, or one over the entry"
        raise AmbiguousNotation(what, node.span, fix=r"write (A^{-1})_{ij} or \frac{1}{A_{ij}}")
    return with_superscript(reader, part, node.superscript, node.span)


def new_labelled(reader: Reader, node: Scripted, base: Letter, name: Name) -> Term:
    """A letter with its label, or a bare letter: a symbol that nothing has named before, unless the letter is built in."""
    mark = node.superscript if is_star(node.superscript) else None
    rest = None if mark is not None else node.superscript
    label = labelled(name, node.subscript, mark)
    if label is None:
        what = f"the subscript of '{name.latex}' is neither an index nor a label"
        raise IllegalEquation(what, node.span, fix=f"declare {name.latex} as a vector or its index range")
    at_least = 1 if is_transpose_mark(reader, rest) else 0
    if label.key != name.key:
        return with_superscript(reader, reader.inferred_symbol(label, node.span, at_least), rest, node.span)
    known = reader.known_symbol(name.key, base.span)
    if known is None:
        builtin = SPECIAL_LETTERS.get(name.key)
        least = 0 if reader.scope.known(name.key) else at_least
        known = builtin(reader, base.span) if builtin else reader.inferred_symbol(name, base.span, least)
    return with_superscript(reader, known, rest, node.span)


def refuse_entry_of_number(reader: Reader, node: Scripted, name: Name) -> None:
    r"""\sum_k p_k with a number p: p_k is no name of its own, which the sum would only count."""
    scope = reader.scope
    indices = [
        part for part in index_letters(node.subscript) if isinstance(part, Letter) and letter_name(part).key in scope.indices
    ]
    if indices and scope.known(name.key) and not scope.is_function(name.key):
        raise IllegalEquation(
            f"'{name.latex}' is a number, so it has no entry at the index {indices[0].span.text}",
            node.span,
            fix=f"declare {name.latex} as a vector, or take another letter",
        )


def subscript_is_index(reader: Reader, name: Name, subscript: Node) -> bool:
    """An index expression below a tensor, a family or an undeclared name; a numeral only below a known tensor."""
    scope = reader.scope
    parts = index_letters(subscript, known_rank(reader, name))
    admit_letters(scope, parts, known_rank(reader, name))
    if not all(is_index_expression(scope, part) for part in parts):
        return False
    if name.key in scope.families:
        return True
    known = scope.symbol(name.key)
    if name.key in scope.current:
        return scope.definitions[scope.current[name.key]].body.type.rank > 0
    if known is not None:
        return isinstance(known.type, Type) and known.type.rank > 0
    if name.key not in scope.indexed_somewhere and all(is_size(scope, part) for part in parts):
        return False  # \sigma_n where n is a size and nothing else stands below \sigma: a label
    return not all(isinstance(part, Numeral) for part in parts) and name.key not in scope.dimensions


def is_size(scope: Scope, node: Node) -> bool:
    return isinstance(node, Letter) and letter_name(node).key in scope.dimensions


def known_rank(reader: Reader, name: Name) -> int:
    """How many axes a known name has; 0 for one that is not known yet."""
    scope = reader.scope
    key = scope.families.get(name.key, name.key)
    if key in scope.current and key not in scope.bound:
        return scope.definitions[scope.current[key]].body.type.rank
    info = scope.symbol(key)
    return info.type.rank if info is not None and isinstance(info.type, Type) else 0


def indexed_base(reader: Reader, base: Letter, name: Name, count: int) -> Term:
    """The tensor below which indices stand; an undeclared one gets as many axes as it has indices."""
    family = reader.scope.families.get(name.key)
    if family is not None and name.key not in reader.scope.bound:
        known = reader.known_symbol(family, base.span)
        if known is not None:
            return known
    known = reader.known_symbol(name.key, base.span)
    if known is None:
        known = reader.inferred_symbol(name, base.span, count)
    if known.type.rank > count and name.key not in reader.scope.families:
        what = f"'{name.latex}' has {known.type.rank} axes but {count} {'index' if count == 1 else 'indices'}"
        fix = f"write {name.latex}_{{i,:}} for a row or {name.latex}_{{:,i}} for a column"
        raise AmbiguousNotation(what, base.span, fix=fix)
    return known


def entry_of_vector(reader: Reader, name: Name, fence: Fence, span: Span) -> Term | None:
    r"""y^{(i)} of a declared y \in \mathbb{R}^m with i = 1, \dots, m: a vector has no power, so it is entry i."""
    scope, info = reader.scope, reader.scope.symbols.get(name.key)
    if (
        info is None
        or info.declared is None
        or not isinstance(info.type, Type)
        or name.key in (*scope.families, *scope.current)
    ):
        return None
    index = letter_name(fence.body).key if isinstance(fence.body, Letter) else ""
    type_ = scope.type_of(info.type)
    if index not in scope.indices or type_.shape != (scope.extent(index),):
        return None
    scope.used.add(info.name)
    return component(scope, Symbol(type_, info.name, span=span), (index_term(reader, fence.body),), span)


def sample(reader: Reader, node: Scripted, name: Name, fence: Fence) -> Term:
    """x^{(i)}: one member of a declared family, or an error that offers both readings."""
    entry_above = entry_of_vector(reader, name, fence, node.span)
    if entry_above is not None:
        return with_subscript(reader, entry_above, node.subscript, node.span)
    if name.key not in reader.scope.families:
        inner, space = fence.body.span.text, r"\mathbb{R}"
        raise AmbiguousNotation(
            f"'{node.span.text}' is sample {inner} of {name.latex} or {name.latex} to the power {inner}",
            node.span,
            allowed=f"{name.latex}^{{({inner})}} \\in {space}^n declares samples; {name.latex} \\in {space} a number",
            fix=f"declare {name.latex}^{{({inner})}} \\in {space}^n, or write {name.latex}^{{{inner}}} for the power",
        )
    array = reader.known_symbol(reader.scope.families[name.key], node.span)
    if array is None:
        raise IllegalEquation(f"the samples of '{name.latex}' have no array", node.span)
    value = component(reader.scope, array, (index_term(reader, fence.body),), node.span)
    return with_subscript(reader, value, node.subscript, node.span)
