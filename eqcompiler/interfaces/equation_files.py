"""PATHS on the command line -> the equation files they stand for.

Takes: paths as typed. Gives: files in a fixed order, each once; documents, each with the errors met in it.
Guarantees: a path that names no equation file is an error, never an empty answer.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from eqcompiler.errors import BadInput, EquationError

if TYPE_CHECKING:
    from eqcompiler.languages.statements import Document

SUFFIXES = (".tex", ".md")
DEFAULT = "equations"
PACKAGE = Path(__file__).parents[1]


def equation_files(paths: Sequence[str]) -> tuple[Path, ...]:
    """Every file that the paths name; folders are searched to the bottom and sorted. BadInput for a path without any."""
    if not paths and not Path(DEFAULT).is_dir():
        raise BadInput(
            f"there is no folder {DEFAULT}/ here",
            allowed="eqc COMMAND FILE, for a .tex or .md file or a folder of them",
            fix=f"name a file, or write a first {DEFAULT}/NAME.tex with eqc new NAME",
        )
    files = [file for path in (paths or (DEFAULT,)) for file in _files_of(Path(path))]
    return tuple(dict.fromkeys(files))


def _files_of(path: Path) -> tuple[Path, ...]:
    if not path.is_dir():
        return (path,)
    files = tuple(sorted(_found_in(path)))
    if not files:
        raise BadInput(
            f"the folder {path} holds no equation files",
            allowed="files that end in .tex or .md, at any depth",
            fix=f"write one (eqc new NAME makes a first {DEFAULT}/NAME.tex) or name another folder",
        )
    return files


def _found_in(folder: Path) -> Iterator[Path]:
    """Equation files at any depth, links that lead nowhere too; nothing hidden: that is where other programs keep theirs."""
    for place, folders, names in os.walk(folder, onerror=_unreadable):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(place, name) for name in names if name.lower().endswith(SUFFIXES) and not name.startswith("."))


def _unreadable(error: OSError) -> None:
    raise BadInput(f"{error.filename}: cannot be read: {error.strerror}", fix="name the folders beside it, or make it readable")


def library() -> Path:
    """The equations that come with the program: those of an installation, or of the copy of the repository it runs from."""
    installed = PACKAGE / DEFAULT
    return installed if installed.is_dir() else PACKAGE.parent / DEFAULT


def errors_of(document: Document) -> tuple[EquationError, ...]:
    """What could not be read or typed in a document, in its order."""
    return tuple(statement.error for statement in document.statements if statement.error is not None)


def worst(codes: Iterable[int]) -> int:
    """The exit code of a command that met all of these: 3 before 2 before 1 before 0."""
    return max(codes, default=0)
