r"""Named functions and norms: \log p_k, \sin^2 x, \operatorname{tr}(AB), \|v\|_2, |A|.

Takes: Prefix nodes and fences with bars. Gives: typed terms.
Guarantees: bars are an absolute value, a determinant or a norm by type; `\sin x y` is refused with both readings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from eqcompiler.errors import AmbiguousNotation, IllegalEquation, NotSupportedYet, ShapeMismatch, Span
from eqcompiler.languages.notation import Fence, Juxtaposed, Letter, Listing, Node, Numeral, Prefix, Scripted
from eqcompiler.languages.terms import ELEMENTWISE, SCALAR, Call, Expectation, Term, Type
from eqcompiler.reading import calls, shapes
from eqcompiler.reading.entrywise import derived_by_entries
from eqcompiler.reading.marks import is_inverse_mark, with_superscript
from eqcompiler.reading.scope import Reader

SAME_AS = {
    "ln": "log",
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    **{f"{prefix}{name}": f"a{name}" for prefix in ("ar", "arc") for name in ("sinh", "cosh", "tanh")},
    "tg": "tan",
    "Tr": "tr",
    "trace": "tr",
    "Det": "det",
    "sgn": "sign",
    "Gamma": "gamma",
    "ReLU": "relu",
}
MATRIX_FUNCTION_TOO = frozenset({"exp", "log", "sqrt", "sin", "cos"})


def prefix(reader: Reader, node: Prefix) -> Term:
    if reader.scope.is_function(node.function):
        return calls.apply(reader, node.function, argument_terms(reader, node), node.primes, node.span)
    function = SAME_AS.get(node.function, node.function)
    arguments = argument_terms(reader, node)
    if node.primes:
        value = derived(reader, node, function, one(arguments, node.function, node.span))
    elif function in ELEMENTWISE:
        value = logarithm(reader, node, function, one(arguments, node.function, node.span))
    elif function in RULES:
        if node.subscript is not None:
            raise NotSupportedYet(f"a subscript below '{node.function}' is not implemented", node.subscript.span)
        value = RULES[function](reader, arguments, node.span)
    else:
        raise NotSupportedYet(f"the function '{node.function}' is not implemented", node.span)
    if is_inverse_mark(node.superscript):
        what = f"'{node.function}^{{-1}}' is the inverse function or one over the value"
        raise AmbiguousNotation(what, node.span, fix=f"write \\arc{node.function} or \\frac{{1}}{{\\{node.function} ...}}")
    if function in ELEMENTWISE and value.type.rank and isinstance(node.superscript, Numeral):  # \tanh^2 z
        return shapes.entries_to(value, reader.term(node.superscript), node.span)
    return with_superscript(reader, value, node.superscript, node.span)


def derived(reader: Reader, node: Prefix, function: str, argument: Term) -> Term:
    r"""\tanh'(x): the derivative of a function of numbers, at a number or at every entry."""
    if function not in ELEMENTWISE or node.subscript is not None:
        fix = r"write the derivative as \frac{d}{dx}"
        raise NotSupportedYet(f"a prime behind '{node.function}' is not read", node.span, fix=fix)

    def of_number(x: Term) -> Term:
        return Call(SCALAR, function, (x,), span=node.span)

    return derived_by_entries(reader, function, f"\\{node.function}", argument, of_number, node.primes, node.span)


def argument_terms(reader: Reader, node: Prefix) -> tuple[Term, ...]:
    if isinstance(node.argument, Fence) and node.argument.opening in calls.ROUND:
        scalar = SAME_AS.get(node.function, node.function) in ELEMENTWISE
        return (calls.entries_of if scalar else calls.arguments_of)(reader, node.argument)
    if isinstance(node.argument, Juxtaposed):
        refuse_open_argument(reader, node, node.argument)
    return (reader.term(node.argument),)


def refuse_open_argument(reader: Reader, node: Prefix, argument: Juxtaposed) -> None:
    r"""`\sin 2x` and `\log \sigma(z)` have one reading, `\sin x y` two."""
    values = [factor for factor in argument.factors if not isinstance(factor, Numeral)]
    applied = len(values) == 2 and isinstance(values[1], Fence | Scripted) and calls.opening_bracket(values[1]) is not None
    head = calls.function_head(values[0])
    if len(values) > 1 and not (applied and head is not None and reader.scope.is_function(head.key)):
        first = argument.factors[0].span.text
        rest = node.span.source.text[argument.factors[1].span.start : argument.span.stop]
        name = f"\\{node.function}"
        raise AmbiguousNotation(
            f"'{node.span.text}' is {name}({first}) {rest} or {name}({first} {rest})",
            node.span,
            fix=f"write the brackets: {name}({first} {rest})",
        )


def logarithm(reader: Reader, node: Prefix, function: str, argument: Term) -> Term:
    value = elementwise(reader, function, argument, node.span)
    if node.subscript is None:
        return value
    if function != "log":
        raise NotSupportedYet(f"a subscript below '{node.function}' is not implemented", node.subscript.span)
    base = reader.term(node.subscript)
    return shapes.divide(value, Call(SCALAR, "log", (base,), span=base.span), node.span, reader.scope)


def elementwise(reader: Reader, function: str, argument: Term, span: Span) -> Term:
    """A scalar function, entry by entry on a tensor; functions that also exist for square matrices ask which is meant."""
    if argument.type.rank == 2 and function in MATRIX_FUNCTION_TOO:
        rows, columns = reader.scope.type_of(argument.type).shape
        if rows == columns:
            what = f"'{function}' of a square matrix: entry by entry, or the matrix function"
            other = {"exp": ", or e^{A} for the matrix exponential", "log": ""}.get(function, ", or A^{1/2} for a matrix root")
            raise AmbiguousNotation(what, span, fix=f"write the entries: \\{function} A_{{ij}}{other}")
    if argument.type.rank:
        reader.scope.notes.append(f"{function} acts on every entry of '{argument.span.text if argument.span else ''}'")
    return Call(replace(argument.type, domain="real"), function, (argument,), span=span)


def of_square(operation: str, result: Callable[[Term], Type]) -> Callable[[Reader, tuple[Term, ...], Span], Term]:
    def rule(reader: Reader, arguments: tuple[Term, ...], span: Span) -> Term:
        only = one(arguments, operation, span)
        if only.type.rank == 0 and operation in ("trace", "det"):
            return only
        shapes.square(only, only.span or span, reader.scope, f"'{operation}'")
        return Call(result(only), operation, (only,), span=span)

    return rule


def one(arguments: tuple[Term, ...], operation: str, span: Span) -> Term:
    if len(arguments) != 1:
        raise IllegalEquation(f"'{operation}' takes one argument, here {len(arguments)}", span)
    return arguments[0]


def diag(reader: Reader, arguments: tuple[Term, ...], span: Span) -> Term:
    only = one(arguments, "diag", span)
    if only.type.rank == 1:
        size = only.type.shape[0]
        return Call(Type((size, size)), "diag", (only,), span=span)
    shapes.square(only, only.span or span, reader.scope, "'diag'")
    return Call(Type(only.type.shape[:1]), "diagonal", (only,), span=span)


def vec(reader: Reader, arguments: tuple[Term, ...], span: Span) -> Term:
    only = one(arguments, "vec", span)
    if only.type.rank != 2:
        raise IllegalEquation(f"'vec' needs a matrix; this is {shapes.shape_words(only, reader.scope)}", span)
    rows, columns = (reader.scope.sizes.resolve(size) for size in only.type.shape)
    return Call(Type((rows * columns,)), "vec", (only,), span=span)


def extreme(operation: str) -> Callable[[Reader, tuple[Term, ...], Span], Term]:
    def rule(reader: Reader, arguments: tuple[Term, ...], span: Span) -> Term:
        if len(arguments) < 2:
            fix = f"write \\{operation}(a, b), or \\{operation}_i v_i over the entries"
            raise IllegalEquation(f"'{operation}' needs two or more values", span, fix=fix)
        shaped = next((a for a in arguments if a.type.rank), arguments[0])
        for argument in arguments:
            if argument.type.rank and not shapes.same_shape(shaped, argument, reader.scope):
                raise shapes.clash(f"'{operation}' needs equal shapes", shaped, argument, span, reader.scope)
        return Call(shaped.type, operation, arguments, span=span)

    return rule


def statistic(operation: str) -> Callable[[Reader, tuple[Term, ...], Span], Term]:
    def rule(reader: Reader, arguments: tuple[Term, ...], span: Span) -> Term:
        first = arguments[0]
        shape = first.type.shape
        if operation == "Cov" and len(arguments) == 2:
            shape = first.type.shape + arguments[1].type.shape
        elif operation in ("Var", "Cov"):
            shape = first.type.shape * 2
        return Expectation(Type(shape), operation, arguments, span=span)  # type: ignore[arg-type]

    return rule


def whole(operation: str, count: int) -> Callable[[Reader, tuple[Term, ...], Span], Term]:
    def rule(reader: Reader, arguments: tuple[Term, ...], span: Span) -> Term:
        if len(arguments) != count or any(a.type.rank for a in arguments):
            raise IllegalEquation(f"'{operation}' takes {count} scalar argument{'s' * (count > 1)}", span)
        return Call(SCALAR, operation, arguments, span=span)

    return rule


RULES: dict[str, Callable[[Reader, tuple[Term, ...], Span], Term]] = {
    "tr": of_square("trace", lambda _: SCALAR),
    "det": of_square("det", lambda _: SCALAR),
    "rank": lambda reader, arguments, span: Call(SCALAR, "rank", (one(arguments, "rank", span),), span=span),
    "diag": diag,
    "vec": vec,
    "max": extreme("max"),
    "min": extreme("min"),
    "factorial": whole("factorial", 1),
    "binomial": whole("binomial", 2),
    "E": statistic("E"),
    "Var": statistic("Var"),
    "Cov": statistic("Cov"),
}


VECTOR_NORMS = {"": "norm2", "2": "norm2", "1": "norm1", "\\infty": "norminf"}


def norm(reader: Reader, node: Scripted) -> Term:
    r"""|x|, |A|, \|v\|, \|v\|_1, \|A\|_F, with powers: by type and subscript."""
    bars = node.base
    if not isinstance(bars, Fence) or isinstance(bars.body, Listing):
        raise IllegalEquation("a list between bars", node.span)
    value = reader.term(bars.body)
    weighted = weighted_norm(reader, bars, node, value)
    if weighted is not None:
        return weighted
    kind = norm_kind(reader, bars, node, value)
    if kind == "abs":
        inner = Call(value.type, "abs", (value,), span=bars.span)
    else:
        inner = Call(SCALAR, kind, (value,), span=bars.span)
    return with_superscript(reader, replace(inner, span=node.span), node.superscript, node.span)


def weighted_norm(reader: Reader, bars: Fence, node: Scripted, value: Term) -> Term | None:
    r"""\|x\|_A^2 = x^\top A x with a square matrix A below."""
    below = node.subscript
    if value.type.rank != 1 or bars.opening != "||" or below is None or norm_label(below) in VECTOR_NORMS:
        return None
    weight = reader.term(below)
    if weight.type.rank != 2:
        return None
    column = shapes.transpose(value, bars.span) if value.type.row else value
    product = shapes.multiply(weight, column, node.span, reader.scope)
    square = shapes.multiply(shapes.transpose(column, bars.span), product, node.span, reader.scope)
    if isinstance(node.superscript, Numeral) and node.superscript.digits == "2":
        return replace(square, span=node.span)
    root = Call(SCALAR, "sqrt", (square,), span=node.span)
    return with_superscript(reader, root, node.superscript, node.span)


def inner_product(reader: Reader, bracket: Fence, below: Node | None) -> Term:
    r"""\langle x, y \rangle, \langle A, B \rangle_F = \operatorname{tr}(A^\top B), \langle x, y \rangle_A = x^\top A y."""
    if not (isinstance(bracket.body, Listing) and len(bracket.body.items) == 2):
        raise NotSupportedYet("an inner product has two arguments", bracket.span, allowed=r"\langle x, y \rangle")
    left, right = (reader.term(item) for item in bracket.body.items)
    if left.type.rank == right.type.rank == 2 and (below is None or norm_label(below) == "F"):
        return product_of_entries(reader, left, right, bracket.span)
    weight = reader.term(below) if below is not None else None
    if weight is not None and (weight.type.rank != 2 or left.type.rank != 1):
        raise NotSupportedYet(
            f"the inner product with subscript {norm_label(below) if below is not None else ''} is not read", bracket.span
        )
    middle = right if weight is None else shapes.multiply(weight, right, bracket.span, reader.scope)
    return shapes.multiply(shapes.transpose(left), middle, bracket.span, reader.scope)


def product_of_entries(reader: Reader, left: Term, right: Term, span: Span) -> Term:
    r"""A : B = \operatorname{tr}(A^\top B), the sum of the products of their entries."""
    if left.type.rank != 2 or not shapes.same_shape(left, right, reader.scope):
        raise shapes.clash("an inner product of matrices needs equal shapes", left, right, span, reader.scope)
    product = shapes.multiply(shapes.transpose(left, span), right, span, reader.scope)
    return Call(SCALAR, "trace", (product,), span=span)


def norm_label(subscript: Node) -> str:
    """2, 1, \\infty, F in whatever font."""
    if isinstance(subscript, Letter) and subscript.text in ("F", "infty"):
        return "F" if subscript.text == "F" else "\\infty"
    return subscript.span.text.strip("{} ")


def norm_kind(reader: Reader, bars: Fence, node: Scripted, value: Term) -> str:
    label = norm_label(node.subscript) if node.subscript is not None else ""
    single_bars = bars.opening == "|"
    if single_bars and not label:
        if value.type.rank == 0:
            return "abs"
        if value.type.rank == 2:
            shapes.square(value, bars.span, reader.scope, "a determinant")
            return "det"
        fix = r"write \|v\|_2 for the norm or \operatorname{abs} entry by entry"
        raise AmbiguousNotation("bars around a vector: its norm, or the absolute value of every entry", node.span, fix=fix)
    if value.type.rank == 0 and single_bars:
        return "abs"
    if value.type.rank == 0:
        raise ShapeMismatch("a norm of a scalar", node.span, fix="write |x|, or declare a vector")
    if value.type.rank == 1:
        if label in VECTOR_NORMS:
            return VECTOR_NORMS[label]
        raise NotSupportedYet(f"the norm with subscript {label} is not implemented", node.span, allowed="1, 2, \\infty")
    if label == "F":
        return "normF"
    if label == "2":
        return "norm2"
    if not label:
        fix = r"write \|A\|_F for the Frobenius norm, \|A\|_2 for the largest singular value"
        raise AmbiguousNotation("the norm of a matrix needs its kind", node.span, fix=fix)
    raise NotSupportedYet(f"the matrix norm with subscript {label} is not implemented", node.span, allowed="F, 2")
