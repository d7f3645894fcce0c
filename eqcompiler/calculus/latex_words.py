r"""The LaTeX words of functions, brackets, relations and properties, for terms that are written back as text.

Takes: nothing; data only. Gives: a word for each operation of a call, and for each relation of a condition.
Guarantees: each is a word that the reader of equation files takes for the same operation.
"""

from __future__ import annotations

FUNCTIONS = {
    "exp": r"\exp",
    "log": r"\log",
    "sin": r"\sin",
    "cos": r"\cos",
    "tan": r"\tan",
    "cot": r"\cot",
    "sec": r"\sec",
    "csc": r"\csc",
    "asin": r"\arcsin",
    "acos": r"\arccos",
    "atan": r"\arctan",
    "sinh": r"\sinh",
    "cosh": r"\cosh",
    "tanh": r"\tanh",
    "trace": r"\operatorname{tr}",
    "det": r"\det",
    "max": r"\max",
    "min": r"\min",
    "gamma": r"\Gamma",
    "diagonal": r"\operatorname{diag}",
}
BRACKETS = {
    "norm2": (r"\|", r"\|_2"),
    "norm1": (r"\|", r"\|_1"),
    "norminf": (r"\|", r"\|_\infty"),
    "normF": (r"\|", r"\|_F"),
    "abs": (r"\left|", r"\right|"),
    "floor": (r"\lfloor", r"\rfloor"),
    "ceil": (r"\lceil", r"\rceil"),
}
SENSES = {"argmin": r"arg\min", "argmax": r"arg\max"}
RELATIONS = {"=": "=", "!=": r"\neq", "<": "<", "<=": r"\leq", ">": ">", ">=": r"\geq"}
PROPERTIES = {
    "symmetric": "{0} = {0}^T",
    "orthogonal": "{0}^T {0} = I",
    "positive definite": r"{0} \succ 0",
    "positive semidefinite": r"{0} \succeq 0",
    "invertible": r"{0} \text{{ is invertible}}",
    "diagonal": r"{0} \text{{ is diagonal}}",
    "integer": r"{0} \in \mathbb{{Z}}",
}
