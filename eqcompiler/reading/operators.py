r"""Grammar, upper layer: what applies to what follows: functions, sums, integrals, optima, expectations.

Takes: tokens. Gives: Prefix, Large.
Guarantees: how far an argument reaches is decided here, once:
    \log p_k q      the juxtaposed factors, up to +, -, an explicit operator, a relation, another function
    \log(x) y       the bracket alone; \log{x} y the group alone
    \sum_i a \cdot b + c     a product with its explicit operators; optima go on while their variable does; \arg\min to the end
"""

from __future__ import annotations

from collections.abc import Callable

from eqcompiler.errors import EquationError
from eqcompiler.languages.notation import (
    Addition,
    Large,
    Letter,
    Node,
    Prefix,
    Scripted,
)
from eqcompiler.reading.groups import Groups
from eqcompiler.reading.scanner import Token
from eqcompiler.reading.vocabulary import (
    FRACTIONS,
    FUNCTION_COMMANDS,
    FUNCTION_WITHOUT_SCRIPT,
    FUNCTIONS,
    LARGE,
    LARGE_NAMES,
    OPTIMA,
    ROMAN,
)

Scripts = tuple[Node | None, Node | None]


class Operators(Groups):
    # which operator a token begins

    def operator_name(self, ahead: int = 0) -> str:
        """The name that the coming \\log, \\operatorname{tr}, \\text{tr}... has in FUNCTIONS or LARGE_NAMES, or ""."""
        token = self.peek(ahead)
        if token.kind == "text":
            return self.known_name(token.text.strip())
        if token.kind != "command" or token.text not in ROMAN:
            return ""
        if self.peek(ahead + 1).kind != "open":
            return ""
        close = self.braces(self.at + ahead + 1)
        inside = self.tokens[self.at + ahead + 2 : close]
        return self.known_name("".join(t.text for t in inside)) if all(t.kind == "letter" for t in inside) else ""

    @staticmethod
    def known_name(name: str) -> str:
        return name if name in FUNCTIONS or name in LARGE_NAMES else ""

    def begins_function(self) -> bool:
        """Whether a function, a large operator or a derivative begins here: it ends an argument without brackets."""
        token = self.peek()
        if token.kind == "command" and (token.text in FUNCTION_COMMANDS or token.text in LARGE):
            return True
        return self.is_command("nabla", "partial") or bool(self.operator_name())

    def named_operator(self) -> Node | None:
        """The application of a named operator, or None when the name is an ordinary one here."""
        name = self.operator_name()
        if not name:
            return None
        first = self.at
        self.skip_name()
        if name in LARGE_NAMES:
            return self.large_operator(first, LARGE_NAMES[name])
        return self.function(first, FUNCTIONS[name])

    def skip_name(self) -> None:
        token = self.take()
        if token.kind == "command":
            self.at = self.braces(self.at) + 1

    # functions

    def function_command(self) -> Node:
        first = self.at
        return self.function(first, FUNCTIONS[self.take().text])

    def scripts(self, *, of_range: bool) -> Scripts:
        subscript = superscript = None
        while self.is_mark("_", "^"):
            mark = self.take()
            if mark.text == "_":
                if subscript is not None:
                    raise self.double("subscript", mark)
                subscript = self.script(mark, of_range=of_range)
            else:
                if superscript is not None:
                    raise self.double("superscript", mark)
                superscript = self.script(mark, of_range=of_range)
        return subscript, superscript

    def double(self, which: str, mark: Token) -> EquationError:
        sign = "_" if which == "subscript" else "^"
        return self.illegal(
            f"a second {which} on the same base",
            mark,
            allowed=f"one {which}; a{sign}{{b{sign}c}} or {{a{sign}b}}{sign}c for two",
            fix="use braces to say what belongs to what",
        )

    def function(self, first: int, name: str) -> Node:
        primes = 0
        while self.peek().kind == "prime":
            self.at, primes = self.at + 1, primes + 1
        subscript, superscript = self.scripts(of_range=False)
        if name in FUNCTION_WITHOUT_SCRIPT and subscript is not None:
            return self.large_body(first, name, (subscript, superscript))
        if self.alone_in_script():
            return self.name_of_function(first, name, (subscript, superscript))
        argument = self.function_argument(first)
        return Prefix(self.span_from(first), name, argument, subscript, superscript, primes)

    def alone_in_script(self) -> bool:
        r"""\lambda_{\max}: the name of a function as a name."""
        return self.in_script and (self.at >= self.limit or self.is_mark(",", "="))

    def name_of_function(self, first: int, name: str, scripts: Scripts) -> Node:
        span = self.span_from(first)
        letter = Letter(span, name, kind="word")
        return letter if scripts == (None, None) else Scripted(span, letter, *scripts)

    def function_argument(self, first: int) -> Node:
        if self.peek().kind == "open":
            return self.group()
        if self.at_call():
            return self.fence()
        if not self.starts_factor():
            if self.is_mark("-", "+"):
                raise self.illegal(
                    f"a sign after {self.span_from(first).text.strip()}",
                    self.peek(),
                    fix="put the argument in parentheses",
                )
            raise self.missing_operand(f"`{self.span_from(first).text.strip()}`", self.span_from(first))
        return self.juxtaposed_argument()

    def juxtaposed_argument(self) -> Node:
        """Factors side by side, up to the next function."""
        first = self.at
        factors = [self.factor()]
        while self.starts_factor() and not self.begins_function() and not isinstance(factors[-1], Large):
            factors.append(self.factor())
        return self.product_of(first, factors)

    def at_call(self) -> bool:
        """Whether a round, square or curly bracket opens here: with one, \\log(x) ends at its closing mark."""
        token = self.peek()
        if token.kind == "left":
            return token.text in ("(", "[", "{")
        if token.kind == "mark":
            return token.text in ("(", "[")
        return self.is_command("{", "lbrace")

    # sums, integrals, optima, expectations

    def large_command(self) -> Node:
        first = self.at
        return self.large_operator(first, LARGE[self.take().text])

    def large_operator(self, first: int, operator: str) -> Node:
        if operator == "int":
            return self.integral(first)
        scripts = self.scripts(of_range=True)
        if operator in FUNCTION_WITHOUT_SCRIPT and scripts[0] is None:
            if self.alone_in_script():
                return self.name_of_function(first, operator, scripts)
            argument = self.function_argument(first)
            return Prefix(self.span_from(first), operator, argument, None, scripts[1])
        if operator == "E":
            return self.expectation(first, scripts)
        return self.large_body(first, operator, scripts)

    def large_body(self, first: int, operator: str, scripts: Scripts) -> Node:
        if self.in_script and self.at >= self.limit and operator in FUNCTION_WITHOUT_SCRIPT:
            return self.name_of_function(first, operator, scripts)
        if operator.startswith("arg"):
            body = self.body_of_sum(first)
        else:
            body = self.signed_product(first)
            while operator in OPTIMA and self.is_mark("+", "-") and self.goes_on(first):
                body = self.longer(body)
        return Large(self.span_from(first), operator, *scripts, body)

    def body_of_sum(self, first: int) -> Node:
        if not (self.starts_factor() or self.is_mark("+", "-")):
            raise self.missing_operand(f"`{self.span_from(first).text}`", self.span_from(first))
        return self.sum()

    def signed_product(self, first: int) -> Node:
        """A product with an optional sign, as in \\sum_j -p_j \\log p_j."""
        start = self.at
        if self.is_mark("-", "+"):
            sign = self.take().text
            term = self.product()
            return Addition(self.span_from(start), ((sign, term),))
        if not self.starts_factor():
            raise self.missing_operand(f"`{self.span_from(first).text}`", self.span_from(first))
        return self.product()

    def goes_on(self, first: int) -> bool:
        """Whether the bound variable of the optimum that began at token `first` occurs in the terms that follow."""
        bound = self.bound_letter(first)
        depth = 0
        for token in self.tokens[self.at : self.limit]:
            depth += {"open": 1, "left": 1, "close": -1, "right": -1}.get(token.kind, 0)
            if depth < 0 or (depth == 0 and (token.kind in ("cell", "row", "quad", "end", "text") or token.text in (",", "="))):
                return False
            if (token.kind, token.text) == bound:
                return True
        return False

    def bound_letter(self, first: int) -> tuple[str, str]:
        """The first letter of the subscript."""
        for k in range(first, self.at):
            if self.tokens[k].text == "_" and self.tokens[k].kind == "mark":
                for token in self.tokens[k + 1 : self.at]:
                    if token.kind == "letter" or (token.kind == "command" and not self.is_font(token)):
                        return token.kind, token.text
        return "", ""

    @staticmethod
    def is_font(token: Token) -> bool:
        return token.text in ROMAN or token.text.startswith(("math", "bold", "bm"))

    def longer(self, body: Node) -> Node:
        """`body` with one more signed term."""
        start = self.at
        sign = self.take().text
        if not self.starts_factor():
            raise self.missing_operand(f"`{sign}`", self.tokens[start])
        term = self.product()
        terms = body.terms if isinstance(body, Addition) else (("+", body),)
        return Addition(body.span.to(term.span), (*terms, (sign, term)))

    def expectation(self, first: int, scripts: Scripts) -> Node:
        body = self.fence() if self.at_call() else self.function_argument(first)
        return Large(self.span_from(first), "E", *scripts, body)

    def integral(self, first: int) -> Node:
        scripts = self.scripts(of_range=True)
        place = self.differential()
        inside = self.differential_in_numerator() if place is None else None
        if inside is not None:
            return self.integral_over_fraction(first, scripts, inside)
        if place is None:
            raise self.unsupported(
                "an integral without `dx` at its end",
                self.span_from(first),
                allowed="\\int_a^b f(x) \\, dx",
                fix="write the integrand first, then dx (or dx in its numerator, not in front)",
            )
        if place == self.at:
            raise self.unsupported(
                "an integral whose `dx` stands before the integrand",
                self.span_of(self.tokens[place]),
                allowed="\\int_a^b f(x) \\, dx",
                fix="move dx behind the integrand",
            )
        body = self.within(self.at, place, self.sum)
        self.at = place + (self.roman_d_length(place) or 1)
        variable = self.factor_of_name()
        return Large(self.span_from(first), "int", *scripts, body, variable)

    def integral_over_fraction(self, first: int, scripts: Scripts, place: int) -> Node:
        r"""\int_0^1 \frac{x \, dx}{1 + x}: the product with that fraction, without the dx."""
        held, self.held = self.held, place
        try:
            body = self.signed_product(first)
        finally:
            self.held = held
        name = place + (self.roman_d_length(place) or 1)
        variable = self.within(name, name + 1, self.factor_of_name)
        return Large(self.span_from(first), "int", *scripts, body, variable)

    def differential_in_numerator(self) -> int | None:
        """The token of the d with which a numerator ends, of a fraction that begins before the next relation or sum."""
        depth = 0
        for k in range(self.at, self.limit):
            token = self.tokens[k]
            depth += token.kind in ("open", "left", "begin") or token.text in ("(", "[")
            depth -= token.kind in ("close", "right", "end") or token.text in (")", "]")
            if depth < 0 or (depth == 0 and token.text in ("=", ",", "int")):
                return None
            if depth == 0 and token.kind == "command" and token.text in FRACTIONS and self.peek(k + 1 - self.at).kind == "open":
                close = self.braces(k + 1)
                for length in (2, 3, 5):  # dx, \mathrm d x, \mathrm{d} x
                    d = close - length
                    if d > k + 1 and self.is_differential(d, False) and d + (self.roman_d_length(d) or 1) == close - 1:
                        return d
        return None

    def factor_of_name(self) -> Node:
        """The variable of a differential: one letter with its scripts, as in dx_1."""
        first = self.at
        node = self.base()
        scripts = self.scripts(of_range=False)
        return node if scripts == (None, None) else Scripted(self.span_from(first), node, *scripts)

    def differential(self) -> int | None:
        """The token of the d that closes the integral that began just before; inner integrals take theirs first."""
        found: list[int] = []
        for joined in (True, False):
            depth = inner = 0
            for k in range(self.at, self.limit):
                token = self.tokens[k]
                depth += token.kind in ("open", "left", "begin") or token.text in ("(", "[")
                depth -= token.kind in ("close", "right", "end") or token.text in (")", "]")
                if depth < 0 or (depth == 0 and token.text in ("=", ",")):
                    break
                if depth == 0 and token.kind == "command" and token.text == "int":
                    inner += 1
                elif depth == 0 and self.is_differential(k, joined):
                    if inner == 0:
                        found.append(k)
                        break
                    inner -= 1
            if found:
                return found[0]
        return None

    def is_differential(self, k: int, joined: bool) -> bool:
        token = self.tokens[k]
        after = k + 1
        if token.kind == "command":
            if not self.roman_d_length(k):
                return False
            after = k + self.roman_d_length(k)
        elif not (token.kind == "letter" and token.text == "d"):
            return False
        if after >= self.limit:
            return False
        following = self.tokens[after]
        names = following.kind == "letter" or (following.kind == "command" and not self.is_operator(following))
        return names and (following.joined or not joined or token.kind == "command")

    def is_operator(self, token: Token) -> bool:
        return token.text in FUNCTION_COMMANDS or token.text in LARGE or token.text in ("cdot", "times", "mid", "frac", "sqrt")

    def roman_d_length(self, k: int) -> int:
        r"""The number of tokens of \mathrm{d} or \mathrm d at token k, 0 when something else stands there."""
        if not (self.tokens[k].kind == "command" and self.tokens[k].text in ROMAN):
            return 0
        texts = [token.text for token in self.tokens[k + 1 : min(k + 4, self.limit)]]
        return 4 if texts == ["{", "d", "}"] else 2 if texts[:1] == ["d"] else 0


OPERATOR_RULES: dict[str, Callable[[Operators], Node]] = {
    **dict.fromkeys(FUNCTION_COMMANDS, Operators.function_command),
    **dict.fromkeys(LARGE, Operators.large_command),
}
