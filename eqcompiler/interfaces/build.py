"""`eqc build`: write the kernels of each equation file to generated/.

Takes: PATHS. Gives: generated/<stem>.py for each file with kernels; with --check a diff instead.
Guarantees: the same files give the same bytes; two files never write the same module; --check writes nothing.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import click

from eqcompiler.errors import BadInput, EquationError
from eqcompiler.interfaces.equation_files import equation_files, errors_of, worst


@click.command(short_help="Write the kernels to generated/.")
@click.argument("paths", nargs=-1)
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default=Path("generated"), show_default=True, help="Folder."
)
@click.option(
    "--check", "only_check", is_flag=True, help="Write nothing; show what is stale as a diff, exit code 1 if anything is."
)
@click.pass_context
def build(ctx: click.Context, paths: tuple[str, ...], out: Path, only_check: bool) -> None:
    """Compile equation files to standalone Python modules that need only NumPy and Numba.

    \b
    Examples
      eqc build                                  equations/ridge.tex -> generated/ridge.py, ...
      eqc build ridge.tex --out kernels          one file, another folder
      eqc build --check                          is generated/ up to date? (for tests and CI)
    """
    files = equation_files(paths)
    _refuse_same_stem(files)
    ctx.exit(worst([_build_file(file, out / f"{file.stem}.py", only_check) for file in files]))


def _refuse_same_stem(files: tuple[Path, ...]) -> None:
    owners: dict[str, Path] = {}
    for file in files:
        other = owners.setdefault(file.stem, file)
        if other != file:
            raise BadInput(
                f"{other} and {file} would both be written to {file.stem}.py",
                allowed="equation files whose names differ without their ending",
                fix="rename one of them, or build them into different folders with --out",
            )


def _build_file(file: Path, target: Path, only_check: bool) -> int:
    from eqcompiler.interfaces.screen import show_errors

    try:
        return _built(file, target, only_check)
    except EquationError as error:
        show_errors([error])
        return error.exit_code


def _built(file: Path, target: Path, only_check: bool) -> int:
    from eqcompiler import pipeline
    from eqcompiler.interfaces.results import kept_result, write_result
    from eqcompiler.interfaces.screen import counted, show_errors

    document = pipeline.load(file)
    names = pipeline.kernel_names(document)
    text = pipeline.build(document) if names else ""
    show_errors(errors_of(document))
    for words, group in groupby(pipeline.kernel_refusals(document), key=lambda r: f"{r[1].what} ({r[1].span or file})"):
        click.echo(f"note: no kernel for {', '.join(name for name, _ in group)}: {words}", err=True)
    code = worst(error.exit_code for error in errors_of(document))
    old = kept_result(target)
    if old == text:
        click.echo(f"{file}: {target} is up to date" if names else f"{file}: no kernels")
    elif only_check:
        click.echo(_difference(old, text, target), nl=False)
        code = max(code, 1)
    elif names:
        write_result(target, text)
        click.echo(f"{file}: wrote {target}, {counted(len(names), 'kernel')}: {', '.join(names)}")
    else:
        click.echo(f"{file}: no kernels; {target} is left from an earlier version, delete it")
        code = max(code, 1)
    return code


def _difference(old: str, new: str, target: Path) -> str:
    from difflib import unified_diff

    lines = unified_diff(
        old.splitlines(keepends=True), new.splitlines(keepends=True), f"{target} (as it is)", f"{target} (as built now)"
    )
    return "".join(lines)
