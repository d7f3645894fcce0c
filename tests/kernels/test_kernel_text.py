"""The generated text: readable, the same every time, safe whatever the source says, and loaded from a file."""

from __future__ import annotations

import ast
import dataclasses
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import sympy
from kernel_cases import CASES, DESCENT_RUN, LEAST_SQUARES_GRADIENT, ONE, RIDGE_SOLUTION, value

from eqcompiler import kernels
from eqcompiler.errors import BadInput, CompilerFault, NotSupportedYet, Source
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.program import Axis, Indexed, Input, index, scalar, size, tensor

SOURCE = Source("equations/cases.tex", "the cases")

GRADIENT_TEXT = '''def grad_J(theta, b, X, y, out=None):
    r"""grad J.

    line 7:  \\nabla_\\theta J

    takes  theta         n       \\theta
           b             number
           X             m by n
           y             m

    gives  grad_J_theta  n

    4*m*n + 3*m floating-point operations
    entries read: theta n, X m*n, y m
    """
    try:
        m, n = X.shape
        if (
            out is None
            and type(theta) is type(X) is type(y) is _array
            and len(theta) == n >= 1
            and len(y) == m >= 1
            and m * (4 * n + 5) < 80_000
        ):
            grad_J_theta = _empty(n, theta.dtype)
            _grad_J(theta, b, X, y, grad_J_theta)
            return grad_J_theta
    except _TO_CONVERT:
        pass
    if not (
        type(theta) is type(X) is type(y) is np.ndarray
        and theta.dtype is X.dtype is y.dtype in _FLOATING
        and theta.flags.carray
        and X.flags.carray
        and y.flags.carray
    ):
        theta, X, y = _floats(("theta", "X", "y"), (theta, X, y))
    if theta.ndim != 1:
        raise ValueError(f"theta must have 1 axis (n), has shape {theta.shape}")
    if X.ndim != 2:
        raise ValueError(f"X must have 2 axes (m, n), has shape {X.shape}")
    if y.ndim != 1:
        raise ValueError(f"y must have 1 axis (m), has shape {y.shape}")
    m, n = X.shape
    if len(theta) != n:
        raise ValueError(f"X has {n} columns, theta has {len(theta)}")
    if len(y) != m:
        raise ValueError(f"X has {m} rows, y has {len(y)}")
    if n < 1:
        raise ValueError(f"X has {n} columns, at least 1 needed")
    if m < 1:
        raise ValueError(f"X has {m} rows, at least 1 needed")
    if type(b) is not float:
        b = _number("b", b)
    if out is None:
        out = _empty(n, theta.dtype)
    else:
        _check_out("out", out, (n,), theta.dtype, (theta, X, y))
    kernel = _grad_J_many if m * (4 * n + 5) >= 80_000 else _grad_J
    kernel(theta, b, X, y, out)
    return out


@_only_for(1, 0, 2, 1, 1)
@njit(cache=True, error_model="numpy", fastmath={"reassoc", "contract"})
def _grad_J(theta, b, X, y, grad_J_theta):
    n = X.shape[1]
    m = len(X)
    for k in range(n):
        grad_J_theta[k] = 0.0
    for i in range(m):
        r = b - y[i]
        for j in range(n):
            r += X[i, j] * theta[j]
        r_bar = 2.0 / m * r
        for k in range(n):
            grad_J_theta[k] += r_bar * X[i, k]


@njit(cache=True, error_model="numpy", fastmath={"reassoc", "contract"}, nogil=True)
def _grad_J_rows(theta, b, X, y, start, stop, grad_J_theta_rows):
    """The rows from start to stop, in blocks that fit into the cache: short sums, which float32 needs."""
    n = X.shape[1]
    m = len(X)
    grad_J_theta = np.empty((n,), theta.dtype)
    far = n if n >= 32 and X.size > 4_194_304 else 0  # from memory: ask for it in time
    for first in range(start, stop, 2048):
        rows = min(2048, stop - first)
        y_block = y[first : first + rows]
        X_block = X[first : first + rows]
        for entry_1 in range(n):
            grad_J_theta[entry_1] = 0.0
        half = rows // 2
        for i in range(half):  # a row of each half at once: what they share is loaded once
            r_1 = b - y_block[i]
            r_2 = b - y_block[half + i]
            for j in range(n):
                r_1 += X_block[i, j] * theta[j]
                r_2 += X_block[half + i, j] * theta[j]
            r_bar_1 = 2.0 / m * r_1
            r_bar_2 = 2.0 / m * r_2
            for ahead in range(0, far, 8):
                _fetch(X_block, i, ahead + 512)
                _fetch(X_block, half + i, ahead + 512)
            for k in range(n):
                grad_J_theta[k] += r_bar_1 * X_block[i, k] + r_bar_2 * X_block[half + i, k]
        for i in range(2 * half, rows):
            r = b - y_block[i]
            for j in range(n):
                r += X_block[i, j] * theta[j]
            r_bar = 2.0 / m * r
            for k in range(n):
                grad_J_theta[k] += r_bar * X_block[i, k]
        for entry_1 in range(n):
            grad_J_theta_rows[entry_1] += grad_J_theta[entry_1]
    return ()


@njit(cache=True, nogil=True)
def _grad_J_turns(theta, b, X, y, shares, signal, thread, grad_J_theta_rows):
    """Ranges of rows for one thread, while there are any."""
    own = shares[thread]
    while _takes(shares, signal, thread):
        _grad_J_rows(theta, b, X, y, own[2], own[3], grad_J_theta_rows[own[1]])


def _grad_J_many(theta, b, X, y, grad_J_theta):
    """The same where the rows are many: each thread takes a range of them."""
    n = X.shape[1]
    m = len(X)
    sums = _in_threads(_grad_J_rows, _grad_J_turns, m, m * (4 * n + 5), (theta, b, X, y), ((n,),))
    return _grad_J_rest(theta, b, X, y, grad_J_theta, *sums)


@njit(cache=True, error_model="numpy", fastmath={"reassoc", "contract"})
def _grad_J_rest(theta, b, X, y, grad_J_theta, grad_J_theta_rows):
    """What is left when the rows are added up."""
    n = X.shape[1]
    for t_1 in range(n):
        grad_J_theta[t_1] = grad_J_theta_rows[t_1]
'''


def test_a_kernel_reads_like_the_mathematics():
    request = dataclasses.replace(LEAST_SQUARES_GRADIENT, line=7, latex=r"\nabla_\theta J")
    text = kernels.module_text((request,), SOURCE)
    assert text[text.index("def grad_J(") :].rpartition("\n\n# what numba keeps on disk")[0] == GRADIENT_TEXT
    assert text.startswith("# generated by eqcompiler from equations/cases.tex, do not edit\n# source sha256 ")


def test_modules_import_only_numpy_numba_with_its_llvmlite_and_the_standard_library():
    tree = ast.parse(kernels.module_text((*CASES, DESCENT_RUN), SOURCE))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    compilers = {"numba", "numba.extending", "llvmlite", "llvmlite.binding"}
    assert imported == {"numpy", *compilers, "contextlib", "ctypes", "math", "os", "sys", "threading", "time", "functools"}


def test_the_same_request_gives_the_same_bytes_whatever_the_hash_seed():
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import kernel_cases as c; from eqcompiler import kernels;"
        "from eqcompiler.errors import Source; import hashlib;"
        "text = kernels.module_text((*c.CASES, c.DESCENT_RUN), Source('equations/cases.tex', 'the cases'));"
        "print(hashlib.sha256(text.encode()).hexdigest(), 'numba' in sys.modules)"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", program, str(Path(__file__).parent)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(seen) == 1
    assert seen.pop().split()[1] == "False"


IMPORTED = """
import importlib, pickle, sys
import numpy as np
module = importlib.import_module(sys.argv[1])
print(module.ridge(np.eye(2), np.ones(2), 1.0), sum(module._ridge.stats.cache_hits.values()))
assert pickle.loads(pickle.dumps(module.ridge)) is module.ridge
"""


def test_what_one_process_compiled_another_one_finds_whatever_it_calls_the_module(tmp_path):
    folder = tmp_path / "solutions"
    folder.mkdir()
    (folder / "one.py").write_text(kernels.module_text((RIDGE_SOLUTION,), SOURCE))
    path = os.pathsep.join(map(str, (tmp_path, folder)))
    seen = [
        subprocess.run(
            [sys.executable, "-c", IMPORTED, name],
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for name in ("one", "solutions.one")
    ]
    assert seen == ["[0.5 0.5] 0\n", "[0.5 0.5] 1\n"]


HOSTILE = 'x"""\nimport os\nos.abort()\n"""\\'


def test_text_from_the_source_stays_in_comments_and_docstrings():
    request = dataclasses.replace(LEAST_SQUARES_GRADIENT, latex=HOSTILE, about=HOSTILE)
    clean = ast.parse(kernels.module_text((LEAST_SQUARES_GRADIENT,), SOURCE))
    hostile = ast.parse(kernels.module_text((request,), Source("a.tex\nimport os", HOSTILE)))
    assert [type(node) for node in ast.walk(clean)] == [type(node) for node in ast.walk(hostile)]


@pytest.mark.parametrize("name", ["x; import os", "", "é", "1x", "_x", "for"])
def test_names_outside_of_the_alphabet_are_a_fault(name):
    with pytest.raises(CompilerFault, match="cannot name a kernel"):
        kernels.module_text((dataclasses.replace(LEAST_SQUARES_GRADIENT, name=name),), SOURCE)


def test_argument_names_outside_of_the_alphabet_are_a_fault():
    request = value("f", (Input("x y", ()),), Indexed("t", (), scalar("x y") + 1))
    with pytest.raises(CompilerFault) as caught:
        kernels.module_text((request,), SOURCE)
    assert str(caught.value) == "'x y' is no identifier of the fixed alphabet (letters, digits, underscore)"


def test_python_words_get_an_underscore():
    text = kernels.module_text((RIDGE_SOLUTION,), SOURCE)
    assert "def ridge(X, y, lambda_, out=None):" in text


def test_names_that_are_sizes_indices_and_values_at_once_stay_apart(compile_one):
    i, n = index("i"), size("n")
    inputs = (Input("n", ()), Input("i", (Dimension.of("n"),)))
    body = sympy.Sum(tensor("i")[i] * i, (i, 1, n)) * scalar("n") + n
    module = compile_one(value("f", inputs, Indexed("np", (), body)))
    assert module.f(2.0, np.array([3.0, 4.0])) == 2.0 * (3.0 + 8.0) + 2


def test_sizes_that_no_array_shows_are_arguments_and_composite_sizes_are_checked(compile_one):
    i, n, p = index("i"), size("n"), size("p")
    N, P = Dimension.of("n"), Dimension.of("p")
    one_more = (Input("x", (N + Dimension.of(1),)),)
    identity = Indexed("E", (Axis(i, ONE, p), Axis(index("j"), ONE, p)), sympy.KroneckerDelta(i, index("j")))
    differences = Indexed("d", (Axis(i, ONE, n),), tensor("x")[i + 1] - tensor("x")[i])
    flat = (Input("v", (N * P,)), Input("x", (N,)), Input("w", (P,)))
    module = compile_one(
        value("identity", (), identity),
        value("differences", one_more, differences),
        value("flat", flat, Indexed("t", (), sympy.Sum(tensor("v")[i], (i, 1, n * p)))),
    )
    np.testing.assert_array_equal(module.identity(3), np.eye(3))
    np.testing.assert_array_equal(module.differences(np.array([1.0, 4.0, 9.0])), [3.0, 5.0])
    assert module.flat(np.ones(6), np.ones(2), np.ones(3)) == 6.0
    with pytest.raises(ValueError, match=r"^v must have n \* p = 6 entries, has 5$"):
        module.flat(np.ones(5), np.ones(2), np.ones(3))


def test_a_fixed_subscript_demands_that_many_entries(compile_one):
    inputs = (Input("x", (Dimension.of("n"),)),)
    guarded = sympy.Piecewise((tensor("x")[3], size("n") > 2), (-1, True))
    module = compile_one(
        value("third", inputs, Indexed("t", (), 2 * tensor("x")[3])), value("guarded", inputs, Indexed("t", (), guarded))
    )
    assert module.third(np.arange(3.0)) == 4.0
    with pytest.raises(ValueError, match=r"^x has 2 entries, at least 3 needed$"):
        module.third(np.arange(2.0))
    assert module.guarded(np.arange(2.0)) == -1.0


def test_unknown_functions_are_named():
    request = value("f", (Input("x", ()),), Indexed("t", (), sympy.zeta(scalar("x"))))
    with pytest.raises(NotSupportedYet) as caught:
        kernels.module_text((request,), SOURCE)
    assert caught.value.what == "zeta in zeta(x) has no kernel"


def test_loading_a_file_and_a_text(tmp_path):
    text = kernels.module_text((value("f", (Input("x", ()),), Indexed("t", (), 2 * scalar("x"))),), SOURCE)
    path = tmp_path / "generated.py"
    path.write_text(text, encoding="utf-8")
    assert kernels.load(path).f(2.0) == 4.0
    assert kernels.load(text, "doubled", tmp_path).f(3.0) == 6.0
    assert sorted(p.name.split("_")[0] for p in tmp_path.glob("*.py")) == ["doubled", "generated.py"]


def test_only_generated_modules_are_loaded(tmp_path):
    other = tmp_path / "other.py"
    other.write_text("print('ran')", encoding="utf-8")
    with pytest.raises(BadInput, match=r"other.py is not a generated module\n"):
        kernels.load(other)
    with pytest.raises(BadInput, match=r"^this is not the text of a generated module\n"):
        kernels.load("print('ran')")
    with pytest.raises(BadInput, match=r"^cannot read .*missing.py: No such file or directory\n"):
        kernels.load(tmp_path / "missing.py")


@pytest.mark.parametrize("name", ["sigmoid", "softplus", "fill", "floats"])
def test_a_kernel_may_be_named_like_a_helper_of_its_module(compile_one, name):
    z = 0.75
    text = Indexed("t", (), 1 / (1 + sympy.exp(-scalar("z"))))
    module = compile_one(value(name, (Input("z", ()),), text))
    expected = 1 / (1 + math.exp(-z))
    assert abs(getattr(module, name)(z) - expected) <= 8 * math.ulp(expected)
