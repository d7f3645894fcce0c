"""Processes that work through jobs with hard limits, so that a stuck call can neither hang nor kill the run.

Takes: jobs, the function that works on one inside a process, a number of processes. Gives: each job when it is done.
Guarantees: a process that is silent for longer than its job allows is killed, one that runs out of memory ends alone; the job
is told why and may go on in a fresh process; the other jobs never notice. Processes are used for job after job.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, Protocol, TypeVar

from eqcompiler.errors import BadInput
from eqcompiler.interfaces.endings import end_with_parent

MEMORY = 4 * 2**30  # bytes of address space for one process
STARTING = 120.0  # seconds for a process to start, which is nobody's fault
OUT_OF_MEMORY = 77  # exit code
PRELOADED = ["eqcompiler.pipeline", "eqcompiler.verification.judge"]

Send = Callable[[object], None]
Target = Callable[[Any, Send], None]


class Job(Protocol):
    """What is worked on, as the process that waits for it sees it."""

    @property
    def patience(self) -> float:
        """Seconds to wait for the next message."""

    def task(self) -> object:
        """What to send to a process, now; it is pickled."""

    def hear(self, message: Any) -> None:
        """One message of the target."""

    def cut_short(self, why: str) -> bool:
        """The process has ended before its work was done. True: go on, with a new `task()`."""


AnyJob = TypeVar("AnyJob", bound=Job)


@dataclass(frozen=True, slots=True)
class Limits:
    memory: int = MEMORY
    starting: float = STARTING


@dataclass(frozen=True, slots=True)
class _Sign:
    """What a process says about itself between the messages of its target."""

    word: str


READY, DONE = _Sign("ready"), _Sign("done")


def run(jobs: Iterable[AnyJob], target: Target, processes: int, limits: Limits | None = None) -> Iterator[AnyJob]:
    """Each job when it is done, in whatever order. An exception that the target lets through ends its process, no other."""
    waiting = deque(jobs)
    staff: list[_Worker[AnyJob]] = [_Worker(target, limits or Limits()) for _ in range(min(processes, len(waiting)))]
    try:
        for worker in staff:
            worker.begin(waiting.popleft())
        while busy := [worker for worker in staff if worker.job is not None]:
            soonest = min(worker.deadline for worker in busy) - time.monotonic()
            ready = wait([worker.connection for worker in busy], max(0.0, soonest))
            for worker in busy:
                finished = worker.attend(worker.connection in ready)
                if finished is None:
                    continue
                if waiting:
                    worker.begin(waiting.popleft())
                else:
                    worker.stop()  # now: who takes the last job may never ask for more
                yield finished
    finally:
        for worker in staff:
            worker.stop()


@dataclass
class _Worker(Generic[AnyJob]):
    """One process and the job that it has; a process that ended is replaced when there is work."""

    target: Target
    limits: Limits
    job: AnyJob | None = None
    deadline: float = 0.0
    started: bool = False
    process: Any = None
    connection: Connection = field(init=False)

    def begin(self, job: AnyJob) -> None:
        self.job = job
        if self.process is None:
            self._start()
        try:
            self.connection.send(job.task())
        except OSError:  # the system ended it while it waited
            self.stop()
            self._start()
            self.connection.send(job.task())
        self.deadline = time.monotonic() + (job.patience if self.started else self.limits.starting)

    def _start(self) -> None:
        if multiprocessing.current_process().daemon:
            raise BadInput(
                "claims are judged in processes of their own, and a daemonic process may start none",
                allowed="a process that is not daemonic: those of concurrent.futures.ProcessPoolExecutor are not, those of "
                "multiprocessing.Pool are",
                fix="call verify in the main process, or give the documents to a ProcessPoolExecutor",
            )
        context = _context()
        self.connection, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self.target, self.limits.memory), daemon=True)
        with without_main(), without_interrupts():
            process.start()
        theirs.close()
        self.process = process
        self.started = False

    def attend(self, has_spoken: bool) -> AnyJob | None:
        """Hear one message or end what is late; the job when it is done."""
        if self.job is None:
            return None
        if has_spoken:
            return self._hear(self.job)
        if time.monotonic() < self.deadline:
            return None
        return self._replaced(self.job, f"time ran out after {self.job.patience:g} s")

    def _hear(self, job: AnyJob) -> AnyJob | None:
        try:
            message = self.connection.recv()
        except (EOFError, OSError):
            self.process.join()
            return self._replaced(job, self._last_words(self.process.exitcode))
        self.started = True
        if message == DONE:
            self.job = None
            return job
        if message != READY:
            job.hear(message)
        self.deadline = time.monotonic() + job.patience
        return None

    def _last_words(self, code: int | None) -> str:
        limit = f"{self.limits.memory / 2**30:.3g} GiB"
        if code == OUT_OF_MEMORY:
            return f"memory ran out at {limit}"
        return f"its process ended with code {code} (memory is limited to {limit})"

    def _replaced(self, job: AnyJob, why: str) -> AnyJob | None:
        """End the process. The job goes on in a fresh one, or is done."""
        self.stop()
        self.job = None
        if not job.cut_short(why):
            return job
        self.begin(job)
        return None

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.join()
            self.connection.close()
            self.process = None


@contextmanager
def without_main() -> Iterator[None]:
    """A new process runs the caller's script again unless it cannot see it; the targets here need nothing of it."""
    main: dict[str, object] = vars(sys.modules["__main__"])
    kept = {name: value for name, value in main.items() if name in ("__spec__", "__file__")}
    main.update(dict.fromkeys(kept))
    try:
        yield
    finally:
        main.update(kept)


@contextmanager
def without_interrupts() -> Iterator[None]:
    """What is started here never hears Ctrl-C, not even while it still loads its libraries."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    resource_tracker.ensure_running()  # the first start would start it, and then lets interrupts through
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _context() -> Any:
    """A server that has the libraries loaded and forks, where there is one; never a fork of this process with its threads."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


def _serve(connection: Connection, target: Target, memory: int) -> None:
    """A process: tasks in, messages out, until the other side is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is answered by the process that started this one
    end_with_parent()
    _limit_memory(memory)
    try:
        connection.send(READY)
        while True:
            task = connection.recv()
            target(task, connection.send)
            connection.send(DONE)
    except (EOFError, BrokenPipeError):
        return
    except MemoryError:
        os._exit(OUT_OF_MEMORY)


def _limit_memory(memory: int) -> None:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    try:
        resource.setrlimit(resource.RLIMIT_AS, (memory if hard == resource.RLIM_INFINITY else min(memory, hard), hard))
    except (ValueError, OSError):  # a system that knows the limit and refuses it
        return


def processors() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
