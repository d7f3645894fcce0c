r"""Declarations: X \in \mathbb{R}^{m \times n}, i = 1, \dots, m, f : \mathbb{R}^n \to \mathbb{R}, \lambda > 0, A = A^\top.

Takes: the parts of formulas. Gives: symbols, index ranges, families, assumptions, bounds on sizes.
Guarantees: a name has one type; a second declaration with another is an error that shows both places.
"""

from __future__ import annotations

from dataclasses import replace

from eqcompiler.errors import IllegalEquation, NotSupportedYet, Span
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.notation import (
    Addition,
    Dots,
    Fence,
    Infix,
    Juxtaposed,
    Letter,
    Listing,
    Node,
    Numeral,
    Prefix,
    Relation,
    Scripted,
)
from eqcompiler.languages.statements import SymbolInfo
from eqcompiler.languages.terms import INTEGER, SCALAR, Condition, FunctionType, Number, Size, Symbol, Term, Type
from eqcompiler.reading import finite_sets, shapes
from eqcompiler.reading.large import condition
from eqcompiler.reading.meaning import Reader
from eqcompiler.reading.names import Name, index_letters, letter_name, name_of
from eqcompiler.reading.properties import closed, is_every_entry
from eqcompiler.reading.scope import IndexRange
from eqcompiler.reading.survey import is_number_set

DEFINITE = {"succ": "positive definite", "succeq": "positive semidefinite"}


def declare_index(reader: Reader, node: Node, range_: IndexRange) -> None:
    if not isinstance(node, Letter):
        raise IllegalEquation("an index must be a letter", node.span)
    reader.scope.indices[letter_name(node).key] = range_


def declare_membership(reader: Reader, names: list[Node], domain: Node, span: Span) -> None:
    r"""names \in domain."""
    if finite_sets.is_finite_set(domain):
        for node in names:
            declare_in_finite_set(reader, node, domain, span)
        return
    if isinstance(domain, Fence) and isinstance(domain.body, Listing) and len(domain.body.items) == 2:
        for node in names:
            declare_interval(reader, node, domain, span)
        return
    type_, property_ = domain_type(reader, domain)
    for node in names:
        if type_ is NATURAL and declare_natural(reader, node):
            continue
        symbol = declare_symbol(reader, node, type_, span)
        if property_:
            add_property(reader, symbol, property_)


def declare_in_finite_set(reader: Reader, node: Node, domain: Node, span: Span) -> None:
    range_ = finite_sets.index_range(reader, node, domain)
    if range_ is not None:
        declare_index(reader, node, range_)
        return
    above = domain.superscript if isinstance(domain, Scripted) else None
    symbol = declare_symbol(reader, node, Type(shape_of(reader, above)), span)
    reader.scope.assumptions += finite_sets.conditions(reader, symbol, domain, span)


NATURAL = Type(domain="integer")


def declare_natural(reader: Reader, node: Node) -> bool:
    """A natural number is a size: sums may run to it and exponents may be it."""
    name = name_of(node)
    if name is None:
        return False
    reader.scope.dimensions.setdefault(name.key, 1)
    return True


def domain_type(reader: Reader, domain: Node) -> tuple[Type, str]:
    r"""The type of \mathbb{R}^{m \times n}_{++} and the property that goes with it."""
    if not is_number_set(domain):
        raise NotSupportedYet(f"the set '{domain.span.text}' is not known", domain.span, allowed=SETS)
    base = domain.base if isinstance(domain, Scripted) else domain
    letter = base.text if isinstance(base, Letter) else ""
    below = domain.subscript.span.text.strip("{} ") if isinstance(domain, Scripted) and domain.subscript else ""
    above = domain.superscript if isinstance(domain, Scripted) else None
    if letter in ("N", "Z"):
        if above is not None:
            raise NotSupportedYet("tensors of whole numbers are not implemented", domain.span, allowed=SETS)
        return (NATURAL if letter == "N" else INTEGER_SYMBOL), ""
    if letter == "S":
        if above is None:
            raise IllegalEquation("the size of the symmetric matrices is missing", domain.span, fix=r"write \mathbb{S}^n")
        size = dimension_of(reader, above)
        kind = {"": "symmetric", "++": "positive definite", "+": "positive semidefinite"}
        if below not in kind:
            raise NotSupportedYet(f"the subscript '{below}' of \\mathbb{{S}} is not known", domain.span, allowed="+ and ++")
        return Type((size, size)), kind[below]
    if letter not in ("R", "Q"):
        raise NotSupportedYet(f"the set '{domain.span.text}' is not implemented", domain.span, allowed=SETS)
    sign = {"": "", "++": "positive", "+": "nonnegative", ">0": "positive", "\\ge 0": "nonnegative", "\\geq 0": "nonnegative"}
    if isinstance(above, Letter) and above.kind == "symbol" and above.text == "+":
        above, below = None, "+"
    if below not in sign:
        raise NotSupportedYet(f"the subscript '{below}' of \\mathbb{{R}} is not known", domain.span, allowed="+ and ++")
    return Type(shape_of(reader, above)), sign[below]


INTEGER_SYMBOL = replace(INTEGER, row=False)
SETS = r"\mathbb{R}, \mathbb{R}^n, \mathbb{R}^{m \times n}, \mathbb{S}^n, \mathbb{S}^n_{++}, \mathbb{N}, \mathbb{Z}, (a, b)"


def shape_of(reader: Reader, above: Node | None) -> tuple[Dimension, ...]:
    match above:
        case None:
            return ()
        case Infix(operator="*", left=left, right=right):
            return (*shape_of(reader, left), dimension_of(reader, right))
        case Fence(body=body):
            return shape_of(reader, body)
    return (dimension_of(reader, above),)


def dimension_of(reader: Reader, node: Node) -> Dimension:
    """A size: a name, a number, sums and products of these. A name becomes a dimension by standing here."""
    match node:
        case Numeral(digits=digits) if digits.isdigit():
            return Dimension.of(int(digits))
        case Fence(body=body):
            return dimension_of(reader, body)
        case Addition(terms=terms):
            total = Dimension.of(0)
            for sign, term in terms:
                part = dimension_of(reader, term)
                total = total + (part if sign == "+" else -part)
            return total
        case Infix(operator="*", left=left, right=right):
            return dimension_of(reader, left) * dimension_of(reader, right)
        case Juxtaposed(factors=factors):
            product = Dimension.of(1)
            for factor in factors:
                product = product * dimension_of(reader, factor)
            return product
    name = name_of(node)
    if name is None:
        raise IllegalEquation(f"'{node.span.text}' is not a size", node.span, allowed="names, whole numbers, + and products")
    reader.scope.dimensions.setdefault(name.key, 1)
    return Dimension.of(name.key)


def declare_symbol(reader: Reader, node: Node, type_: Type, span: Span) -> Term:
    """One name; x_i and x^{(i)} with an index declare a family whose members are the rows of an array."""
    scope = reader.scope
    family = family_of(reader, node)
    if family is not None:
        return declare_family(reader, *family, type_, span)
    entries = shared_indices(reader, node)
    if len(entries) > 1 and isinstance(node, Scripted):
        sizes = [(scope.extent(key) if key in scope.indices else None) or scope.sizes.new(key) for key in entries]
        return declare_symbol(reader, node.base, replace(type_, shape=(*sizes, *type_.shape)), span)
    name = name_of(node)
    if name is None:
        what = f"'{node.span.text}' cannot be declared"
        raise IllegalEquation(what, node.span, allowed="a letter with accents, labels or an index below")
    known = scope.symbols.get(name.key)
    if known is not None and isinstance(known.type, Type) and known.declared is not None:
        same = known.type.rank == type_.rank and all(
            scope.sizes.unify(a, b) for a, b in zip(known.type.shape, type_.shape, strict=True)
        )
        if not same:
            raise IllegalEquation(
                f"'{name.latex}' is declared twice: {scope.type_of(known.type)} and {type_}",
                node.span,
                also=((known.declared, f"first declared here as {scope.type_of(known.type)}"),),
                fix="keep one of the two",
            )
        return Symbol(scope.type_of(known.type), name.key, span=node.span)
    scope.symbols[name.key] = SymbolInfo(name.key, name.latex, type_, "free", node.span, f"declared at line {node.span.line}")
    return Symbol(type_, name.key, span=node.span)


def family_of(reader: Reader, node: Node) -> tuple[Name, tuple[str, ...]] | None:
    """x_i, x^{(i)} with declared or known index letters: the letter and its indices."""
    if not (isinstance(node, Scripted) and isinstance(node.base, Letter)):
        return None
    script = node.superscript if isinstance(node.superscript, Fence) else node.subscript
    if node.subscript is not None and node.superscript is not None:
        return None
    inner = script.body if isinstance(script, Fence) else script
    if not isinstance(inner, Letter):
        return None
    key = letter_name(inner).key
    if key in reader.scope.indices or key in reader.scope.index_letters or isinstance(script, Fence):
        return letter_name(node.base), (key,)
    return None


def declare_family(reader: Reader, name: Name, indices: tuple[str, ...], type_: Type, span: Span) -> Term:
    """The members are the rows of one array: (m, n) for vectors, (m,) for numbers."""
    scope = reader.scope
    count = scope.extent(indices[0]) if indices[0] in scope.indices else None
    array = scope.families.get(name.key)
    if array is not None:
        known = scope.symbols[array]
        if not isinstance(known.type, Type):
            raise IllegalEquation(f"'{name.latex}' is a function and a family", span)
        shape = scope.type_of(known.type).shape
        if len(shape) == 1 and type_.rank and known.why.startswith("number of samples"):
            scope.symbols[array] = replace(
                known, type=Type((*shape, *type_.shape)), declared=span, why=declared_words(name, span)
            )
        elif len(shape) != 1 + type_.rank or not all(
            scope.sizes.unify(a, b) for a, b in zip(shape[1:], type_.shape, strict=True)
        ):
            raise IllegalEquation(f"the samples of '{name.latex}' are declared twice with different sizes", span)
        else:
            scope.symbols[array] = replace(known, declared=span, why=declared_words(name, span))
    else:
        size = count or scope.sizes.new(indices[0])
        scope.families[name.key] = name.key
        shape = (size, *type_.shape)
        latex = name.latex
        scope.symbols[name.key] = SymbolInfo(name.key, latex, Type(shape), "free", span, declared_words(name, span))
    found = scope.symbols[scope.families[name.key]]
    return Symbol(found.type, found.name, span=span)  # type: ignore[arg-type]


def declared_words(name: Name, span: Span) -> str:
    return f"family of samples declared at line {span.line}; {name.latex}^{{(i)}} is row i"


def declare_dataset(reader: Reader, left: Node, node: Node) -> bool:
    r"""{(x^{(i)}, y^{(i)})}_{i=1}^{m}: families with m members; their sizes come from their own declarations."""
    match node:
        case Scripted(base=base, subscript=Relation(operators=("=",), sides=(Letter() as letter, first)), superscript=last) if (
            last
        ):
            members = base
            while isinstance(members, Fence):
                members = members.body
            items = members.items if isinstance(members, Listing) else (members,)
            if not all(isinstance(i, Scripted) and isinstance(i.base, Letter) for i in items):
                return False
            size = dimension_of(reader, last)
            key = letter_name(letter).key
            reader.scope.indices[key] = IndexRange(reader.term(first), shapes.size_term(size), node.span)
            dataset = name_of(left)
            if dataset is not None:
                reader.scope.datasets[dataset.key] = tuple(i.base for i in items)  # type: ignore[attr-defined]
            for item in items:
                name = letter_name(item.base)  # type: ignore[attr-defined]
                if name.key not in reader.scope.families:
                    why = f"number of samples from line {node.span.line}"
                    reader.scope.families[name.key] = name.key
                    reader.scope.symbols[name.key] = SymbolInfo(name.key, name.latex, Type((size,)), "free", node.span, why)
            return True
    return False


def declare_rows(reader: Reader, left: Node, right: Node) -> bool:
    r"""X = [x^{(1)}, \dots, x^{(m)}]^\top: the rows of X are the samples, one array for both names."""
    match right:
        case Scripted(
            base=Fence(body=Listing(items=(Scripted(base=Letter() as member), *middle, Scripted() as last))), superscript=up
        ):
            pass
        case _:
            return False
    if not any(isinstance(item, Dots) for item in middle) or up is None:
        return False
    name, array = letter_name(member), name_of(left)
    count = last.superscript if isinstance(last.superscript, Fence) else last.subscript
    if array is None or count is None:
        return False
    scope = reader.scope
    size = dimension_of(reader, count.body if isinstance(count, Fence) else count)
    family = scope.symbols.get(scope.families.get(name.key, ""))
    shape: tuple[Dimension, ...] = (size, scope.sizes.new(array.key))
    if family is not None and isinstance(family.type, Type) and not family.why.startswith("number of samples"):
        shape = family.type.shape
        scope.sizes.unify(shape[0], size)
    place = list(scope.symbols).index(family.name) if family is not None else len(scope.symbols)
    if family is not None and family.name != array.key:
        del scope.symbols[family.name]
    known = scope.symbols.get(array.key)
    if known is not None and isinstance(known.type, Type):
        for a, b in zip(known.type.shape, shape, strict=False):
            scope.sizes.unify(a, b)
    why = f"declared at line {left.span.line}; its rows are the samples {name.latex}^{{(i)}}"
    scope.families[name.key] = array.key
    info = SymbolInfo(array.key, array.latex, scope.type_of(Type(shape)), "free", left.span, why)
    others = [(key, value) for key, value in scope.symbols.items() if key != array.key]
    scope.symbols = dict([*others[:place], (array.key, info), *others[place:]])  # X stands where x was declared
    return True


def declare_function(reader: Reader, names: list[Node], domain: Node, codomain: Node) -> None:
    r"""f, g : \mathbb{R}^n \times \mathbb{R} \to \mathbb{R}."""
    parameters = tuple(domain_type(reader, part)[0] for part in cartesian(domain))
    result, _ = domain_type(reader, codomain)
    for node in names:
        name = name_of(node)
        if name is None:
            raise IllegalEquation(f"'{node.span.text}' is not a name for a function", node.span)
        why = f"declared at line {node.span.line}"
        type_ = FunctionType(parameters, result)
        reader.scope.symbols[name.key] = SymbolInfo(name.key, name.latex, type_, "function", node.span, why)


def cartesian(domain: Node) -> tuple[Node, ...]:
    match domain:
        case Infix(operator="*", left=left, right=right):
            return (*cartesian(left), *cartesian(right))
    return (domain,)


def declare_interval(reader: Reader, node: Node, domain: Fence, span: Span) -> None:
    r"""p \in (0, 1], x \in [a, b]."""
    symbol = declare_symbol(reader, node, SCALAR, span)
    low, high = domain.body.items  # type: ignore[attr-defined]
    for edge, opened, order in ((low, domain.opening == "(", ">"), (high, domain.closing == ")", "<")):
        bound = reader.term(edge)
        if getattr(bound, "name", "") == "infinity" or edge.span.text.strip() in (r"-\infty", r"\infty"):
            continue
        reader.scope.assumptions.append(Condition(order if opened else order + "=", symbol, bound))


def declare_order(reader: Reader, names: list[Node], node: Relation) -> None:
    r"""\lambda, \epsilon > 0, 0 < \beta < 1, n \ge m, A \succ 0, \det(A) > 0."""
    pairs = zip(node.operators, node.sides[:-1], node.sides[1:], strict=True)
    for operator, left, right in pairs:
        for subject in [*names, left] if names else [left]:
            declare_one_order(reader, operator, subject, right)


def declare_one_order(reader: Reader, operator: str, left: Node, right: Node) -> None:
    scope = reader.scope
    if operator in DEFINITE:
        declare_square(reader, left)
        matrix = reader.term(left)
        shapes.square(matrix, left.span, scope, "definiteness")
        if not (isinstance(right, Numeral) and right.digits == "0"):
            raise NotSupportedYet("only comparison with 0 is read here", right.span)
        add_property(reader, matrix, DEFINITE[operator])
        return
    for side, other in ((left, right), (right, left)):
        name = name_of(side)
        if name is None or is_entry(reader, side):
            continue
        if not scope.known(name.key) and name.key not in scope.dimensions and not has_names(other):
            declare_symbol(reader, side, SCALAR, side.span)
    saved = dict(scope.indices)
    found = condition(reader, Relation(left.span.to(right.span), (operator,), (left, right)))
    every = closed(reader, found)  # refuses what is said of some entries
    add_condition(reader, found if is_every_entry(reader, found) else every)
    scope.indices = saved


def declare_square(reader: Reader, node: Node) -> None:
    r"""\Sigma \succ 0 about a capital letter that nothing declares or defines: a square matrix of a size that its uses tell."""
    name, scope = name_of(node), reader.scope
    if not isinstance(node, Letter) or name is None or not node.text[:1].isupper():
        return
    if not (scope.known(name.key) or name.key in scope.defined_somewhere):
        size = scope.sizes.new(name.key)
        declare_symbol(reader, node, Type((size, size)), node.span)


def shared_indices(reader: Reader, node: Node) -> tuple[str, ...]:
    r"""i and j of s_{ij} below a letter that means nothing yet: entries of an array, no name of their own."""
    if not (isinstance(node, Scripted) and isinstance(node.base, Letter)) or node.superscript is not None:
        return ()
    letters = [letter_name(part).key if isinstance(part, Letter) else "" for part in index_letters(node.subscript)]
    scope = reader.scope
    known = scope.known(letter_name(node.base).key)
    return () if known or not all(key in scope.indices or key in scope.index_letters for key in letters) else tuple(letters)


def is_entry(reader: Reader, node: Node) -> bool:
    """w_i of a declared vector w: a condition on every entry, no declaration of numbers w_i."""
    if not (isinstance(node, Scripted) and isinstance(node.base, Letter)):
        return False
    if len(shared_indices(reader, node)) > 1:
        return True
    info = reader.scope.symbols.get(letter_name(node.base).key)
    letters = [letter_name(part).key for part in index_letters(node.subscript) if isinstance(part, Letter)]
    known = info is not None and isinstance(info.type, Type) and info.type.rank > 0
    return known and any(key in reader.scope.indices or key in reader.scope.index_letters for key in letters)


def has_names(node: Node) -> bool:
    return not isinstance(node, Numeral) and name_of(node) is None and not isinstance(node, Prefix | Addition)


def add_condition(reader: Reader, found: Condition) -> None:
    """A relation between sizes bounds them; any other is an assumption."""
    left, right = as_dimension(found.left), as_dimension(found.right) if found.right is not None else None
    if left is None or right is None or not (left.names | right.names):
        reader.scope.assumptions.append(found)
        return
    reader.scope.constraints.append((left, found.relation, right))
    if (
        len(left.names) == 1
        and right.constant is not None
        and found.relation in (">", ">=")
        and left == Dimension.of(min(left.names))
    ):
        least = right.constant + (found.relation == ">")
        name = min(left.names)
        reader.scope.dimensions[name] = max(least, reader.scope.dimensions.get(name, 1))


def as_dimension(term: Term) -> Dimension | None:
    match term:
        case Size(dimension=dimension):
            return dimension
        case Number(value=value) if value.denominator == 1:
            return Dimension.of(int(value))
    if getattr(term, "operation", "") in ("add", "neg", "mul") and term.type.domain == "integer":
        parts = [as_dimension(a) for a in term.arguments]  # type: ignore[attr-defined]
        if any(p is None for p in parts):
            return None
        total = parts[0]
        for part in parts[1:]:
            total = total + part if term.operation == "add" else total * part  # type: ignore[attr-defined,operator]
        return -total if term.operation == "neg" else total  # type: ignore[attr-defined,operator]
    return None


PROPERTY_CONDITIONS = {"positive": ">", "nonnegative": ">="}


def add_property(reader: Reader, term: Term, property_: str) -> None:
    """A named property of a matrix, or the sign of every entry."""
    if property_ in PROPERTY_CONDITIONS:
        zero = shapes.fit(shapes.number(0), term.type)
        reader.scope.assumptions.append(Condition(PROPERTY_CONDITIONS[property_], term, zero))
        return
    reader.scope.assumptions.append(Condition(property_, term))
