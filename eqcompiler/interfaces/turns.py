"""Contenders that do the same work take turns, each in a process of its own, and the clock runs in theirs.

Takes: a function that opens a contender inside its process, jobs for it. Gives: answers, then seconds per call in rounds.
Guarantees: one process works at a time and the others are stopped, so that no thread pool stalls another one (libraries let
their threads spin for up to 0.2 s after a call); every process has the same number of threads; a process that dies or is silent
for too long ends alone and is named.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import repeat
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol

from eqcompiler.interfaces.endings import end_with_parent
from eqcompiler.interfaces.workers import without_interrupts

THREADS = 2
ROUND = 0.005  # seconds that one round takes at least: far above the clock's resolution and a thread's wake-up
LONG = 0.05  # seconds of a call that needs no warm-up before each round
PATIENCE = 300.0  # seconds for compiling and one call
WORDS = 160  # letters of a reason; some libraries give pages
THREAD_LIMITS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)

Call = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Work:
    """A call to be timed, and what of its result is compared with the others' (arrays in an order that all share)."""

    call: Call
    answer: Callable[[Any], Any]


class Contender(Protocol):
    """Lives inside its process. It may keep what it has loaded from one job to the next."""

    def prepare(self, job: Any) -> Work | None:
        """The work on this job; None where this contender has no form for it."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """The answer of a first call, which compiles. No answer: there is no form for this job, or it failed, and why."""

    answer: Any = None
    seconds: float = 0.0
    why: str = ""


@dataclass(slots=True)
class Player:
    """One contender's process, as the one who gives the turns sees it."""

    name: str
    opening: Callable[[], Contender]
    threads: int = THREADS
    process: multiprocessing.process.BaseProcess | None = None
    connection: Connection | None = None
    stopped: bool = field(default=False)

    def begin(self, job: Any) -> None:
        """Send the job; `prepared` waits for it. Several players may prepare at once."""
        if self.process is None or not self.process.is_alive():
            self._start()
        self._send(("prepare", job))

    def prepared(self, patience: float = PATIENCE) -> Prepared:
        answer = self._receive(patience)
        return answer if isinstance(answer, Prepared) else Prepared(why=str(answer))

    def round(self, calls: int) -> float | None:
        """Seconds per call of a round of so many calls; None when the process is lost."""
        self._send(("go", calls))
        seconds = self._receive(PATIENCE)
        self._stop()
        return seconds if isinstance(seconds, float) else None

    def finish(self) -> int | None:
        """Forget the job; the largest resident memory during it, in bytes."""
        self._send(("end", 0))
        peak = self._receive(PATIENCE)
        return peak if isinstance(peak, int) else None

    def close(self) -> None:
        if self.process is not None:
            self._go_on()
            self.process.kill()
            self.process.join()
        self.process = self.connection = None

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        with _limited_threads(self.threads), without_interrupts():
            self.process = context.Process(target=serve, args=(theirs, self.opening, self.threads), daemon=True)
            self.process.start()
        theirs.close()

    def _send(self, message: tuple[str, Any]) -> None:
        self._go_on()
        if self.connection is not None:
            try:
                self.connection.send(message)
            except OSError:
                self.close()

    def _receive(self, patience: float) -> object:
        if self.connection is None:
            return f"the process of {self.name} has ended"
        try:
            if self.connection.poll(patience):
                return self.connection.recv()
            why = f"{self.name} was silent for {patience:.0f} s"
        except (EOFError, OSError):
            why = f"the process of {self.name} has ended"
        self.close()
        return why

    def _stop(self) -> None:
        if hasattr(signal, "SIGSTOP") and self.process is not None and self.process.pid is not None:
            os.kill(self.process.pid, signal.SIGSTOP)
            self.stopped = True

    def _go_on(self) -> None:
        if self.stopped and self.process is not None and self.process.pid is not None:
            os.kill(self.process.pid, signal.SIGCONT)
        self.stopped = False


@contextmanager
def _limited_threads(threads: int) -> Any:
    """Libraries read these when they are loaded, so a new process must already find them."""
    before = {name: os.environ.get(name) for name in THREAD_LIMITS}
    os.environ.update(dict.fromkeys(THREAD_LIMITS, str(threads)))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def serve(connection: Connection, opening: Callable[[], Contender], threads: int) -> None:
    """The life of a contender's process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the one who gives the turns, who ends the others
    end_with_parent()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    contender = opening()
    work: Work | None = None
    while True:
        try:
            order, given = connection.recv()
        except EOFError:
            return
        if order == "prepare":
            work = None
            gc.collect()
            reset_peak()
            work, reply = _first_call(contender, given)
            connection.send(reply)
        elif order == "go" and work is not None:
            connection.send(timed(work.call, given))
        else:
            work = None
            connection.send(peak_memory())


def _first_call(contender: Contender, job: Any) -> tuple[Work | None, Prepared]:
    start = time.perf_counter()
    try:
        work = contender.prepare(job)
        if work is None:
            return None, Prepared(why="no form")
        result = work.call()
        seconds = time.perf_counter() - start
        return work, Prepared(work.answer(result), seconds)
    except Exception as error:  # whatever a library raises: its contender is out of this comparison, with the reason
        words = str(error).strip().partition("\n")[0]
        return None, Prepared(why=f"{type(error).__name__}: {words[:WORDS]}")


def timed(call: Call, calls: int) -> float:
    """Seconds per call. Collecting garbage is nobody's work; a short call is made once before the clock starts."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        start = time.perf_counter()
        call()
        seconds = time.perf_counter() - start
        if calls == 1 and seconds > LONG:
            return seconds
        start = time.perf_counter()
        for _ in repeat(None, calls):
            call()
        return (time.perf_counter() - start) / calls
    finally:
        if collecting:
            gc.enable()


def calls_per_round(player: Player, shortest: float = ROUND) -> tuple[int, float] | None:
    """As many calls as a round needs to take at least `shortest` seconds, and the seconds of one; None: the process is lost."""
    calls = 1
    while (seconds := player.round(calls)) is not None:
        if seconds * calls >= shortest / 2 or calls >= 10**7:
            return max(1, round(shortest / seconds + 0.5)), seconds
        calls = max(2 * calls, min(100 * calls, int(shortest / max(seconds, 1e-9))))
    return None


def reset_peak() -> None:
    """Start the count of the largest resident memory again, where the system lets a process do so."""
    clear = Path("/proc/self/clear_refs")
    if clear.exists():
        clear.write_text("5")


def peak_memory() -> int:
    """The largest resident memory of this process, in bytes, since `reset_peak`; without /proc since it began."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
