"""Where the program keeps files of its own, and how it writes any file: whole or not at all.

Takes: paths and contents. Gives: the cache folder of the user, and files.
Guarantees: who reads a file while it is written sees what was there before or all that is new; a write that is stopped or finds
no room leaves nothing behind.
"""

from __future__ import annotations

import errno
import os
import secrets
import sys
from pathlib import Path

VARIABLE = "EQCOMPILER_CACHE"


def cache_folder() -> Path:
    """EQCOMPILER_CACHE, else the place that the system has for such files. OSError where the user has no home folder."""
    if os.environ.get(VARIABLE):
        return Path(os.environ[VARIABLE])
    try:
        home = Path.home()
    except RuntimeError:  # neither HOME nor the system's list of users says where it is
        raise FileNotFoundError(errno.ENOENT, "the home folder of this user is not known") from None
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "eqcompiler"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "eqcompiler" / "Cache"
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))  # a relative path is to be ignored, says the XDG specification
    return (named if named.is_absolute() else home / ".cache") / "eqcompiler"


def write_whole(path: Path, data: bytes) -> None:
    """Written beside its place and moved there; missing folders are made. Raises OSError with the name of the file."""
    target = path.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with beside.open("xb") as file:
            file.write(data)
        os.replace(beside, target)
    except BaseException as error:
        beside.unlink(missing_ok=True)
        if isinstance(error, OSError):
            error.filename = str(path)
        raise
