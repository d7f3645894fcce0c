"""What changed on disk, and what that changed in the verdicts.

Takes: PATHS; two results for one file. Gives: a stamp for each equation file with all that it reads; lines `place: was -> is`.
Guarantees: no file is kept open, and nothing that the system refuses is raised; a file counts as changed only when it has stood
still between two looks, so that half of a file is rarely judged.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from eqcompiler.errors import BadInput, EquationError
from eqcompiler.interfaces.equation_files import equation_files
from eqcompiler.interfaces.judging import Judged
from eqcompiler.interfaces.verdict_table import verdict_words
from eqcompiler.languages.verdicts import Verdict

Stamp = tuple[tuple[str, int, int, int], ...]  # path, time of the last change, size, number of the file on its disk


@dataclass(slots=True)
class Watched:
    """The files that the paths name at the moment. trouble: why they cannot be listed, None when they can."""

    paths: tuple[str, ...]
    trouble: BadInput | None = None
    changed: tuple[Path, ...] = ()
    gone: tuple[Path, ...] = ()
    _seen: dict[Path, Stamp] = field(default_factory=dict)
    _judged: dict[Path, Stamp] = field(default_factory=dict)
    _reads: dict[Path, tuple[Path, ...]] = field(default_factory=dict)

    def look(self) -> None:
        """Notes how each file is now. `changed` and `gone` speak of the last look."""
        now = {file: self._stamp(file) for file in self._files()}
        self.changed = tuple(file for file, stamp in now.items() if self._seen.get(file) == stamp != self._judged.get(file))
        self.gone = tuple(file for file in self._judged if file not in now)
        self._seen = now
        for file in self.gone:
            del self._judged[file]

    def begin(self, file: Path) -> None:
        """The file is judged as it was at the last look; what changes from there on is a new change."""
        self._reads[file] = _included(file, otherwise=self._reads.get(file, ()))
        self._judged[file] = self._seen[file] = self._stamp(file)

    def _files(self) -> tuple[Path, ...]:
        try:
            files = equation_files(self.paths)
        except BadInput as trouble:  # a folder that is empty, gone or locked: maybe not for long
            self.trouble = trouble
            return ()
        self.trouble = None
        return files

    def _stamp(self, file: Path) -> Stamp:
        return tuple(_stamp_of(each) for each in (file, *self._reads.get(file, ())))


def _included(file: Path, otherwise: tuple[Path, ...]) -> tuple[Path, ...]:
    """The files that decide about this one; `otherwise` where that cannot be read now."""
    from eqcompiler import pipeline

    try:
        return tuple(Path(source.path) for source in pipeline.sources(file)[1:])
    except EquationError:
        return otherwise  # judging says what is wrong


def _stamp_of(file: Path) -> tuple[str, int, int, int]:
    try:
        status = os.stat(file)
    except OSError:  # gone, or not ours to look at: different from any file that is there
        return (str(file), 0, -1, 0)
    return (str(file), status.st_mtime_ns, status.st_size, status.st_ino)


def changed_verdicts(before: Judged, after: Judged) -> Iterator[str]:
    """`place name: was -> is` for each claim whose verdict is another one, then those that are gone."""
    old, new = _by_name(before), _by_name(after)
    left = {key: verdict for key, verdict in old.items() if key not in new}
    for key, verdict in new.items():
        was = old.get(key) or _at_line(verdict.line, left)  # what cannot be read any more has lost its name
        words = "new" if was is None else verdict_words(was)
        if words != verdict_words(verdict):
            name = verdict.name or (was.name if was is not None else "")
            yield f"{verdict.file}:{verdict.line} {name}".rstrip() + f": {words} -> {verdict_words(verdict)}"
    for verdict in left.values():
        yield f"{verdict.file}: {verdict.name or f'line {verdict.line}'}: {verdict_words(verdict)} -> gone"


def _at_line(line: int, left: dict[tuple[str, int], Verdict]) -> Verdict | None:
    """The verdict of that line among those that are left, which it leaves."""
    key = next((key for key, verdict in left.items() if verdict.line == line), None)
    return left.pop(key) if key is not None else None


def _by_name(judged: Judged) -> Mapping[tuple[str, int], Verdict]:
    """Each claim under its name, or its text where it has none, and a number for those that share it."""
    found: dict[tuple[str, int], Verdict] = {}
    for verdict in judged.verdicts:
        name, number = verdict.name or verdict.latex, 1
        while (name, number) in found:
            number += 1
        found[name, number] = verdict
    return found
