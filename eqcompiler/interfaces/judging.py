"""Equation files -> verdicts: what was decided before is read, the rest is judged by processes that can be stopped.

Takes: files, a time per claim, a number of processes. Gives: `Judged`, one per file, in the order of the files.
Guarantees: an error in one file is part of its result and never stops the others; a claim that hangs, or eats the memory, is
undecided and costs its process, not the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from eqcompiler.errors import BadInput, CompilerFault, EquationError
from eqcompiler.interfaces import verdict_cache, workers
from eqcompiler.interfaces.equation_files import errors_of
from eqcompiler.interfaces.screen import progress, show_errors
from eqcompiler.languages.verdicts import Verdict

READING = 60.0  # seconds in which a file must have been read; no claim is at fault there
GRACE = 1.0  # seconds for a claim to notice by itself that its time is over
Skipped = tuple[tuple[str, int, str, str], ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """One file after judging. `skipped`: (file, line, name, reason) of what the author excludes."""

    verdicts: tuple[Verdict, ...] = ()
    errors: tuple[EquationError, ...] = ()
    skipped: Skipped = ()

    @property
    def exit_code(self) -> int:
        """2 or 3 for what could not be read or judged, 1 for a verdict that is not in order, else 0."""
        return max((*(error.exit_code for error in self.errors), *(0 if v.ok else 1 for v in self.verdicts)), default=0)


@dataclass(frozen=True, slots=True)
class Task:
    """What a process is asked for: the verdicts of a file, but for those that are known by place."""

    file: Path
    timeout: float
    known: Mapping[int, Verdict]


@dataclass(frozen=True, slots=True)
class Read:
    """A file that was read and typed. pending: in place of each verdict one that says that nothing is decided."""

    errors: tuple[EquationError, ...]
    skipped: Skipped = ()
    pending: tuple[Verdict, ...] = ()


def judge_file(task: Task, send: workers.Send) -> None:
    """All claims of one file: sends `Read`, then each new verdict in order, and errors where they happen."""
    from eqcompiler import pipeline

    try:
        document = pipeline.load(task.file)
    except EquationError as error:
        send(Read((error,)))
        return
    skipped = tuple((str(task.file), s.span.line, s.name, s.skip) for s in document.statements if s.skip)
    try:
        pending = pipeline.pending(document)
    except EquationError as error:
        send(Read((*errors_of(document), error), skipped))
        return
    send(Read(errors_of(document), skipped, pending))
    known = dict(task.known)

    def decided(verdict: Verdict) -> None:
        known[_first_open(pending, known)] = verdict
        send(verdict)

    while len(known) < len(pending):
        try:
            pipeline.verify(document, timeout=task.timeout, on_verdict=decided, known=known)
        except CompilerFault as fault:
            place = _first_open(pending, known)
            known[place] = replace(pending[place], reason="eqcompiler contradicts itself here, see the errors.")
            send(fault)
            send(known[place])


def _first_open(pending: tuple[Verdict, ...], known: Mapping[int, Verdict]) -> int:
    """The claim that is judged next: claims are judged in order. The number of claims when all are known."""
    return next((place for place in range(len(pending)) if place not in known), len(pending))


@dataclass
class FileUnderJudgement:
    """One file on its way through the processes."""

    file: Path
    place: int
    timeout: float
    key: str | None = None
    verdicts: dict[int, Verdict] = field(default_factory=dict)
    read: Read | None = None
    faults: list[EquationError] = field(default_factory=list)
    moved_on: Callable[[Verdict], None] = lambda verdict: None

    @property
    def patience(self) -> float:
        return READING if self.read is None else self.timeout + GRACE

    def task(self) -> Task:
        self.read = None
        return Task(self.file, self.timeout, dict(self.verdicts))

    def hear(self, message: Read | Verdict | EquationError) -> None:
        if isinstance(message, Read):
            self.read = message
        elif isinstance(message, Verdict):
            self._decided(message)
        else:
            self.faults.append(message)

    def _decided(self, verdict: Verdict) -> None:
        self.verdicts[_first_open(self.read.pending if self.read else (), self.verdicts)] = verdict
        self.moved_on(verdict)

    def cut_short(self, why: str) -> bool:
        """The claim that was at work is undecided; the file is given up only when reading it is what does not end."""
        if self.read is None:
            self.faults.append(BadInput(f"{self.file}: reading it was stopped: {why}", fix="split the file, or report it"))
            return False
        place = _first_open(self.read.pending, self.verdicts)
        if place < len(self.read.pending):
            words = why.replace(f"{self.patience:g} s", f"{self.timeout:g} s")
            self._decided(replace(self.read.pending[place], method=words, seconds=self.timeout))
        return len(self.verdicts) < len(self.read.pending)

    def judged(self) -> Judged:
        read = self.read or Read(())
        return Judged(tuple(self.verdicts[k] for k in sorted(self.verdicts)), (*read.errors, *self.faults), read.skipped)

    def entry(self) -> verdict_cache.Entry | None:
        """What may be kept: nothing when anything was wrong with more than the file."""
        if self.read is None or self.faults:
            return None
        verdicts = tuple(self.verdicts.get(k) for k in range(len(self.read.pending)))
        return verdict_cache.Entry(verdicts, self.read.skipped, bool(self.read.errors))


Runner = Callable[[list[FileUnderJudgement]], Iterator[FileUnderJudgement]]


def in_processes(processes: int, target: workers.Target = judge_file, limits: workers.Limits | None = None) -> Runner:
    return partial(workers.run, target=target, processes=processes, limits=limits)


def judge_all(files: tuple[Path, ...], timeout: float, runner: Runner, *, keep: bool = True) -> Iterator[Judged]:
    """Results in the order of the files, each as soon as those before it are there."""
    with progress() as bar:
        task = bar.add_task("judging", total=len(files))

        def moved_on(verdict: Verdict) -> None:
            bar.update(task, description=f"judging {verdict.file}:{verdict.line}")

        done: dict[int, Judged] = {}
        open_files = []
        for place, file in enumerate(files):
            desk = FileUnderJudgement(file, place, timeout, moved_on=moved_on)
            found = _kept(desk) if keep else None
            if found is None:
                open_files.append(desk)
            else:
                done[place] = found
        bar.advance(task, len(done))
        finished = runner(open_files)
        for place in range(len(files)):
            while place not in done:
                desk = next(finished)
                done[desk.place] = desk.judged()
                bar.advance(task)
                keep = keep and _keep(desk)
            yield done[place]


def _kept(desk: FileUnderJudgement) -> Judged | None:
    """The file's result when all of it was kept; what was kept of it is known when it is judged."""
    from eqcompiler import pipeline

    try:
        desk.key = verdict_cache.key(pipeline.sources(desk.file), desk.timeout)
    except EquationError:
        return None  # reading the file says what is wrong, and where
    entry = verdict_cache.read(desk.key)
    if entry is None:
        return None
    desk.verdicts = entry.known
    if not entry.whole:
        return None
    errors = errors_of(pipeline.load(desk.file)) if entry.errors else ()
    return Judged(tuple(entry.known.values()), errors, entry.skipped)


def _keep(desk: FileUnderJudgement) -> bool:
    """Whether another file is worth the try."""
    entry = desk.entry()
    if desk.key is None or entry is None:
        return True
    try:
        verdict_cache.write(desk.key, entry)
    except OSError as error:
        place = verdict_cache.folder()
        fix = f"set {verdict_cache.VARIABLE} to a folder that can be written, or say --no-cache"
        show_errors((BadInput(f"the verdicts are not kept: {place} cannot be written: {error.strerror}", fix=fix),))
        return False
    return True
