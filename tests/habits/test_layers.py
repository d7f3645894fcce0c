"""Imports point one way, third parties have one home, and there are no import rings. The scan itself is shown to fail."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "eqcompiler"

# folder or top module -> what it may import besides itself
LAYERS = {
    "errors": set(),
    "files": set(),
    "languages": {"errors"},
    "reading": {"errors", "languages"},
    "calculus": {"errors", "languages"},
    "verification": {"errors", "languages", "calculus"},
    "kernels": {"errors", "files", "languages"},
    "pipeline": {"errors", "languages", "reading", "calculus", "verification", "kernels"},
    "interfaces": {"errors", "files", "languages", "pipeline"},
}
# The oracle shares no code with what it judges.
INDEPENDENT = (
    "verification.oracle",
    "verification.fields",
    "verification.jets",
    "verification.sampling",
    "verification.evidence",
)
JUDGED = {"calculus", "reading", "kernels", "pipeline", "interfaces"}
# third party -> the modules or folders in which it may be imported. Derivations and proofs look at no clock: they are the same
# on a busy machine.
HOMES = {
    "time": ("verification", "kernels.machine_limits", "interfaces"),
    "numba": ("kernels",),
    "flint": ("verification",),
    "latex2sympy2": ("reading.second_reader",),
    "pylatexenc": ("reading",),
    "markdown_it": ("reading",),
    "mdit_py_plugins": ("reading",),
    "hypothesis": ("verification",),
    "click": ("interfaces",),
    "rich": ("interfaces",),
    "jinja2": ("interfaces.report_page",),
    "markupsafe": ("interfaces.report_sections", "interfaces.formulas_in_text", "interfaces.counterexamples"),
    "latex2mathml": ("interfaces.mathml",),
    "sklearn": ("interfaces.demo", "interfaces.demo_digits"),
}


def modules(package: Path) -> dict[str, Path]:
    """Dotted name inside the package -> file; "" is the package's own __init__."""
    found = {}
    for file in sorted(package.rglob("*.py")):
        parts = file.relative_to(package).with_suffix("").parts
        found[".".join(part for part in parts if part != "__init__")] = file
    return found


def imports(file: Path) -> Iterator[str]:
    """Every imported dotted name, also inside functions and under TYPE_CHECKING."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")
            yield from (f"{node.module}.{alias.name}" for alias in node.names if not node.level)


def violations(package: Path) -> list[str]:
    """One sentence for every import that points the wrong way."""
    known = modules(package)
    found = [
        f"{name}: {sentence}"
        for name, file in known.items()
        for imported in dict.fromkeys(imports(file))
        if (sentence := _objection(name, imported))
    ]
    return list(dict.fromkeys(found)) + [f"import ring: {' -> '.join(ring)}" for ring in rings(package)]


def _objection(name: str, imported: str) -> str:
    if imported.startswith("."):
        return f"relative import {imported}"
    first, _, rest = imported.partition(".")
    if first != PACKAGE:
        homes = HOMES.get(first)
        at_home = homes is None or any(name == home or name.startswith(f"{home}.") for home in homes)
        return "" if at_home else f"{first} belongs to {', '.join(homes or ())}"
    layer, target = name.partition(".")[0], rest.partition(".")[0]
    if not layer or not target or target == layer:
        return ""
    if target not in LAYERS:
        return f"{target} is in no layer" if target != "__version__" else ""
    if name.startswith(INDEPENDENT) and target in JUDGED:
        return f"the oracle imports {target}"
    return "" if target in LAYERS.get(layer, set()) else f"{layer} imports {target}"


def rings(package: Path) -> list[tuple[str, ...]]:
    """Import rings among the package's modules, each once. Imports that exist for annotations only do not make a ring."""
    known = modules(package)
    edges = {name: sorted(_needed_at_import(file, known) - {name}) for name, file in known.items()}
    found: dict[frozenset[str], tuple[str, ...]] = {}

    def walk(path: tuple[str, ...], done: set[str]) -> None:
        for target in edges[path[-1]]:
            if target in path:
                ring = path[path.index(target) :]
                found.setdefault(frozenset(ring), (*ring, target))
            elif target not in done:
                walk((*path, target), done)
        done.add(path[-1])

    done: set[str] = set()
    for name in edges:
        if name not in done:
            walk((name,), done)
    return list(found.values())


def _needed_at_import(file: Path, known: dict[str, Path]) -> set[str]:
    """Package modules that the file imports, in functions too, but not under TYPE_CHECKING."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            node.body = [ast.Pass()]
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == PACKAGE:
            inside = node.module.partition(".")[2]
            for alias in node.names:
                deeper = f"{inside}.{alias.name}" if inside else alias.name
                names.add(deeper if deeper in known else inside)
        elif isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[2] for alias in node.names if alias.name.partition(".")[0] == PACKAGE)
    return {name for name in names if name in known}


def test_imports_point_one_way() -> None:
    assert violations(ROOT / PACKAGE) == []


def test_the_scan_sees_the_whole_package() -> None:
    folders = {name.partition(".")[0] for name in modules(ROOT / PACKAGE)}
    assert folders - {""} == set(LAYERS)


def test_the_layers_are_a_ladder() -> None:
    order = list(LAYERS)
    assert all(order.index(lower) < order.index(upper) for upper, lowers in LAYERS.items() for lower in lowers)
    assert set(HOMES) & sys.stdlib_module_names == {"time"}


def test_a_bad_tree_is_caught(tmp_path: Path) -> None:
    package = tmp_path / PACKAGE
    files = {
        "__init__.py": "",
        "errors.py": "",
        "languages/terms.py": "from eqcompiler.reading.parser import Parser\n",
        "reading/parser.py": "import eqcompiler.calculus.lower\nfrom . import scanner\n",
        "reading/scanner.py": "def late():\n    import numba\n",
        "verification/oracle.py": "from eqcompiler.calculus import lower\n",
        "verification/proofs.py": "from eqcompiler.calculus import lower\nfrom eqcompiler.kernels import plan\n",
        "calculus/lower.py": "from eqcompiler.calculus.derive import gradient\nimport rich.table\nimport time\n",
        "calculus/derive.py": "def late():\n    from eqcompiler.calculus import lower\n",
        "interfaces/cli.py": "import click\nfrom eqcompiler.kernels import emit\n",
        "stray.py": "from eqcompiler import stranger\nfrom eqcompiler import errors\n",
    }
    for name, text in files.items():
        target = package / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    assert violations(package) == [
        "calculus.lower: rich belongs to interfaces",
        "calculus.lower: time belongs to verification, kernels.machine_limits, interfaces",
        "interfaces.cli: interfaces imports kernels",
        "languages.terms: languages imports reading",
        "reading.parser: reading imports calculus",
        "reading.parser: relative import .",
        "reading.scanner: numba belongs to kernels",
        "stray: stranger is in no layer",
        "stray: stray imports errors",
        "verification.oracle: the oracle imports calculus",
        "verification.proofs: verification imports kernels",
        "import ring: calculus.derive -> calculus.lower -> calculus.derive",
    ]
