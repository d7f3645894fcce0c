"""`eqc demo`: the whole road on real data, next to scikit-learn.

Takes: the equations of a copy of the repository, else those that come with the program. Gives: verdicts, kernels, three sets of
coefficients with their largest difference, and a trained network with its accuracy.
Guarantees: exit code 1 when a claim is not in order, the coefficients differ by more than 1e-6, relative to the largest, or
the network recognises less than 95 % of the test images.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import click

from eqcompiler.errors import BadInput

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]

MODEL = "linear_regression.tex"
TOLERANCE = 1e-6
STEPS = 200_000


@dataclass(frozen=True, slots=True)
class Fit:
    """Coefficients found one way, the intercept, and what it took."""

    how: str
    coefficients: Vector
    intercept: float
    note: str


@click.command(short_help="Verify, build, and fit real data next to scikit-learn.")
@click.option(
    "--equations",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder.  [default: equations, else those that come with eqcompiler]",
)
@click.pass_context
def demo(ctx: click.Context, equations: Path | None) -> None:
    """Verify the equations, build their kernels, then fit the diabetes data that scikit-learn ships (442 patients, 10 columns)
    by generated gradient descent and by the generated normal equation, next to scikit-learn's LinearRegression. At last train
    a network on the handwritten digits that scikit-learn ships (1797 images), with the generated gradient.

    \b
    Example
      eqc demo                                   with scikit-learn installed
    """
    from eqcompiler.interfaces import demo_digits
    from eqcompiler.interfaces.build import build
    from eqcompiler.interfaces.equation_files import DEFAULT, library
    from eqcompiler.interfaces.verify import verify

    _diabetes()  # without its data the demo ends here, not after all verdicts
    equations = equations or (Path(DEFAULT) if (Path(DEFAULT) / MODEL).is_file() else library())
    click.secho(f"1. Verify {equations}/", bold=True)
    verified = _code(ctx, verify, [str(equations)])
    click.secho("\n2. Build the kernels", bold=True)
    # beside the equations in a copy of the repository; a folder of its own elsewhere
    out = Path("generated") if Path("pyproject.toml").exists() else Path(tempfile.mkdtemp(prefix="eqcompiler-"))
    built = _code(ctx, build, [str(equations), "--out", str(out)])
    click.secho("\n3. Fit the diabetes data", bold=True)
    difference = fit(equations / MODEL)
    click.secho("\n4. Train a network on handwritten digits", bold=True)
    reached = demo_digits.train(equations / demo_digits.NETWORK)
    in_order = difference <= TOLERANCE and reached >= demo_digits.WANTED
    ctx.exit(max(verified, built, 0 if in_order else 1))


def _code(ctx: click.Context, command: click.Command, arguments: list[str]) -> int:
    """The exit code of another command, run in place."""
    with command.make_context(command.name, arguments, parent=ctx) as inner:
        try:
            command.invoke(inner)
        except click.exceptions.Exit as done:
            return done.exit_code
    return 0


def fit(model: Path) -> float:
    """Fits three ways, prints them side by side; the largest relative difference from scikit-learn."""
    X, y, columns = _diabetes()
    click.echo(f"{X.shape[0]} patients, {X.shape[1]} columns. Nothing is standardised. The columns of this data set")
    click.echo(f"have mean zero, so the best intercept is the mean of y: b = {y.mean():.6f}.\n")
    kernels = _kernels(model)
    fits = [_descend(kernels, X, y), _solve(kernels, X, y), _reference(X, y)]
    _show(columns, fits)
    return _report(fits)


def _diabetes() -> tuple[Vector, Vector, list[str]]:
    try:
        from sklearn.datasets import load_diabetes
    except ImportError:
        raise BadInput("the demo needs scikit-learn for its data", fix="pip install 'eqcompiler[demo]', or make demo") from None
    data = load_diabetes()
    return data.data, data.target, list(data.feature_names)


def _kernels(model: Path) -> ModuleType:
    from eqcompiler import pipeline

    return pipeline.kernels(pipeline.load(model))


def _descend(kernels: ModuleType, X: Vector, y: Vector) -> Fit:
    """theta := theta - alpha grad J(theta), alpha = 1/L with L the largest eigenvalue of the Hessian (2/L is the bound)."""
    import numpy as np

    b = float(y.mean())
    alpha = X.shape[0] / (2 * float(np.linalg.eigvalsh(X.T @ X)[-1]))
    start = time.perf_counter()
    theta, steps = kernels.theta_run(theta=np.zeros(X.shape[1]), X=X, y=y, b=b, alpha=alpha, iterations=STEPS, tolerance=1e-11)
    return Fit("descent", theta, b, f"{steps} steps, alpha = {alpha:.3f}, {time.perf_counter() - start:.2f} s with compilation")


def _solve(kernels: ModuleType, X: Vector, y: Vector) -> Fit:
    b = float(y.mean())
    start = time.perf_counter()
    theta = kernels.theta_star(X=X, y=y, b=b)
    return Fit("normal equation", theta, b, f"{time.perf_counter() - start:.2f} s with compilation")


def _reference(X: Vector, y: Vector) -> Fit:
    from sklearn.linear_model import LinearRegression

    start = time.perf_counter()
    fitted = LinearRegression().fit(X, y)
    return Fit("scikit-learn", fitted.coef_, float(fitted.intercept_), f"{time.perf_counter() - start:.2f} s")


def _show(columns: list[str], fits: list[Fit]) -> None:
    click.echo(f"{'':12}" + "".join(f"{fit.how:>18}" for fit in fits))
    rows = [("intercept", [fit.intercept for fit in fits])]
    rows += [(name, [float(fit.coefficients[k]) for fit in fits]) for k, name in enumerate(columns)]
    for name, values in rows:
        click.echo(f"{name:12}" + "".join(f"{value:18.8f}" for value in values))
    click.echo()
    for fit in fits:
        click.echo(f"{fit.how + ':':17}{fit.note}")


def _report(fits: list[Fit]) -> float:
    """Largest difference of a coefficient from scikit-learn's, relative to that coefficient."""
    import numpy as np

    *ours, reference = (np.append(fit.coefficients, fit.intercept) for fit in fits)
    difference = max(float(np.max(np.abs(own - reference) / np.abs(reference))) for own in ours)
    verdict = "at most" if difference <= TOLERANCE else "MORE THAN"
    click.echo(f"\nlargest relative difference from scikit-learn: {difference:.1e}, {verdict} {TOLERANCE:.0e}")
    return difference
