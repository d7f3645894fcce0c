"""Processes with hard limits: what hangs, eats memory or dies costs itself and nobody else. The targets here do just that."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from dataclasses import dataclass, field

import pytest

from eqcompiler.errors import BadInput
from eqcompiler.interfaces import workers
from eqcompiler.interfaces.workers import Limits, Send

LIMITS = Limits(memory=3 * 2**30)


@dataclass
class Errand:
    """A list of commands; what is heard; what cut it short."""

    commands: tuple[str, ...]
    goes_on: bool = False
    patience: float = 30.0
    heard: list[object] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)

    def task(self) -> object:
        return self.commands[len(self.heard) + len(self.cut) :]

    def hear(self, message: object) -> None:
        self.heard.append(message)

    def cut_short(self, why: str) -> bool:
        self.cut.append(why)
        return self.goes_on


def obey(commands: tuple[str, ...], send: Send) -> None:
    for command in commands:
        if command == "hang":
            time.sleep(1000)
        elif command == "eat":
            send(len(bytearray(4 * 2**30)))
        elif command == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        send(os.getpid() if command == "who" else command)


def run(*errands: Errand, processes: int = 2) -> list[Errand]:
    return list(workers.run(errands, obey, processes, LIMITS))


@pytest.mark.parametrize(
    ("evil", "why"),
    [
        ("hang", "time ran out after 1 s"),
        ("eat", "memory ran out at 3 GiB"),
        ("die", "its process ended with code -9 (memory is limited to 3 GiB)"),
    ],
)
def test_what_misbehaves_is_ended_and_the_others_never_notice(evil: str, why: str) -> None:
    bad = Errand(("a", evil, "b"), patience=1.0 if evil == "hang" else 30.0)
    good = [Errand((str(k), "x")) for k in range(4)]
    done = run(bad, *good)
    assert sorted(map(id, done)) == sorted(map(id, [bad, *good]))
    assert (bad.heard, bad.cut) == (["a"], [why])
    assert [(each.heard, each.cut) for each in good] == [([str(k), "x"], []) for k in range(4)]


def test_a_job_that_was_cut_short_goes_on_in_a_fresh_process() -> None:
    job = Errand(("who", "hang", "who", "die", "b"), goes_on=True, patience=1.0)
    assert run(job) == [job]
    before, after, last = job.heard
    assert (before != after, last, len(job.cut)) == (True, "b", 2)


def test_the_processes_end_with_the_last_job_whether_or_not_more_is_asked_for() -> None:
    done = workers.run([Errand(("a",))], obey, 1, LIMITS)
    assert next(done).heard == ["a"]
    assert multiprocessing.active_children() == []


def test_a_process_is_used_for_job_after_job() -> None:
    jobs = [Errand(("who",)) for _ in range(5)]
    assert run(*jobs, processes=1) == jobs
    assert len({each.heard[0] for each in jobs}) == 1


def test_nothing_is_left_running() -> None:
    job = Errand(("who", "who"))
    run(job)
    with pytest.raises(ProcessLookupError):
        os.kill(int(str(job.heard[0])), 0)


def test_a_run_that_is_given_up_leaves_nothing_running() -> None:
    first, second = Errand(("who",)), Errand(("who", "hang"), patience=1000.0)
    running = workers.run([first, second], obey, 1, LIMITS)
    assert next(running) is first
    running.close()
    with pytest.raises(ProcessLookupError):
        os.kill(int(str(first.heard[0])), 0)


def test_no_jobs_start_no_process() -> None:
    assert run() == []


def _in_a_daemon(answers: object) -> None:
    try:
        run(Errand(("who",)))
    except BadInput as error:
        answers.put((error.what, error.fix))  # type: ignore[attr-defined]


def test_a_daemonic_process_is_told_why_it_cannot_judge() -> None:
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    process = context.Process(target=_in_a_daemon, args=(answers,), daemon=True)
    process.start()
    assert answers.get(timeout=60) == (
        "claims are judged in processes of their own, and a daemonic process may start none",
        "call verify in the main process, or give the documents to a ProcessPoolExecutor",
    )
    process.join()
