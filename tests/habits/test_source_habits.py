"""Habits that no linter knows: forgotten f-strings, forbidden calls, sizes, module headers. Each scan is shown to fail."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FORBIDDEN_CALLS = {"eval", "exec", "compile", "sympify", "parse_expr", "parse_latex", "__import__"}
FORBIDDEN_NAMES = {"utils", "helpers", "common", "core", "base", "manager"}
LONGEST_MODULE, LONGEST_FUNCTION = 450, 60
# by the installed command; by click; by SymPy; in tests: the table of what a Call may name, and what a proof rests on
READ_ELSEWHERE = {"main", "list_commands", "on_broken_pipe", "_sympystr", "nargs", "OPERATIONS", "assumptions_used"}


def package_files() -> list[Path]:
    return sorted((ROOT / "eqcompiler").rglob("*.py"))


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def forgotten_f_strings(tree: ast.AST) -> Iterator[str]:
    """Plain strings with {name} in them, anywhere under a raise."""
    inside_f = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    # LaTeX in a message, \\frac{a}{b} or x^{i}, has something other than a blank before its brace
    placeholder = re.compile(r"(?<![\\\w^_}{\]])\{[a-z_][\w.]*(![rsa])?(:[^{}]*)?\}")
    for node in (part for statement in ast.walk(tree) if isinstance(statement, ast.Raise) for part in ast.walk(statement)):
        plain = isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside_f
        if plain and placeholder.search(node.value):
            yield f"{node.lineno}: {node.value}"


def forbidden_calls(tree: ast.AST) -> Iterator[str]:
    """Calls that run text as code; methods of the same name on other objects, re.compile, are not meant."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            if isinstance(node.func, ast.Attribute) and node.func.attr in FORBIDDEN_CALLS - {"compile"}:
                name = node.func.attr
            if name in FORBIDDEN_CALLS:
                yield f"{node.lineno}: {name}"


def long_functions(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > LONGEST_FUNCTION:
                yield f"{node.lineno}: {node.name} has {lines} lines"


def unused_names(modules: Mapping[str, ast.Module]) -> Iterator[str]:
    """Functions, classes, constants, methods and fields that nothing in these modules reads."""
    nodes = {name: list(ast.walk(tree)) for name, tree in modules.items()}
    read = {name: {n.id for n in own if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)} for name, own in nodes.items()}
    everywhere = [node for own in nodes.values() for node in own]
    imported = {f"{n.module}.{a.name}" for n in everywhere if isinstance(n, ast.ImportFrom) for a in n.names}
    reached = {n.attr for n in everywhere if isinstance(n, ast.Attribute)} | {
        n.value for n in everywhere if isinstance(n, ast.Constant) and isinstance(n.value, str)
    }
    for name, tree in modules.items():
        of_classes = [f for node in nodes[name] if isinstance(node, ast.ClassDef) for f in defined(ast.Module(node.body, []))]
        for found in (*defined(tree), *of_classes):
            if found not in reached and found not in read[name] and f"{name}.{found}" not in imported:
                yield f"{name}: {found}"


def defined(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        names = [t.id for t in targets if isinstance(t, ast.Name)]
        names += [node.name] if isinstance(node, ast.FunctionDef | ast.ClassDef) else []
        yield from (name for name in names if not name.startswith("__"))


def asserts(tree: ast.AST) -> Iterator[str]:
    yield from (f"{node.lineno}: assert" for node in ast.walk(tree) if isinstance(node, ast.Assert))


def over_the_package(scan: object, allowed: frozenset[str] = frozenset()) -> list[str]:
    assert callable(scan)
    return [
        f"{file.relative_to(ROOT)}:{found}"
        for file in package_files()
        if str(file.relative_to(ROOT)) not in allowed
        for found in scan(parsed(file))
    ]


BAD = (
    '''
def long():
    """A long one."""
'''
    + "    x = 1\n" * LONGEST_FUNCTION
    + """
    assert x
    if x:
        raise ValueError("X has {rows} rows, y has {y.size}")
    if not x:
        raise ValueError(f"{x}: \\\\frac{{a}}{{b}}" + "\\\\hat{y} and x^{i} are LaTeX")
    return eval("x"), sympy.sympify("x"), re.compile("x")
"""
)


def test_the_scans_find_what_is_wrong() -> None:
    tree = ast.parse(BAD)
    assert list(forgotten_f_strings(tree)) == ["67: X has {rows} rows, y has {y.size}"]
    assert list(forbidden_calls(tree)) == ["70: eval", "70: sympify"]
    assert list(long_functions(tree)) == ["2: long has 69 lines"]
    assert list(asserts(tree)) == ["65: assert"]


def test_the_scan_for_unused_names_finds_them() -> None:
    """A name that only its own definition mentions; one of the same name elsewhere does not hide it."""
    first = "LIMIT = 3\nclass Kept:\n    used: int\n    lost: int\ndef helper(): return Kept(1, 2).used\n"
    second = "from first import helper\nLIMIT = 4\nprint(helper(), LIMIT)\n"
    assert list(unused_names({"first": ast.parse(first), "second": ast.parse(second)})) == ["first: LIMIT", "first: lost"]


def test_every_name_of_the_package_is_used() -> None:
    """benchmarks/ counts as a user: some of what it calls is there for it."""
    files = [*package_files(), *(ROOT / "benchmarks").rglob("*.py")]
    modules = {".".join(f.relative_to(ROOT).with_suffix("").parts): parsed(f) for f in files}
    found = [line for line in unused_names(modules) if line.startswith("eqcompiler")]
    assert [line for line in found if line.split()[-1] not in READ_ELSEWHERE] == []


def test_no_forgotten_f_string() -> None:
    assert over_the_package(forgotten_f_strings) == []


def test_nothing_runs_text_as_code() -> None:
    # the kernel loader compiles the module text that eqcompiler itself has written, from a fixed alphabet
    assert over_the_package(forbidden_calls, frozenset({"eqcompiler/kernels/loading.py"})) == []


def test_functions_stay_short() -> None:
    assert over_the_package(long_functions) == []


def test_no_assert_in_the_package() -> None:
    assert over_the_package(asserts) == []


def test_modules_stay_short_and_open_with_a_contract() -> None:
    complaints = []
    for file in package_files():
        text = file.read_text(encoding="utf-8")
        header = ast.get_docstring(ast.parse(text)) or ""
        wanted = ("Takes:", "Gives:", "Guarantees") if file.name != "__init__.py" else ()
        complaints += [f"{file.name}: no {word}" for word in wanted if word not in header]
        complaints += [f"{file.name}: no docstring"] if not header else []
        complaints += [f"{file.name}: no title"] if header.startswith("Takes:") else []
        complaints += [f"{file.name}: a name that says nothing"] if file.stem in FORBIDDEN_NAMES else []
        lines = len(text.splitlines())
        complaints += [f"{file.name}: {lines} lines"] if lines > LONGEST_MODULE else []
    assert complaints == []


def test_no_machine_path_and_no_unfinished_work() -> None:
    """In every file that is ours to read: no path of one machine, no note to oneself."""
    words = re.compile(r"/tmp/|/home/|/root/|\bTODO\b|\bFIXME\b|\bXXX\b|pytest\.mark\.(skip|xfail)|pytest\.skip")
    here = Path(__file__).name
    files = [*package_files(), *(ROOT / "tests").rglob("*.py"), *ROOT.glob("*.md"), *(ROOT / "equations").rglob("*.*")]
    found = [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()}"
        for file in sorted(files)
        if file.name != here
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if words.search(line)
    ]
    assert found == []


def test_every_part_is_packed() -> None:
    """An installation has every folder of the package, the library of equations, and its types."""
    listed = re.findall(r'^    "(eqcompiler[\w.]*)",', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    folders = {".".join(file.parent.relative_to(ROOT).parts) for file in package_files()}
    assert sorted(listed) == sorted(folders | {"eqcompiler.equations"})
    assert (ROOT / "eqcompiler" / "py.typed").is_file()
