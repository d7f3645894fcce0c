"""`eqc run FILE KERNEL`: compile one kernel and call it on data.

Takes: an equation file, a kernel's name, a value for each argument. Gives: the results on stdout, and in a file with --out.
Guarantees: names, shapes and numbers are checked before anything is compiled.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eqcompiler.errors import BadInput
from eqcompiler.interfaces.equation_files import errors_of
from eqcompiler.interfaces.nearest import nearest
from eqcompiler.interfaces.results import write_result

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from eqcompiler.languages.kernel_requests import KernelRequest
    from eqcompiler.languages.program import Input
    from eqcompiler.languages.statements import Document

ENDINGS = (".npy", ".npz", ".csv")


@click.command(short_help="Compile one kernel and run it on data.")
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("kernel")
@click.option("--set", "settings", multiple=True, metavar="NAME=SOURCE", help="A value for one argument; see the forms above.")
@click.option("--iterations", type=click.IntRange(min=0), help="Steps of a *_run kernel.  [default: 1000]")
@click.option("--tolerance", type=click.FloatRange(min=0), help="A *_run kernel stops when no entry moves more.  [default: 0]")
@click.option("--seed", type=click.IntRange(min=0), help="What the draws of a sample_* kernel start from.  [default: 0]")
@click.option("--count", type=click.IntRange(min=1), help="How many draws a sample_* kernel makes.  [default: one]")
@click.option("--dtype", type=click.Choice(["float64", "float32"]), default="float64", show_default=True)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Also write the result: .npy, .csv, or .npz for several."
)
def run(
    file: Path,
    kernel: str,
    settings: tuple[str, ...],
    iterations: int | None,
    tolerance: float | None,
    seed: int | None,
    count: int | None,
    dtype: str,
    out: Path | None,
) -> None:
    """Compile KERNEL of FILE and call it. Every argument is given by --set NAME=SOURCE, where SOURCE is one of

    \b
      0.1                  a number
      0,0,0    1,2;3,4     a vector; a matrix, rows separated by ;
      data.csv:a,b,c       columns of a CSV file by their names in its first row
      data.npy             an array
      data.npz:X           one array of an archive

    \b
    Examples
      eqc run equations/linear_regression.tex theta_star --set X='1,2;3,4;5,7' --set y=1,2,4 --set b=0
      eqc run equations/linear_regression.tex theta_run --set X=d.csv:age,bmi --set y=d.csv:target --set b=0
          --set alpha=0.1 --set theta=0,0 --iterations 5000 --tolerance 1e-12 --out theta.csv
    """
    from eqcompiler import pipeline
    from eqcompiler.interfaces.arguments import arguments
    from eqcompiler.interfaces.data_files import read_given

    document = pipeline.load(file)
    _say_what_is_left_out(file, document)
    request = _requested(file, kernel, pipeline.kernel_requests(document))
    wishes = Wishes(iterations, tolerance, seed, count, out)
    wishes.refuse_misplaced(request)
    values = arguments(kernel, _inputs(request), [read_given(setting) for setting in settings])
    function = getattr(pipeline.kernels(document), kernel)
    named = _named(request, function(*(_cast(value, dtype) for value in values), *wishes.last_arguments(request)))
    for name, value in named:
        click.echo(_text(name, value))
    if out:
        write_result(out, _bytes(out, named))
        click.echo(f"wrote {out}", err=True)


@dataclass(frozen=True, slots=True)
class Wishes:
    """The options that only some kernels know."""

    iterations: int | None
    tolerance: float | None
    seed: int | None
    count: int | None
    out: Path | None

    def refuse_misplaced(self, request: KernelRequest) -> None:
        """Options that would otherwise be ignored, and a result that could not be written, before any work is done."""
        if request.kind != "run" and (self.iterations is not None or self.tolerance is not None):
            allowed = "--iterations and --tolerance with a *_run kernel"
            raise BadInput(f"{request.name} does not iterate", allowed=allowed, fix="leave them out")
        if request.kind != "sample" and (self.seed is not None or self.count is not None):
            allowed = "--seed and --count with a sample_* kernel"
            raise BadInput(f"{request.name} draws nothing at random", allowed=allowed, fix="leave them out")
        if self.out:
            _refuse_ending(self.out, request)

    def last_arguments(self, request: KernelRequest) -> tuple[object, ...]:
        """What follows the arguments that the mathematics names. A seed is printed, so that the draws can be had again."""
        if request.kind == "run":
            return (1000 if self.iterations is None else self.iterations, self.tolerance or 0.0)
        if request.kind == "sample":
            click.echo(f"seed {self.seed or 0}", err=True)
            return (self.seed or 0, self.count)
        return ()


def _refuse_ending(out: Path, request: KernelRequest) -> None:
    if out.suffix not in ENDINGS:
        raise BadInput(f"--out {out}: unknown ending {out.suffix!r}", allowed=", ".join(ENDINGS), fix=f"write {out.stem}.npy")
    if out.suffix != ".npz" and len(_result_names(request)) > 1:
        several = ", ".join(_result_names(request))
        raise BadInput(f"{request.name} gives {several}; {out} can hold one", allowed=".npz", fix=f"write {out.stem}.npz")


def _say_what_is_left_out(file: Path, document: Document) -> None:
    from eqcompiler.interfaces.screen import counted

    if errors := errors_of(document):
        click.echo(f"note: {counted(len(errors), 'statement')} of {file} not understood; eqc check {file} says why", err=True)


def _inputs(request: KernelRequest) -> list[Input]:
    """What a person gives: everything but what is drawn."""
    drawn = {draw.name for draw in request.draws}
    return [i for i in request.program.inputs if i.name not in drawn]


def _requested(file: Path, kernel: str, requests: Sequence[KernelRequest]) -> KernelRequest:
    for request in requests:
        if request.name == kernel:
            return request
    names = [request.name for request in requests]
    raise BadInput(
        f"{file} has no kernel {kernel!r}",
        allowed=", ".join(names) or "none: the file defines nothing that can be compiled",
        fix=nearest(kernel, names) or f"eqc build {file} lists the kernels",
    )


def _result_names(request: KernelRequest) -> tuple[str, ...]:
    """What is worth a file: the outputs; of a run the state, not the number of steps."""
    return request.state if request.kind == "run" else request.program.outputs


def _named(request: KernelRequest, result: object) -> list[tuple[str, NDArray[np.generic]]]:
    import numpy as np

    values = result if isinstance(result, tuple) else (result,)
    names = (*request.state, "iterations") if request.kind == "run" else request.program.outputs
    return [(name, np.asarray(value)) for name, value in zip(names, values, strict=True)]


def _cast(value: object, dtype: str) -> object:
    import numpy as np

    return value.astype(dtype) if isinstance(value, np.ndarray) else value


def _text(name: str, value: NDArray[np.generic]) -> str:
    """`J = 0.25`; an array with its shape, one row a line, shortened in the middle when it is long."""
    import numpy as np

    if value.ndim == 0:
        return f"{name} = {value.item()!r}"
    rows = np.array2string(value, threshold=200, max_line_width=100, prefix="  ")
    return f"{name} ({' by '.join(str(size) for size in value.shape)}) =\n  {rows}"


def _bytes(out: Path, named: list[tuple[str, NDArray[np.generic]]]) -> bytes:
    """The file with the results, as its ending asks."""
    import numpy as np

    file = io.BytesIO()
    if out.suffix == ".npz":
        arrays: dict[str, Any] = dict(named)
        np.savez(file, **arrays)
    elif out.suffix == ".npy":
        np.save(file, named[0][1])
    else:
        np.savetxt(file, np.atleast_1d(named[0][1]), delimiter=",", fmt="%.17g", header=named[0][0], comments="")
    return file.getvalue()
