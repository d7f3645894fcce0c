"""What a fresh process loads, and how long `eqc --help` takes. The check is shown to fail on a module that is loaded."""

from __future__ import annotations

import subprocess
import sys
import time

HEAVY = ("sympy", "numba", "numpy", "scipy", "rich", "hypothesis", "flint", "latex2sympy2", "sklearn", "jinja2", "latex2mathml")


def loaded(statement: str) -> set[str]:
    """Top-level modules in sys.modules after the statement, in a fresh process."""
    code = f"import sys\n{statement}\nprint('\\nloaded:', *sorted(name for name in sys.modules if '.' not in name))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.rpartition("\nloaded: ")[2].split())


HELP = "from eqcompiler.interfaces.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass"


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert loaded("import eqcompiler") & {*HEAVY, "click"} == set()


def test_help_loads_nothing_heavy() -> None:
    names = loaded(HELP)
    assert names & set(HEAVY) == set()
    assert "click" in names


def test_the_check_sees_what_is_loaded() -> None:
    assert "numpy" in loaded("import eqcompiler, numpy")


def test_help_is_quick() -> None:
    """0.15 s is the contract on a quiet machine; compared with a bare interpreter here, so that a busy one does not fail it."""

    def seconds(arguments: list[str]) -> float:
        times = []
        for _ in range(5):
            start = time.perf_counter()
            subprocess.run([sys.executable, *arguments], capture_output=True, check=True, timeout=60)
            times.append(time.perf_counter() - start)
        return min(times)

    bare = seconds(["-c", "pass"])
    assert seconds(["-c", HELP]) < max(0.15, 4 * bare)
