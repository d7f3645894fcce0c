"""Verdicts that are kept between runs, so that an unchanged file costs nothing.

Takes: a key made of everything that a verdict depends on. Gives: the verdicts that were kept under it.
Guarantees: an entry is whole or ignored (a checksum says which); it is written beside its place and moved there, so that runs
at the same time never see half of one. Nothing is kept that another run could decide differently.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from eqcompiler.errors import Source
from eqcompiler.files import cache_folder, write_whole
from eqcompiler.languages.verdicts import Counterexample, Verdict

DEPENDENCIES = ("sympy", "numpy", "scipy", "latex2sympy2", "python-flint", "hypothesis")

Skipped = tuple[tuple[str, int, str, str], ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One file. verdicts: None where it was not settled. errors: whether the file holds what cannot be read."""

    verdicts: tuple[Verdict | None, ...]
    skipped: Skipped
    errors: bool

    @property
    def known(self) -> dict[int, Verdict]:
        return {position: verdict for position, verdict in enumerate(self.verdicts) if verdict is not None}

    @property
    def whole(self) -> bool:
        return None not in self.verdicts


def key(sources: tuple[Source, ...], timeout: float) -> str:
    """The name of the entry: texts of the file and of all that it includes, the time, our code, the libraries, Python."""
    parts = [program_hash(), repr(timeout), *(part for source in sources for part in (source.path, source.text))]
    return _digest(json.dumps(parts).encode())


@cache
def program_hash() -> str:
    """One number for the code that decides: every module of the package, the versions of what it stands on."""
    package = Path(__file__).parents[1]
    digest = hashlib.sha256(sys.version.encode())
    for file in sorted(package.rglob("*.py")):
        digest.update(f"\0{file.relative_to(package).as_posix()}\0".encode())
        digest.update(file.read_bytes())
    for name in DEPENDENCIES:
        digest.update(f"\0{name} {metadata.version(name)}".encode())
    return digest.hexdigest()


def read(name: str) -> Entry | None:
    """The entry, or None when there is none or it is damaged."""
    try:
        data = _place(name).read_bytes()
    except OSError:
        return None
    checksum, _, body = data.partition(b"\n")
    if checksum.decode("ascii", "replace") != _digest(name.encode() + body):
        return None
    fields = json.loads(body)
    verdicts = tuple(None if each is None else _verdict(each) for each in fields["verdicts"])
    return Entry(verdicts, tuple((file, line, what, why) for file, line, what, why in fields["skipped"]), fields["errors"])


def write(name: str, entry: Entry) -> None:
    """Keep what is settled. Raises OSError when the folder cannot be written."""
    settled = [asdict(v) if v is not None and v.settled else None for v in entry.verdicts]
    body = json.dumps({"verdicts": settled, "skipped": entry.skipped, "errors": entry.errors}).encode()
    write_whole(_place(name), _digest(name.encode() + body).encode() + b"\n" + body)


def _place(name: str) -> Path:
    return cache_folder() / "verdicts" / name[:2] / f"{name[2:]}.json"


def _verdict(fields: Mapping[str, Any]) -> Verdict:
    found = fields["counterexample"]
    return Verdict(
        **{**fields, "counterexample": Counterexample(**found) if found else None, "steps": tuple(fields["steps"])},
    )


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
