"""How a command ends that does not come to its own end: stopped, told to go, with nowhere to write.

Takes: signals, and what the system refuses. Gives: an exit code and one line on stderr.
Guarantees: no traceback for what a person or the system did; what was started ends with the one who started it, even if that
one is killed.
"""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from eqcompiler.errors import BadInput

OF_A_SIGNAL = 128  # what shells add to the number of the signal that has ended a program
NOBODY_READS = OF_A_SIGNAL + 13  # SIGPIPE, whose number is everywhere the same; Windows has none


class ToldToGo(KeyboardInterrupt):
    """SIGTERM, or SIGHUP from a terminal that was closed: everything is left as after Ctrl-C."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def exit_code(stop: KeyboardInterrupt) -> int:
    return OF_A_SIGNAL + (stop.number if isinstance(stop, ToldToGo) else signal.SIGINT)


@contextmanager
def answering_signals() -> Iterator[None]:
    """Signals that would end the process at once raise `ToldToGo` instead; those that somebody else answers are left alone."""
    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    if threading.current_thread() is not threading.main_thread():
        names = []
    ours = [number for number in (getattr(signal, name) for name in names) if signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, _raise_told_to_go)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def _raise_told_to_go(number: int, frame: object) -> None:
    raise ToldToGo(number)


def open_what_is_closed() -> None:
    """`eqc verify >&-`: what is opened next would be taken for the closed stream, so nothing takes its place instead."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number, which is this one
    sys.stdin = sys.stdin or open(os.devnull, encoding="utf-8")  # noqa: SIM115
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def nobody_reads() -> int:
    """`eqc verify | head -1`: not an error, and nothing more to say."""
    let_go_of_what_cannot_be_written()
    return NOBODY_READS


def let_go_of_what_cannot_be_written() -> None:
    """What is left to write goes nowhere, else the interpreter would try again at its end, and complain."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(nothing, stream.fileno())
    os.close(nothing)


def refused(error: OSError) -> BadInput:
    """What the system did not let us do, with the file; without one it is the output."""
    words = error.strerror or str(error)
    if error.filename is None and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
        return BadInput(f"the output cannot be written: {words}", fix="make room, or send it elsewhere")
    place = f"{error.filename}: " if error.filename is not None else ""
    return BadInput(f"{place}{words}", fix="check the path and who may use it")


def end_with_parent() -> None:
    """In a process that another one has started: end when that one does, for one that is killed can end nobody."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os._exit(0)
