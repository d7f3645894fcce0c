r"""Grammar, upper layer: gradients and derivatives, \nabla_\theta J, \frac{\partial f}{\partial x}, \partial_x f, dy/dx.

Takes: tokens. Gives: Nabla, Leibniz.
Guarantees: how far a derivative reaches is decided here, once:
    \nabla f(x)^T d          one factor with its call; the transposition applies to the gradient
    \nabla_x x^T A x         the juxtaposed factors, where the first alone is no function: a number, or the variable itself
    \frac{d}{dx} f(x) g(x)   the juxtaposed factors; an explicit operator behind them is asked about
"""

from __future__ import annotations

from collections.abc import Callable

from eqcompiler.errors import AmbiguousNotation, Span
from eqcompiler.languages.notation import Evaluated, Fence, Fraction, Juxtaposed, Leibniz, Nabla, Node, Numeral, Scripted
from eqcompiler.reading.groups import is_name, is_transposition
from eqcompiler.reading.operators import OPERATOR_RULES, Operators

DERIVATIVE_LIMIT = 10


def is_same_name(node: Node, variable: Node) -> bool:
    base = variable.base if isinstance(variable, Scripted) else variable
    return is_name(node) and node.span.text == base.span.text


class Differentials(Operators):
    # gradients

    def nabla(self) -> Node:
        first = self.at
        self.take()
        variable, exponent = self.scripts(of_range=False)
        order = self.order_of(exponent)
        if self.is_command("cdot", "times"):
            raise self.unsupported("a divergence or a curl", self.peek(), allowed="gradients and Hessians of functions")
        argument = self.differentiated(first, variable)
        return Nabla(self.span_from(first), variable, argument, order)

    def order_of(self, exponent: Node | None) -> int:
        if exponent is None:
            return 1
        if isinstance(exponent, Numeral) and exponent.digits in ("1", "2"):
            return int(exponent.digits)
        raise self.unsupported(
            f"\\nabla to the power {exponent.span.text}", exponent.span, allowed="\\nabla and \\nabla^2", fix="write \\nabla^2"
        )

    def differentiated(self, first: int, variable: Node | None) -> Node:
        r"""What a gradient sign applies to: one factor with its call. A transposition behind it is left for the gradient."""
        start = self.at
        if not self.starts_factor():
            raise self.missing_operand(f"`{self.span_from(first).text}`", self.span_from(first))
        if self.at_call():
            node = self.fence()
            self.refuse_power(first)
            return node
        node = self.base()
        if variable is not None and (isinstance(node, (Numeral, Fraction)) or is_same_name(node, variable)):
            self.at = start
            return self.argument_of_derivative(first)
        if not is_name(node):
            return self.differentiated_expression(start, first, node)
        node = self.name_with_scripts(start, first, node)
        if self.at_call():
            call = self.fence()
            return Juxtaposed(self.span_from(start), (node, call))
        return node

    def differentiated_expression(self, start: int, first: int, node: Node) -> Node:
        if isinstance(node, (Numeral, Fraction)) and self.starts_factor():
            raise AmbiguousNotation(
                f"`{self.span_from(first).text}` is followed by more factors",
                self.span_from(first),
                allowed="the gradient of the whole product, or the gradient of its first factor",
                fix="put what is differentiated in parentheses",
            )
        if isinstance(node, Fence) and node.opening in ("|", "||"):
            scripts = self.scripts(of_range=False)
            return node if scripts == (None, None) else Scripted(self.span_from(start), node, *scripts)
        return node

    def name_with_scripts(self, start: int, first: int, node: Node) -> Node:
        """f_i, f^*, l^{(i)} with their scripts; f^T leaves the T, f^2 is asked about."""
        subscript = superscript = None
        while self.is_mark("_", "^"):
            before = self.at
            mark = self.take()
            script = self.script(mark, of_range=False)
            if mark.text == "_" and subscript is None:
                subscript = script
            elif mark.text == "^" and superscript is None:
                if is_transposition(script) and not self.at_call():
                    self.at = before
                    break
                if isinstance(script, Numeral):
                    raise self.power_of_gradient(first)
                superscript = script
            else:
                raise self.double("subscript" if mark.text == "_" else "superscript", mark)
        if subscript is None and superscript is None:
            return node
        return Scripted(self.span_from(start), node, subscript, superscript)

    def refuse_power(self, first: int) -> None:
        if self.is_mark("^") and self.peek(1).kind == "number":
            raise self.power_of_gradient(first)

    def power_of_gradient(self, first: int) -> AmbiguousNotation:
        return AmbiguousNotation(
            f"`{self.span_from(first).text}`: the power belongs to the function or to its gradient",
            self.span_from(first),
            allowed="(\\nabla f)^2, \\nabla (f^2)",
            fix="put parentheses around what the power applies to",
        )

    # Leibniz derivatives

    def leibniz_fraction(self, first: int, upper: tuple[int, int], lower: tuple[int, int]) -> Node | None:
        symbol = self.mark_of_derivative(*upper)
        if not symbol or self.mark_of_derivative(*lower, below=True) != symbol:
            if symbol == "partial":
                raise self.unsupported(
                    "a numerator with \\partial over a denominator without",
                    self.span_from(first),
                    allowed="\\frac{\\partial f}{\\partial x}, \\frac{\\partial^2 f}{\\partial x \\partial y}",
                    fix="write the derivative as a factor of its own",
                )
            return None
        after = self.at
        limit = self.limit
        self.restart(*upper)
        self.skip_mark()
        order, written = self.order_above()
        bare = self.at == upper[1]
        argument = None if bare else self.within(self.at, upper[1], self.product)
        variables = self.variables_below(symbol, order, written, *lower)
        self.restart(after, limit)
        below = None
        if argument is None and self.at_evaluation():
            self.at += 1
            below = self.equation_below()
        if argument is None:
            argument = self.argument_of_derivative(first)
        found = Leibniz(self.span_from(first), symbol, variables, argument)
        return found if below is None else Evaluated(found.span, found, *below)

    def mark_of_derivative(self, start: int, stop: int, *, below: bool = False) -> str:
        token = self.tokens[start]
        if token.kind == "command" and token.text == "partial":
            return "partial"
        if token.kind == "letter" and token.text == "d":
            following = self.tokens[start + 1] if start + 1 < stop else None
            if following is None:
                return "" if below else "d"
            applies = following.kind in ("letter", "command") or (not below and following.text == "^")
            return "d" if applies and not self.is_operator(following) else ""
        return "d" if self.roman_d_length(start) and not (below and start + self.roman_d_length(start) >= stop) else ""

    def skip_mark(self) -> None:
        self.at += self.roman_d_length(self.at) or 1

    def order_above(self) -> tuple[int, bool]:
        """The order that the numerator states, and whether it states one."""
        if not self.is_mark("^"):
            return 1, False
        mark = self.take()
        exponent = self.script(mark, of_range=False)
        if isinstance(exponent, Numeral) and exponent.digits.isdigit() and 0 < int(exponent.digits) <= DERIVATIVE_LIMIT:
            return int(exponent.digits), True
        raise self.unsupported(
            f"a derivative of order {exponent.span.text}",
            exponent.span,
            allowed=f"orders 1 to {DERIVATIVE_LIMIT}",
            fix="write the order as a number",
        )

    def variables_below(self, symbol: str, order: int, written: bool, start: int, stop: int) -> tuple[tuple[Node, int], ...]:
        variables: list[tuple[Node, int]] = []
        self.restart(start, stop)
        while self.at < stop:
            if self.mark_of_derivative(self.at, stop, below=True) != symbol:
                raise self.illegal(
                    "the denominator of a derivative holds more than its variables",
                    self.peek(),
                    allowed="\\partial x \\partial y",
                    fix="write the other factors in front of the derivative",
                )
            self.skip_mark()
            variables.append(self.variable_below(written))
        total = sum(each for _, each in variables)
        if total != order:
            raise self.illegal(
                f"the numerator says order {order}, the denominator order {total}",
                Span(self.source, self.tokens[start].start, self.tokens[stop - 1].stop),
                fix="make the two orders equal",
            )
        return tuple(variables)

    def variable_below(self, written: bool) -> tuple[Node, int]:
        r"""x, x^2 (its order when the numerator states one, else the square of x: \partial \sigma^2), x_i, W^{(l)}, x^T."""
        first = self.at
        if not self.starts_factor():
            raise self.illegal("the variable of the derivative is missing", self.peek(), fix="write \\partial x")
        node = self.base()
        subscript = superscript = None
        order = 1
        primes = 0
        while self.is_mark("_", "^") or self.peek().kind == "prime":
            mark = self.take()
            count = 1 if mark.kind == "prime" else self.primes_in_script() if mark.text == "^" else 0
            if count:
                primes += count
                continue
            script = self.script(mark, of_range=False)
            if mark.text == "_" and subscript is None:
                subscript = script
            elif mark.text == "^" and written and isinstance(script, Numeral) and order == 1 and script.digits.isdigit():
                order = min(int(script.digits), DERIVATIVE_LIMIT + 1)
            elif mark.text == "^" and superscript is None:
                superscript = script
            else:
                raise self.double("subscript" if mark.text == "_" else "superscript", mark)
        if subscript is not None or superscript is not None or primes:
            node = Scripted(self.span_from(first), node, subscript, superscript, primes)
        return node, order

    def argument_of_derivative(self, first: int) -> Node:
        r"""\frac{d}{dx} f(x) g(x): the factors that follow."""
        if not self.starts_factor():
            raise self.missing_operand(f"`{self.span_from(first).text}`", self.span_from(first))
        start = self.at
        factors = [self.factor()]
        while self.starts_factor():
            factors.append(self.factor())
        argument = self.product_of(start, factors)
        if self.is_command("cdot", "times", "odot") or self.is_mark("*", "/"):
            raise AmbiguousNotation(
                f"`{self.peek().written()}` after a derivative: inside or outside of what is differentiated",
                self.span_of(self.peek()),
                allowed="\\frac{d}{dx} \\left( a \\cdot b \\right), \\left( \\frac{d}{dx} a \\right) \\cdot b",
                fix="put what is differentiated in parentheses",
            )
        return argument

    def partial(self) -> Node:
        r"""\partial_x f, or the slanted \partial f / \partial x."""
        first = self.at
        token = self.take()
        if self.is_mark("_"):
            mark = self.take()
            variable = self.script(mark, of_range=False)
            argument = self.differentiated(first, variable)
            return Leibniz(self.span_from(first), "partial", ((variable, 1),), argument)
        order, written = self.order_above()
        start = self.at
        factors: list[Node] = []
        while self.starts_factor():
            factors.append(self.factor())
        if not (factors and self.is_mark("/") and self.is_command("partial", ahead=1)):
            raise self.illegal(
                "\\partial without a variable",
                token,
                allowed="\\frac{\\partial f}{\\partial x}, \\partial f / \\partial x, \\partial_x f",
                fix="write \\frac{\\partial f}{\\partial x}",
            )
        argument = self.product_of(start, factors)
        self.at += 1
        variables = self.slanted_variables(order, written)
        return Leibniz(self.span_from(first), "partial", variables, argument)

    def slanted_variables(self, order: int, written: bool) -> tuple[tuple[Node, int], ...]:
        variables = []
        start = self.at
        while self.is_command("partial"):
            self.at += 1
            variables.append(self.variable_below(written))
        total = sum(each for _, each in variables)
        if total != order:
            raise self.illegal(
                f"the numerator says order {order}, the denominator order {total}",
                self.span_from(start),
                fix="make the two orders equal",
            )
        return tuple(variables)

    def slanted_d(self) -> Node | None:
        r"""dy/dx: d and a letter side by side, over d and a letter side by side. None when something else stands here."""
        first = self.at
        if not (self.is_joined_d() and self.d_below_follows()):
            return None
        self.at += 1
        order, written = self.order_above()
        start = self.at
        node = self.base() if self.starts_factor() else None
        if node is None or not is_name(node) or not (self.is_mark("/") and self.is_joined_d(1)):
            self.at = first
            return None
        argument = self.product_of(start, [node])
        self.at += 2
        variable = self.variable_below(written)
        if variable[1] != order:
            self.at = first
            return None
        return Leibniz(self.span_from(first), "d", (variable,), argument)

    def d_below_follows(self) -> bool:
        """Whether a slash with a joined d behind it comes before the next operator."""
        for ahead in range(1, self.limit - self.at):
            token = self.peek(ahead)
            if token.text == "/" and token.kind == "mark":
                return self.is_joined_d(ahead + 1)
            if token.kind in ("quad", "row", "cell", "left", "right") or token.text in ("=", "+", "-", ",", "("):
                return False
        return False

    def is_joined_d(self, ahead: int = 0) -> bool:
        token, following = self.peek(ahead), self.peek(ahead + 1)
        if not (token.kind == "letter" and token.text == "d"):
            return False
        return following.joined and (following.kind in ("letter", "command") or following.text == "^")


DIFFERENTIAL_RULES: dict[str, Callable[[Differentials], Node]] = {
    **OPERATOR_RULES,
    "nabla": Differentials.nabla,
    "partial": Differentials.partial,
}
