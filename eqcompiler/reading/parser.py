r"""The parser: tokens of a formula -> notation tree. Relations < sums < products < juxtaposition < functions < scripts.

Takes: tokens. Gives: the parts of a formula, each node with its span.
Guarantees: every token is consumed or the formula is an error; nesting and length are bounded; nothing is decided that
types have to decide: `f(x+1)`, `x^T`, `x^{(i)}` stay as they are written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from eqcompiler.errors import EquationError, Source
from eqcompiler.languages.notation import (
    Addition,
    Empty,
    Fence,
    Infix,
    Juxtaposed,
    Letter,
    Listing,
    Node,
    Prefix,
    Relation,
    Scripted,
)
from eqcompiler.reading.cursor import CHAIN_LIMIT
from eqcompiler.reading.differentials import DIFFERENTIAL_RULES, Differentials
from eqcompiler.reading.groups import GROUP_RULES, is_transposition
from eqcompiler.reading.letters import LETTER_RULES
from eqcompiler.reading.scanner import Token
from eqcompiler.reading.vocabulary import (
    BARS,
    CLOSERS,
    COMMANDS,
    DOTS,
    LONE_MARKS,
    NOT_SUPPORTED,
    OPENERS,
    PRODUCTS,
    RELATIONS,
)

OPERAND_KINDS = frozenset(("letter", "number", "open", "left", "begin"))


def parse_formula(
    source: Source, tokens: Sequence[Token], words: frozenset[str] = frozenset(), *, fragment: bool = False
) -> tuple[Node, ...]:
    """The parts of one formula. `fragment`: one side of a relation may be missing, as in prose ("for $> 0$").

    Raises EquationError with the place of the first thing that has no reading.
    """
    parser = Parser(source, tokens, words)
    parser.fragment = fragment
    return parser.parts()


class Parser(Differentials):
    fragment = False

    def parts(self) -> tuple[Node, ...]:
        """What stands between commas, semicolons, wide spaces and remarks."""
        parts: list[Node] = []
        after_comma = True
        while self.at < self.limit:
            token = self.peek()
            if token.kind == "quad":
                self.at += 1
            elif self.is_mark(",", ";"):
                if after_comma and not (parts and self.tokens[self.at - 1].kind == "quad"):
                    raise self.illegal(
                        f"nothing stands before `{token.text}`",
                        token,
                        fix=f"write what is missing, or remove the `{token.text}`",
                    )
                self.at += 1
                after_comma = True
                continue
            elif self.is_words(token):
                parts.append(self.remark())
            else:
                parts.append(self.conditional())
                self.end_of_part()
            after_comma = False
        return tuple(parts)

    def end_of_part(self) -> None:
        token = self.peek()
        separates = token.kind in ("quad", "end of formula") or self.is_mark(",", ";") or self.is_words(token)
        if not separates:
            raise self.leftover()

    def conditional(self) -> Node:
        r"""f(x) \mid y at the top of a formula."""
        first = self.at
        items = [self.relation()]
        while self.at_separating_bar():
            self.at += 1
            items.append(self.relation())
        return items[0] if len(items) == 1 else Listing(self.span_from(first), tuple(items), "|")

    # relations, sums, products

    def relation(self) -> Node:
        first = self.at
        sides = [self.side()]
        operators: list[str] = []
        while self.relation_sign():
            token = self.take()
            operators.append(RELATIONS[token.text])
            sides.append(self.right_side(token))
        if not operators:
            return sides[0]
        return Relation(self.span_from(first), tuple(operators), tuple(sides))

    def relation_sign(self) -> bool:
        token = self.peek()
        if token.kind not in ("mark", "command") or token.text not in RELATIONS:
            return False
        return not (self.slices and token.text == ":")

    def side(self) -> Node:
        if self.fragment and self.relation_sign() and self.depth == 0:
            return Empty(self.span_of(self.peek()))
        if self.relation_sign():
            raise self.illegal(
                f"the formula starts with `{self.peek().written()}`: nothing stands on its left",
                self.peek(),
                fix="write the left side",
            )
        return self.sum()

    def right_side(self, sign: Token) -> Node:
        if self.starts_factor() or self.is_mark("+", "-") or self.stands_alone():
            return self.sum()
        if self.fragment and self.at >= self.limit and self.depth == 0:
            return Empty(self.span_of(sign))
        self.refuse_unsupported()
        raise self.missing_operand(f"`{sign.written()}`", sign)

    def sum(self) -> Node:
        first = self.at
        terms: list[tuple[str, Node]] = []
        if self.stands_alone():
            return self.lone_mark()
        if self.is_mark("+", "-"):
            terms.append(self.signed_term())
        else:
            term = self.product()
            if not self.is_mark("+", "-"):
                return term
            terms.append(("+", term))
        while self.is_mark("+", "-"):
            terms.append(self.signed_term())
        return Addition(self.span_from(first), tuple(terms))

    def signed_term(self) -> tuple[str, Node]:
        first = self.at
        sign = self.take()
        if self.is_mark("+", "-") and not self.stands_alone():  # a + -b
            second = self.take()
            self.operand_after(second)
            term = self.product()
            return sign.text, Addition(self.span_from(first + 1), ((second.text, term),))
        self.operand_after(sign)
        return sign.text, self.product()

    def operand_after(self, operator: Token) -> None:
        if not self.starts_factor():
            self.refuse_unsupported()
            raise self.missing_operand(f"`{operator.written()}`", operator)

    def product(self) -> Node:
        first = self.at
        node = self.juxtaposed()
        count = 0
        while self.product_sign():
            token = self.take()
            count += 1
            if count > CHAIN_LIMIT:
                raise self.illegal(
                    f"more than {CHAIN_LIMIT} operators in a row",
                    token,
                    allowed=f"up to {CHAIN_LIMIT} factors joined by explicit operators",
                    fix="name a part of the product in a definition of its own",
                )
            right = self.signed_factor(token)
            node = Infix(self.span_from(first), PRODUCTS[token.text], node, right, token.text)
        return node

    def product_sign(self) -> bool:
        token = self.peek()
        return token.kind in ("mark", "command") and token.text in PRODUCTS

    def signed_factor(self, operator: Token) -> Node:
        first = self.at
        if self.is_mark("-", "+"):
            sign = self.take()
            self.operand_after(sign)
            return Addition(self.span_from(first), ((sign.text, self.juxtaposed()),))
        self.operand_after(operator)
        return self.juxtaposed()

    def juxtaposed(self) -> Node:
        first = self.at
        self.operand_here()
        factors = [self.factor()]
        while self.starts_factor():
            factors.append(self.factor())
        node = self.product_of(first, factors)
        while self.at_evaluation():
            self.at += 1
            node = self.evaluated(first, node)
            self.operand_end = self.at
        return node

    def operand_here(self) -> None:
        """An error unless an operand starts here."""
        if self.starts_factor():
            return
        self.refuse_unsupported()
        token = self.peek()
        if token.kind == "end of formula" or (token.kind in ("cell", "row", "close", "end", "right") and self.at > 0):
            before = self.tokens[min(self.at, len(self.tokens)) - 1]
            raise self.missing_operand(f"`{before.written()}`", before)
        if self.product_sign():
            raise self.illegal(f"nothing stands before `{token.written()}`", token, fix="write its left operand")
        raise self.leftover()

    # operands

    def starts_factor(self) -> bool:
        """Whether an operand starts here. A bar does unless it closes or separates."""
        token = self.peek()
        if token.kind in OPERAND_KINDS:
            return True
        if token.kind == "text":
            return not self.is_words(token)
        if token.kind == "mark":
            if token.text == "|":
                return self.bar_opens()
            return token.text in OPENERS or (token.text == "*" and self.in_script and self.lone_star())
        if token.kind != "command":
            return False
        if token.text in BARS:
            return self.bar_opens()
        return token.text in COMMAND_RULES or token.text in DOTS or token.text in OPENERS or self.is_unknown(token)

    def bar_opens(self) -> bool:
        """After an operand a bar may close or separate; after an operator or an opening bracket it opens."""
        if self.after_operand():
            return not (self.at_closing_bar() or self.at_evaluation() or self.at_separating_bar())
        return True

    def after_operand(self) -> bool:
        """Whether an operand ends right before this place."""
        return self.at == self.operand_end

    def lone_star(self) -> bool:
        """The star of x_{*1}: nothing before it that it could multiply."""
        return not self.after_operand()

    def stands_alone(self) -> bool:
        r"""A mark as a placeholder, f(\cdot), or alone in a script, x_{+}: nothing before it and nothing after."""
        token = self.peek()
        if token.kind not in ("mark", "command") or token.text not in LONE_MARKS or not (self.in_script or self.depth):
            return False
        following = self.peek(1)
        return following.kind in ("close", "right", "end of formula") or following.text in (",", ")", "]", ";")

    def lone_mark(self) -> Node:
        token = self.take()
        return Letter(self.span_of(token), LONE_MARKS[token.text], kind="symbol")

    def is_unknown(self, token: Token) -> bool:
        """Whether the command is in no table: an operand to the grammar, so that `base` can report it."""
        known = (RELATIONS, PRODUCTS, NOT_SUPPORTED, CLOSERS, OPENERS)
        return not any(token.text in table for table in known) and token.text not in ("mid", "middle", "left", "right")

    def refuse_unsupported(self) -> None:
        token = self.peek()
        if token.kind == "command" and token.text in NOT_SUPPORTED:
            raise self.unsupported(f"\\{token.text} ({NOT_SUPPORTED[token.text]})", token, fix="write the formula without it")

    def factor(self) -> Node:
        """An operand with its scripts, primes and factorial marks."""
        first = self.at
        node = self.base()
        while self.is_mark("_", "^", "!") or self.peek().kind == "prime":
            if self.is_mark("!"):
                node = self.factorial(first, node)
            else:
                node = self.scripted(first, node)
        self.operand_end = self.at
        return node

    def factorial(self, first: int, node: Node) -> Node:
        self.at += 1
        if self.is_mark("!") and self.peek().joined:
            raise self.unsupported("a double factorial", self.peek(), allowed="n!", fix="write it as a product")
        return Prefix(self.span_from(first), "factorial", node)

    def scripted(self, first: int, node: Node) -> Node:
        subscript: Node | None = None
        superscript: Node | None = None
        primes = 0
        while self.is_mark("_", "^") or self.peek().kind == "prime":
            mark = self.take()
            if mark.kind == "prime":
                if superscript is not None:
                    raise self.double("superscript", mark)
                primes += 1
                continue
            count = self.primes_in_script() if mark.text == "^" else 0
            if count and superscript is None:
                primes += count
            elif mark.text == "_":
                if subscript is not None:
                    raise self.double("subscript", mark)
                subscript = self.script(mark, of_range=False)
            else:
                if superscript is not None:
                    raise self.double("superscript", mark)
                superscript = self.script(mark, of_range=False)
        match superscript:
            case Juxtaposed(factors=(Fence(opening="(") as member, Letter() as turned)) if is_transposition(turned):
                inner = Scripted(node.span.to(member.span), node, subscript, member, primes)
                return Scripted(self.span_from(first), inner, None, turned)  # x^{(i)\top}: a sample, transposed
        return Scripted(self.span_from(first), node, subscript, superscript, primes)

    def base(self) -> Node:
        with self.deeper():
            token = self.peek()
            if token.kind in BASE_RULES:
                return BASE_RULES[token.kind](self)
            if token.kind == "mark" and token.text == "*":
                return self.lone_mark()
            if token.kind in ("mark", "command") and (token.text in BARS or token.text in OPENERS):
                return self.fence()
            if token.kind != "command":
                raise self.leftover()
            if token.text in DOTS:
                return self.dots()
            if token.text not in COMMAND_RULES:
                self.refuse_unsupported()
                raise self.unknown_command(token) if token.text not in COMMANDS else self.leftover()
            named = self.named_operator()
            return named if named is not None else COMMAND_RULES[token.text](self)

    def letter_or_derivative(self) -> Node:
        derivative = self.slanted_d()
        return derivative if derivative is not None else self.letter()

    def text_or_operator(self) -> Node:
        named = self.named_operator()
        return named if named is not None else self.text()

    def leftover(self) -> EquationError:
        self.refuse_unsupported()
        return super().leftover()


BASE_RULES: dict[str, Callable[[Parser], Node]] = {
    "letter": Parser.letter_or_derivative,
    "number": Parser.number,
    "open": Parser.group,
    "left": Parser.fence,
    "begin": Parser.grid,
    "text": Parser.text_or_operator,
}
COMMAND_RULES: dict[str, Callable[[Parser], Node]] = {**LETTER_RULES, **GROUP_RULES, **DIFFERENTIAL_RULES}
