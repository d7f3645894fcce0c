r"""The words of the notation: which LaTeX command means what, as tables.

Takes: nothing; data only. Gives: tables from commands and characters to letters, relations, operators, functions.
Guarantees: each command is in one table, so that adding a notation is adding a row.
"""

from __future__ import annotations


def words(text: str) -> list[str]:
    """The words of a text: a table's row that reads like one."""
    return text.split()


LETTERS = frozenset(
    (
        *words(
            "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa varkappa lambda mu nu xi omicron pi"
        ),
        *words("varpi rho varrho sigma varsigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi"),
        *words("Sigma Upsilon Phi Psi Omega ell hbar imath jmath wp Re Im"),
    )
)

# marks that can stand where a name stands, mostly as scripts
SYMBOLS = {
    "infty": "infty",
    "top": "top",
    "intercal": "top",
    "bot": "bot",
    "perp": "perp",
    "dagger": "dagger",
    "dag": "dagger",
    "ddagger": "ddagger",
    "ast": "*",
    "star": "*",
    "emptyset": "emptyset",
    "varnothing": "emptyset",
    "prime": "prime",
    "sharp": "sharp",
}

# operators that may also stand alone as a script or a placeholder: x_+, A^*, f(\cdot)
LONE_MARKS = {"+": "+", "-": "-", "*": "*", "cdot": "cdot", "circ": "circ", "bullet": "cdot", "oplus": "oplus"}

RELATIONS = {
    "=": "=",
    "eq": "=",
    ":=": ":=",
    "coloneqq": ":=",
    "coloneq": ":=",
    "triangleq": ":=",
    "leftarrow": "<-",
    "gets": "<-",
    "longleftarrow": "<-",
    "ne": "!=",
    "neq": "!=",
    "<": "<",
    "lt": "<",
    "le": "<=",
    "leq": "<=",
    "leqslant": "<=",
    ">": ">",
    "gt": ">",
    "ge": ">=",
    "geq": ">=",
    "geqslant": ">=",
    "in": "in",
    "notin": "notin",
    "sim": "sim",
    "to": "to",
    "rightarrow": "to",
    "longrightarrow": "to",
    "mapsto": "mapsto",
    "longmapsto": "mapsto",
    ":": ":",
    "colon": ":",
    "approx": "approx",
    "simeq": "approx",
    "propto": "propto",
    "prec": "prec",
    "preceq": "preceq",
    "preccurlyeq": "preceq",
    "succ": "succ",
    "succeq": "succeq",
    "succcurlyeq": "succeq",
    "subset": "subset",
    "subseteq": "subset",
    "equiv": "equiv",
    "iff": "iff",
    "Leftrightarrow": "iff",
    "Longleftrightarrow": "iff",
    "implies": "implies",
    "Rightarrow": "implies",
    "Longrightarrow": "implies",
}

PRODUCTS = {
    "cdot": "*",
    "times": "*",
    "*": "*",
    "/": "/",
    "div": "/",
    "odot": "odot",
    "oslash": "oslash",
    "otimes": "otimes",
    "circ": "circ",
    "oplus": "oplus",
    "bmod": "mod",
    "mod": "mod",
    "cup": "cup",
    "cap": "cap",
    "setminus": "setminus",
}

FUNCTIONS = {
    **{name: name for name in words("exp log ln lg sin cos tan cot sec csc sinh cosh tanh coth arcsin arccos arctan")},
    **{name: name for name in words("det dim ker deg gcd erf erfc tr diag vec sign rank Var Cov Corr logdet max min sup inf")},
    **{name: name for name in words("span range blkdiag arcsinh arccosh arctanh arsinh arcosh artanh asinh acosh atanh")},
    "Tr": "tr",
    "trace": "tr",
    "Trace": "tr",
    "Det": "det",
    "Diag": "diag",
    "Vec": "vec",
    "sgn": "sign",
    "sgm": "sign",
    "Rank": "rank",
    "rk": "rank",
    "var": "Var",
    "cov": "Cov",
    "corr": "Corr",
}
FUNCTION_COMMANDS = frozenset(
    words("exp log ln lg sin cos tan cot sec csc sinh cosh tanh coth arcsin arccos arctan det dim ker deg gcd")
)

LARGE = {
    "sum": "sum",
    "prod": "prod",
    "int": "int",
    "lim": "lim",
    "max": "max",
    "min": "min",
    "sup": "sup",
    "inf": "inf",
    "argmin": "argmin",
    "argmax": "argmax",
    "expectation": "E",
}
# the same by name, in \operatorname{...} and its relatives
LARGE_NAMES = {
    **{name: name for name in words("argmin argmax lim E")},
    "minimize": "min",
    "minimise": "min",
    "maximize": "max",
    "maximise": "max",
}
# without a subscript these are functions of what follows: \max(0, x)
FUNCTION_WITHOUT_SCRIPT = frozenset(("max", "min", "sup", "inf"))
# the body of these goes on over + and -, while the bound variable does (argmin always)
OPTIMA = frozenset(("max", "min", "sup", "inf", "lim"))

ACCENTS = {
    "hat": "hat",
    "widehat": "hat",
    "bar": "bar",
    "overline": "bar",
    "tilde": "tilde",
    "widetilde": "tilde",
    "dot": "dot",
    "ddot": "ddot",
    "vec": "vec",
    "overrightarrow": "vec",
    "underline": "underline",
    "check": "check",
    "breve": "breve",
    "acute": "acute",
    "grave": "grave",
    "mathring": "ring",
}

FONTS = {
    "mathbf": "bold",
    "boldsymbol": "bold",
    "bm": "bold",
    "pmb": "bold",
    "textbf": "bold",
    "mathcal": "cal",
    "mathscr": "cal",
    "mathbb": "bb",
    "mathds": "bb",
    "mathbbm": "bb",
    "mathfrak": "frak",
    "mathsf": "sf",
    "mathtt": "tt",
}
FONT_SWITCHES = {"bf": "bold", "cal": "cal", "sf": "sf", "tt": "tt", "rm": "", "it": ""}
ROMAN = frozenset(("mathrm", "operatorname", "operatorname*", "mathop", "mathit", "mathnormal", "textit"))
TEXT_COMMANDS = frozenset(("text", "textrm", "textnormal", "mbox", "hbox", "intertext"))
TRANSPARENT = frozenset(("boxed", "mathbin", "mathrel", "mathord", "mathopen", "mathclose", "ensuremath", "smash", "mathstrut"))

# \text{...} that opens with one of these is a remark about the formula, not a name in it
PROSE = frozenset(
    (
        *words(
            "if iff for where when whenever otherwise else and or with such so as is are has have all any every each on over in"
        ),
        *words("hence thus then therefore since because given let subject s.t. st. st. i.e. e.g. provided assuming assume"),
        *words("suppose supposing satisfying"),
        *words("that which while unless at by of to from the an only some there exists we not does satisfies holds"),
        *words("fails fail failed false wrong violated denied no never without except nor approximately"),
    )
)
# properties that stand behind a name: A \text{ invertible}
SOME_ENTRIES = "state it of all entries, or give the part that is meant a name of its own"  # a condition on a part is refused
ORDERS = frozenset(words("< <= > >= != succ succeq"))  # relations that bound what they are about
PROPERTIES = frozenset(
    (
        *words("invertible nonsingular non-singular regular singular symmetric skew-symmetric antisymmetric orthogonal"),
        *words("orthonormal diagonal differentiable smooth continuous convex integer real positive negative"),
        *words("nonnegative non-negative definite semidefinite semi-definite full constant independent i.i.d. iid"),
    )
)

DOTS = frozenset(("dots", "ldots", "cdots", "vdots", "ddots", "dotsc", "dotsb", "dotsm", "dotsi", "dotso"))
FRACTIONS = frozenset(("frac", "dfrac", "tfrac", "cfrac"))
BINOMIALS = frozenset(("binom", "dbinom", "tbinom"))

OPENERS = {
    "(": "(",
    "[": "[",
    "{": "{",
    "lbrace": "{",
    "lbrack": "[",
    "langle": "<",
    "lceil": "lceil",
    "lfloor": "lfloor",
    "lvert": "|",
    "lVert": "||",
}
CLOSERS = {
    ")": ")",
    "]": "]",
    "}": "}",
    "rbrace": "}",
    "rbrack": "]",
    "rangle": ">",
    "rceil": "rceil",
    "rfloor": "rfloor",
    "rvert": "|",
    "rVert": "||",
}
BARS = {"|": "|", "vert": "|", "Vert": "||"}
MATCHING = {"(": ")", "[": "]", "{": "}", "<": ">", "lceil": "rceil", "lfloor": "rfloor", "|": "|", "||": "||"}

SIZES = frozenset(words("big Big bigg Bigg bigl Bigl biggl Biggl bigr Bigr biggr Biggr bigm Bigm biggm Biggm"))

SPACING = frozenset(
    (
        *words(", ; : ! >"),
        *words(
            "thinspace medspace thickspace enspace enskip nonumber notag displaystyle textstyle scriptstyle limits nolimits"
        ),
        *words("hfill hfil allowbreak nobreak break noindent centering normalsize small footnotesize qedhere relax strut"),
        *words("allowdisplaybreaks displaybreak negthinspace hskip"),
    )
)
SKIPPED_WITH_ARGUMENT = frozenset(
    ("label", "tag", "tag*", "hspace", "hspace*", "vspace", "vspace*", "phantom", "hphantom", "vphantom", "color")
)

GRIDS = frozenset(
    words(
        "matrix pmatrix bmatrix Bmatrix vmatrix Vmatrix smallmatrix array cases dcases cases* rcases psmallmatrix bsmallmatrix"
    )
)
ROW_BLOCKS = frozenset(words("split aligned gathered alignedat align align* gather gather* eqnarray eqnarray*"))

# commands that are known and outside what is implemented -> what they are
NOT_SUPPORTED = {
    "pm": "an alternative of two signs",
    "mp": "an alternative of two signs",
    "oint": "a contour integral",
    "iint": "a double integral sign",
    "iiint": "a triple integral sign",
    "bigcup": "a union over a range",
    "bigcap": "an intersection over a range",
    "bigoplus": "a direct sum over a range",
    "bigotimes": "a tensor product over a range",
    "coprod": "a coproduct",
    "limsup": "a limit superior",
    "liminf": "a limit inferior",
    "exists": "an existence quantifier",
    "nexists": "an existence quantifier",
    "wedge": "a wedge",
    "land": "a logical and",
    "vee": "a logical or",
    "lor": "a logical or",
    "neg": "a negation",
    "lnot": "a negation",
    "supset": "a superset relation",
    "supseteq": "a superset relation",
    "subsetneq": "a proper subset relation",
    "parallel": "a relation of parallels",
    "ll": "a much-less relation",
    "gg": "a much-greater relation",
    "cong": "a congruence",
    "asymp": "an asymptotic relation",
    "models": "a logical relation",
    "vdash": "a logical relation",
    "pmod": "a congruence",
    "uparrow": "an arrow",
    "downarrow": "an arrow",
    "nearrow": "an arrow",
    "searrow": "an arrow",
    "xrightarrow": "an arrow with a label",
    "xleftarrow": "an arrow with a label",
    "leftrightarrow": "an arrow",
    "angle": "an angle",
    "triangle": "a triangle",
    "Box": "a box operator",
    "square": "a box operator",
    "bigstar": "a star operator",
    "choose": "a binomial in plain TeX; \\binom{n}{k} is read",
    "over": "a fraction in plain TeX; \\frac{a}{b} is read",
    "cancel": "a cancelled term",
}

# read where they are met, outside the tables above
STRUCTURE = frozenset(
    (
        *words("left right middle sqrt nabla partial underbrace overbrace underset overset stackrel arg not mid forall"),
        *words("substack text mathbb Pr lim begin end quad qquad label tag textcolor"),
    )
)

COMMANDS: tuple[str, ...] = tuple(
    sorted(
        name
        for name in (
            LETTERS
            | SYMBOLS.keys()
            | RELATIONS.keys()
            | PRODUCTS.keys()
            | FUNCTION_COMMANDS
            | LARGE.keys()
            | ACCENTS.keys()
            | FONTS.keys()
            | ROMAN
            | TEXT_COMMANDS
            | TRANSPARENT
            | DOTS
            | FRACTIONS
            | BINOMIALS
            | OPENERS.keys()
            | CLOSERS.keys()
            | BARS.keys()
            | SIZES
            | SPACING
            | STRUCTURE
            | NOT_SUPPORTED.keys()
        )
        if name.isalpha() and name != "expectation"
    )
)


def _unicode() -> dict[str, tuple[str, str]]:
    small = (
        "alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho varsigma sigma tau upsilon"
    )
    small += " varphi chi psi omega"
    table = {chr(0x3B1 + k): ("command", name) for k, name in enumerate(words(small))}
    table |= {character: ("command", name) for character, name in zip("ΓΔΘΛΞΠΣΥΦΨΩ", _CAPITALS, strict=True)}
    table |= {character: ("command", name) for character, name in _SIGNS.items()}
    table |= {character: ("mark", text) for character, text in {"−": "-", "–": "-", "∗": "*", "∣": "|", "：": ":"}.items()}
    return table | {"′": ("prime", "'"), "’": ("prime", "'")}


_CAPITALS = words("Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega")
_SIGNS = {
    "ϵ": "epsilon",
    "ϕ": "phi",
    "ϑ": "vartheta",
    "ℓ": "ell",
    "·": "cdot",
    "⋅": "cdot",
    "×": "times",
    "÷": "div",
    "⊙": "odot",
    "⊗": "otimes",
    "⊕": "oplus",
    "∘": "circ",
    "≤": "le",
    "≥": "ge",
    "≠": "ne",
    "≈": "approx",
    "∝": "propto",
    "≡": "equiv",
    "∈": "in",
    "∉": "notin",
    "∼": "sim",
    "→": "to",
    "←": "leftarrow",
    "↦": "mapsto",
    "⇒": "implies",
    "⇔": "iff",
    "≔": "coloneqq",
    "≻": "succ",
    "⪰": "succeq",
    "≺": "prec",
    "⪯": "preceq",
    "∞": "infty",
    "⊤": "top",
    "†": "dagger",
    "∑": "sum",
    "∏": "prod",
    "∫": "int",
    "∂": "partial",
    "∇": "nabla",
    "√": "sqrt",
    "…": "dots",
    "⋯": "cdots",
    "⟨": "langle",
    "⟩": "rangle",
    "‖": "Vert",
    "∥": "Vert",
    "∀": "forall",
    "±": "pm",
    "∪": "cup",
    "∩": "cap",
    "∅": "emptyset",
}
# one character -> the token that its LaTeX command would give
UNICODE: dict[str, tuple[str, str]] = _unicode()
