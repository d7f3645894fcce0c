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
from eqcompiler.files import VARIABLE, cache_folder
from eqcompiler.interfaces import verdict_cache, workers
from eqcompiler.interfaces.equation_files import errors_of
from eqcompiler.interfaces.screen import progress, show_errors
from eqcompiler.languages.statements import Claim, Document, Objective
from eqcompiler.languages.verdicts import Verdict

LEAST_SHARE = 16  # claims for which another process pays
READING, READING_BYTE = 60.0, 1e-3  # seconds in which a file must have been read, and for each byte; no claim is at fault
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
        """2 or 3 for what could not be read or judged, 1 for a claim that is not in order, else 0."""
        return max((*(error.exit_code for error in self.errors), *(int(fails(v)) for v in self.verdicts)), default=0)


def fails(verdict: Verdict) -> bool:
    """An objective defines its minimiser and claims nothing: that it is not shown to be convex is said, and no failure. What a
    file expects of it must be met."""
    return not verdict.ok and (verdict.kind, verdict.verdict, verdict.expected) != ("objective", "undecided", None)


@dataclass(frozen=True, slots=True)
class Task:
    """What a process is asked for: the verdicts of a file, or of one part of it, but for those that are known by place."""

    work: Path | Document
    timeout: float
    known: Mapping[int, Verdict]
    part: int = 0
    parts: int = 1
    explained: Claim | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """A file that was read and typed. pending: in place of each verdict one that says that nothing is decided; places: of
    the verdicts that this part gives."""

    errors: tuple[EquationError, ...]
    skipped: Skipped = ()
    pending: tuple[Verdict, ...] = ()
    places: tuple[int, ...] = ()


def judge_file(task: Task, send: workers.Send) -> None:
    """The claims of one file: sends `Read`, then each new verdict in order, and errors where they happen."""
    from eqcompiler import pipeline

    try:
        document = pipeline.load(task.work) if isinstance(task.work, Path) else task.work
    except EquationError as error:
        send(Read((error,)))
        return
    file = document.source.path
    skipped = tuple((file, s.span.line, s.name, s.skip) for s in document.statements if s.skip)
    try:
        pending = pipeline.pending(document)
        places = pipeline.shares(document, task.parts)[task.part]
    except EquationError as error:
        send(Read((*errors_of(document), error), skipped))
        return
    send(Read(errors_of(document), skipped, pending, places))
    known = {place: verdict for place, verdict in enumerate(pending) if place not in places} | dict(task.known)

    def decided(verdict: Verdict) -> None:
        place = _first_open(places, known)
        if place is not None:
            known[place] = verdict
        send(verdict)

    while (place := _first_open(places, known)) is not None:
        try:
            pipeline.verify(document, timeout=task.timeout, on_verdict=decided, known=known, explained=task.explained)
        except CompilerFault as fault:
            place = _first_open(places, known)
            if place is not None:
                known[place] = replace(pending[place], reason="eqcompiler contradicts itself here, see the errors.")
                send(fault)
                send(known[place])


def _first_open(places: tuple[int, ...], known: Mapping[int, Verdict]) -> int | None:
    """The claim that is judged next: claims are judged in order. None when all are known."""
    return next((place for place in places if place not in known), None)


@dataclass
class FileUnderJudgement:
    """One file, or one part of it, on its way through the processes."""

    work: Path | Document
    place: int
    timeout: float
    part: int = 0
    parts: int = 1
    explained: Claim | None = None
    key: str | None = None
    verdicts: dict[int, Verdict] = field(default_factory=dict)
    read: Read | None = None
    faults: list[EquationError] = field(default_factory=list)
    moved_on: Callable[[Verdict], None] = lambda verdict: None

    @property
    def patience(self) -> float:
        return READING + self._size * READING_BYTE if self.read is None else self.timeout + GRACE

    @property
    def _size(self) -> int:
        if not isinstance(self.work, Path):
            return len(self.work.source.text)
        try:
            return self.work.stat().st_size
        except OSError:  # who reads it says what is wrong
            return 0

    def task(self) -> Task:
        self.read = None
        return Task(self.work, self.timeout, dict(self.verdicts), self.part, self.parts, self.explained)

    def hear(self, message: Read | Verdict | EquationError) -> None:
        if isinstance(message, Read):
            self.read = message
        elif isinstance(message, Verdict):
            self._decided(message)
        else:
            self.faults.append(message)

    def _decided(self, verdict: Verdict) -> None:
        place = _first_open(self.read.places, self.verdicts) if self.read is not None else None
        if place is not None:
            self.verdicts[place] = verdict
        self.moved_on(verdict)

    def cut_short(self, why: str) -> bool:
        """The claim that was at work is undecided; the file is given up only when reading it is what does not end."""
        if self.read is None:
            self.faults.append(BadInput(f"{self.name}: reading it was stopped: {why}", fix="split the file, or report it"))
            return False
        place = _first_open(self.read.places, self.verdicts)
        if place is not None:
            words = why.replace(f"{self.patience:g} s", f"{self.timeout:g} s")
            self._decided(replace(self.read.pending[place], method=words, seconds=self.timeout))
        return _first_open(self.read.places, self.verdicts) is not None

    @property
    def name(self) -> str:
        return str(self.work) if isinstance(self.work, Path) else self.work.source.path

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


def judge_all(
    files: tuple[Path, ...], timeout: float, runner: Runner, *, keep: bool = True, processes: int = 1
) -> Iterator[Judged]:
    """Results in the order of the files, each as soon as those before it are there. With fewer files than processes, large
    files are judged in parts."""
    with progress() as bar:
        task = bar.add_task("judging", total=len(files))

        def moved_on(verdict: Verdict) -> None:
            bar.update(task, description=f"judging {verdict.file}:{verdict.line}")

        done: dict[int, Judged] = {}
        open_files = []
        for place, file in enumerate(files):
            desk = FileUnderJudgement(file, place, timeout, moved_on=moved_on)
            found = _kept(desk, file) if keep else None
            if found is None:
                open_files.append(desk)
            else:
                done[place] = found
        bar.advance(task, len(done))
        finished = _whole(runner([part for desk in open_files for part in _parts(desk, processes // len(open_files))]))
        for place in range(len(files)):
            while place not in done:
                desk = next(finished)
                done[desk.place] = desk.judged()
                bar.advance(task)
                keep = keep and _keep(desk)
            yield done[place]


def verdicts(document: Document, timeout: float = 10.0, explained: Claim | None = None) -> tuple[Verdict, ...]:
    """The verdicts of a document that is in memory, judged in a process that has limits; raises what is wrong with more than
    a claim. A claim that hangs or eats the memory is undecided, and who calls goes on."""
    for desk in in_processes(1)([FileUnderJudgement(document, 0, timeout, explained=explained)]):
        if desk.faults:
            raise desk.faults[0]
        return desk.judged().verdicts
    return ()


def _parts(desk: FileUnderJudgement, most: int) -> list[FileUnderJudgement]:
    """The file in as many parts as pay, at most `most`; each part has the claims that are known."""
    count = min(most, _claims(desk) // LEAST_SHARE) if most > 1 else 1
    return (
        [replace(desk, part=part, parts=count, verdicts=dict(desk.verdicts)) for part in range(count)] if count > 1 else [desk]
    )


def _claims(desk: FileUnderJudgement) -> int:
    """How many claims wait; 0 for a file that cannot be read, which its only process will say."""
    from eqcompiler import pipeline

    try:
        document = pipeline.load(desk.work) if isinstance(desk.work, Path) else desk.work
    except EquationError:
        return 0
    return sum(isinstance(s.payload, Claim | Objective) and not s.skip for s in document.statements) - len(desk.verdicts)


def _whole(finished: Iterator[FileUnderJudgement]) -> Iterator[FileUnderJudgement]:
    """Each file when all its parts are done, as if it had been judged in one."""
    waiting: dict[int, list[FileUnderJudgement]] = {}
    for desk in finished:
        parts = waiting.setdefault(desk.place, [])
        parts.append(desk)
        if len(parts) == desk.parts:
            verdicts = {place: verdict for part in parts for place, verdict in part.verdicts.items()}
            faults = [fault for part in sorted(parts, key=lambda p: p.part) for fault in part.faults]
            read = next((part.read for part in parts if part.read is not None), None)
            yield replace(desk, verdicts=verdicts, faults=faults, read=read)


def _kept(desk: FileUnderJudgement, file: Path) -> Judged | None:
    """The file's result when all of it was kept; what was kept of it is known when it is judged."""
    from eqcompiler import pipeline

    try:
        desk.key = verdict_cache.key(pipeline.sources(file), desk.timeout)
    except EquationError:
        return None  # reading the file says what is wrong, and where
    entry = verdict_cache.read(desk.key)
    if entry is None:
        return None
    desk.verdicts = entry.known
    if not entry.whole:
        return None
    errors = errors_of(pipeline.load(file)) if entry.errors else ()
    return Judged(tuple(entry.known.values()), errors, entry.skipped)


def _keep(desk: FileUnderJudgement) -> bool:
    """Whether another file is worth the try."""
    entry = desk.entry()
    if desk.key is None or entry is None:
        return True
    try:
        verdict_cache.write(desk.key, entry)
    except OSError as error:
        place = "" if error.filename is None else f"{cache_folder()} cannot be written: "
        fix = f"set {VARIABLE} to a folder that can be written, or say --no-cache"
        show_errors((BadInput(f"the verdicts are not kept: {place}{error.strerror}", fix=fix),))
        return False
    return True
