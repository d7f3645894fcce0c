"""Results that a person wants to have in a file.

Takes: a path and a content. Gives: the file, whole.
Guarantees: a disk that is full, a folder that cannot be written, is an error that names the file; nothing half is left.
"""

from __future__ import annotations

from pathlib import Path

from eqcompiler.errors import BadInput
from eqcompiler.files import write_whole


def write_result(path: Path, content: str | bytes) -> None:
    try:
        write_whole(path, content.encode() if isinstance(content, str) else content)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}", fix="make room there, or name another place") from error


def kept_result(path: Path) -> str:
    """What the file holds now, "" where there is none. A byte that is no text is shown as such."""
    try:
        return path.read_text(encoding="utf-8", errors="backslashreplace") if path.exists() else ""
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}", fix="remove it, or name another place") from error
