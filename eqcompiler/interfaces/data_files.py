"""`--set NAME=SOURCE` -> numbers, with the place that an error can name.

Takes: `0.1`, `0,0,0`, `1,2;3,4`, `data.csv:a,b,c`, `data.csv`, `data.npy`, `data.npz:key`. Gives: `Given`, a float64 array.
Guarantees: every number is finite; a cell that is not is named by file, row and column. Arrays are never changed afterwards.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from eqcompiler.errors import BadInput
from eqcompiler.interfaces.nearest import nearest

Array = NDArray[np.float64]
NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
INLINE = re.compile(rf"\s*{NUMBER}(?:\s*[,;]\s*{NUMBER})*\s*")
FILE = re.compile(r"(?P<file>.+?\.(?P<ending>csv|npy|npz))(?::(?P<part>.+))?", re.IGNORECASE)
FORMS = "a number, numbers 0,0,0 (rows end with ;), FILE.csv:COLUMN,COLUMN, FILE.npy, FILE.npz:KEY"


@dataclass(frozen=True, slots=True)
class Given:
    """The value of one --set. `source` is what stood after the equals sign; a CSV file always gives rows by columns."""

    name: str
    source: str
    array: Array


def read_given(setting: str) -> Given:
    """One NAME=SOURCE. BadInput names the file, row and column that cannot be used."""
    name, equals, source = setting.partition("=")
    if not equals or not name.strip() or not source.strip():
        raise BadInput(f"--set {setting!r} is not NAME=SOURCE", allowed=f"SOURCE is {FORMS}", fix="for example --set alpha=0.1")
    return Given(name.strip(), source.strip(), _read(source.strip()))


def _read(source: str) -> Array:
    if INLINE.fullmatch(source):
        return _inline(source)
    found = FILE.fullmatch(source)
    if not found:
        raise BadInput(f"{source!r} is neither numbers nor a data file", allowed=FORMS, fix="check the spelling and the ending")
    file = Path(found["file"])
    if not file.is_file():
        raise BadInput(f"there is no file {file}", allowed=FORMS, fix="check the path; it is taken from the current folder")
    try:
        return READERS[found["ending"].lower()](file, found["part"])
    except (OSError, EOFError, ValueError, csv.Error, BadZipFile) as error:
        words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        allowed = "a file that numpy.save or numpy.savez wrote, or a CSV file"
        raise BadInput(f"{file} cannot be read: {words}", allowed=allowed, fix="write the file again") from error


def _inline(source: str) -> Array:
    rows = [[float(entry) for entry in row.split(",")] for row in source.split(";")]
    if large := [entry.strip() for entry in re.split("[,;]", source) if not np.isfinite(float(entry))]:
        raise BadInput(f"{large[0]} in {source!r} is too large", allowed="numbers below 1.8e308", fix="scale the data")
    if len({len(row) for row in rows}) > 1:
        lengths = ", ".join(str(len(row)) for row in rows)
        raise BadInput(
            f"the rows of {source!r} have different lengths: {lengths}", allowed="rows of one length", fix="complete the rows"
        )
    if len(rows) > 1:
        return np.array(rows)
    return np.array(rows[0]) if len(rows[0]) > 1 else np.array(rows[0][0])


def _read_csv(file: Path, part: str | None) -> Array:
    """The named columns in the order named, all of them without names."""
    header, rows = _cells(file)
    names = [name.strip() for name in part.split(",")] if part else header
    for name in names:
        if name not in header:
            raise BadInput(
                f"{file} has no column {name!r}",
                allowed=f"its columns: {', '.join(header)}",
                fix=nearest(name, header) or "the first row of the file must name the columns",
            )
    columns = [header.index(name) for name in names]
    return np.array([[_number(file, line, header, row, column) for column in columns] for line, row in rows])


def _cells(file: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Header, and the rows with their line numbers; blank lines are left out."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream)
            rows = [(reader.line_num, row) for row in reader if row]
    except UnicodeDecodeError as error:
        raise BadInput(
            f"{file} is not UTF-8: byte {error.start} is 0x{error.object[error.start]:02x}", fix="save it as UTF-8"
        ) from None
    if len(rows) < 2:
        raise BadInput(f"{file} has no data", allowed="a first row of column names, then rows of numbers", fix="add the rows")
    return [name.strip() for name in rows[0][1]], rows[1:]


def _number(file: Path, line: int, header: Sequence[str], row: Sequence[str], column: int) -> float:
    if len(row) != len(header):
        raise BadInput(
            f"{file}:{line}: a row of {len(row)}, the header names {len(header)} columns",
            allowed="one cell for each column",
            fix="complete the row",
        )
    cell = row[column].strip()
    try:
        value = float(cell)
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise BadInput(
            f"{file}:{line}: column {header[column]!r} holds {cell!r}",
            allowed="finite numbers",
            fix="remove the row or fill in the value",
        )
    return value


def _read_npy(file: Path, part: str | None) -> Array:
    if part:
        raise BadInput(f"{file}:{part}: an .npy file holds one array without a name", fix=f"write {file} alone")
    with file.open("rb") as opened:
        return _finite(np.asarray(np.load(opened, allow_pickle=False)), str(file))


def _read_npz(file: Path, part: str | None) -> Array:
    with file.open("rb") as opened, np.load(opened, allow_pickle=False) as archive:
        if part not in archive.files:
            raise BadInput(
                f"{file} has no array {part!r}" if part else f"{file} holds several arrays",
                allowed=f"its arrays: {', '.join(archive.files)}",
                fix=nearest(part or "", archive.files) or f"write {file}:{archive.files[0]}",
            )
        return _finite(archive[part], f"{file}:{part}")


def _finite(array: NDArray[np.generic], place: str) -> Array:
    if array.dtype.kind not in "iufb":
        raise BadInput(f"{place} holds {array.dtype} entries", allowed="real numbers", fix="convert it with numpy first")
    numbers = np.array(array, dtype=np.float64)
    bad = np.argwhere(~np.isfinite(numbers))
    if bad.size:
        where = ", ".join(str(k) for k in bad[0])
        raise BadInput(
            f"{place}[{where}] is {numbers[tuple(bad[0])]}", allowed="finite numbers", fix="remove the row or fill in the value"
        )
    return numbers


READERS = {"csv": _read_csv, "npy": _read_npy, "npz": _read_npz}
