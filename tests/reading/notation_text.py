"""A notation tree as one line of text, for tests: `(juxt (frac 2 m) (script X ^T) (fence ( ...))`."""

from __future__ import annotations

from eqcompiler.languages import notation as n


def text(node: n.Node | None) -> str:
    match node:
        case None:
            return "-"
        case n.Numeral(digits=digits):
            return digits
        case n.Letter():
            marks = ".".join(filter(None, [node.accent, node.font, node.kind if node.kind != "letter" else ""]))
            return f"{node.text}.{marks}" if marks else node.text
        case n.Scripted():
            down = f" _{text(node.subscript)}" if node.subscript else ""
            up = f" ^{text(node.superscript)}" if node.superscript else ""
            return f"({text(node.base)}{down}{up}{chr(39) * node.primes})"
        case n.Fence():
            return f"{node.opening}{text(node.body)}{node.closing}"
        case n.Listing():
            return f"[{f' {node.separator} '.join(map(text, node.items))}]"
        case n.Addition():
            return "(" + " ".join(f"{sign}{text(term)}" for sign, term in node.terms) + ")"
        case n.Juxtaposed():
            return "<" + " ".join(map(text, node.factors)) + ">"
        case n.Infix():
            return f"({text(node.left)} {node.operator} {text(node.right)})"
        case n.Fraction():
            return f"frac({text(node.numerator)}, {text(node.denominator)})"
        case n.Root():
            return f"root({text(node.radicand)}, {text(node.degree)})"
        case n.Prefix():
            scripts = (f"_{text(node.subscript)}" if node.subscript else "") + (
                f"^{text(node.superscript)}" if node.superscript else ""
            )
            return f"{node.function}{scripts}[{text(node.argument)}]"
        case n.Large():
            ends = f"{text(node.lower)}..{text(node.upper)}"
            return f"{node.operator}({ends}: {text(node.body)}{f'; d{text(node.variable)}' if node.variable else ''})"
        case n.Nabla():
            return f"nabla{node.order}({text(node.variable)}: {text(node.argument)})"
        case n.Leibniz():
            below = ", ".join(f"{text(v)}^{k}" for v, k in node.variables)
            return f"{node.symbol}({text(node.argument)} / {below})"
        case n.Relation():
            return text(node.sides[0]) + "".join(f" {o} {text(s)}" for o, s in zip(node.operators, node.sides[1:], strict=True))
        case n.Words():
            return f'"{node.text}"'
        case n.Dots():
            return "..."
        case n.Grid():
            return f"{node.style}{{{' ; '.join(' & '.join(map(text, row)) for row in node.rows)}}}"
        case n.Slice():
            return f"{text(node.lower)}:{text(node.upper)}"
        case n.Empty():
            return "()"
    raise AssertionError(node)
