"""How commands end that somebody stops, that have nowhere to write, that find nothing to read: code, words, nothing left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from eqcompiler.errors import BadInput
from eqcompiler.files import cache_folder, write_whole
from eqcompiler.interfaces import endings
from eqcompiler.interfaces.results import write_result

Command = Callable[..., Result]
FILE = "\\[ f(x) = x^2 \\]\n"
RUN = "from eqcompiler.interfaces.cli import main; main(prog_name='eqc')"


def run(*arguments: str, stdout: object = subprocess.PIPE, close: bool = False) -> subprocess.Popen[str]:
    script = f"import os; os.close(1)\n{RUN}" if close else RUN
    return subprocess.Popen([sys.executable, "-c", script, *arguments], stdout=stdout, stderr=subprocess.PIPE, text=True)  # type: ignore[call-overload,no-any-return]


def test_a_reader_that_goes_early_is_no_error(folder: Path) -> None:
    Path("a.tex").write_text("".join(f"\\[ f_{{{k}}}(x) = x^2 + {k} \\]\n" for k in range(400)))  # more than a pipe holds
    with run("check", "--json", "a.tex") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert (process.stderr.read(), process.wait()) == ("", 141)


def test_no_room_for_the_output_is_said(folder: Path) -> None:
    Path("a.tex").write_text(FILE)
    with Path("/dev/full").open("w") as full:
        process = run("check", "a.tex", stdout=full)
        assert process.communicate()[1] == (
            "the output cannot be written: No space left on device\n  to fix: make room, or send it elsewhere\n"
        )
    assert process.returncode == 2


def test_a_closed_output_changes_nothing_else(folder: Path) -> None:
    Path("a.tex").write_text("\\[ f(x) = (x \\]\n")
    process = run("check", "a.tex", close=True)
    words = process.communicate()[1]
    assert words.splitlines()[0] == "a.tex:1:11: `(` is never closed"
    assert process.returncode == 2


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_who_is_stopped_says_so_and_leaves_no_process(folder: Path, number: signal.Signals, code: int) -> None:
    """A claim that takes long, and a signal while it is judged."""
    Path("a.tex").write_text(r"\[ g(x) = \sin x \] \[ g(x) = \cos x \]" * 100)
    marked = {**os.environ, "EQCOMPILER_TEST_MARK": str(folder)}
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, "verify", "a.tex"], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=marked
    )
    time.sleep(1.5)
    process.send_signal(number)
    assert process.communicate()[1] == "stopped\n"
    assert process.returncode == code
    stop = time.monotonic() + 30
    while left := processes_with(str(folder)):
        assert time.monotonic() < stop, left
        time.sleep(0.05)


def processes_with(mark: str) -> list[str]:
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if f"EQCOMPILER_TEST_MARK={mark}".encode() in (place / "environ").read_bytes():
                found.append((place / "cmdline").read_text())
        except OSError:  # it has ended, or belongs to somebody else
            continue
    return found


def test_signals_that_somebody_else_answers_are_left_alone() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with endings.answering_signals():
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        with endings.answering_signals(), pytest.raises(endings.ToldToGo) as caught:
            signal.raise_signal(signal.SIGTERM)
        assert endings.exit_code(caught.value) == 143
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)


# Files.


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "deep" / "a.txt"
    write_whole(file, b"old")

    def full(source: object, target: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(BadInput) as caught:
        write_result(file, "new")
    assert str(caught.value) == (
        f"{file} cannot be written: No space left on device\n  to fix: make room there, or name another place"
    )
    assert [(path.name, path.read_text()) for path in file.parent.iterdir()] == [("a.txt", "old")]


def test_build_says_where_it_cannot_write(eqc: Command) -> None:
    Path("a.tex").write_text(FILE)
    Path("taken").write_text("")
    result = eqc("build", "a.tex", "--out", "taken/kernels")
    assert result.stderr == (
        "taken/kernels/a.py cannot be written: Not a directory\n  to fix: make room there, or name another place\n\n"
    )
    assert result.exit_code == 2


def test_without_a_home_folder_there_is_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("EQCOMPILER_CACHE", raising=False)
    monkeypatch.setattr(Path, "home", unknown)
    with pytest.raises(FileNotFoundError, match="the home folder of this user is not known"):
        cache_folder()


# What is no equation file.

MESSAGES = {
    "loop.tex": "loop.tex: cannot be read: Too many levels of symbolic links\n  to fix: check the path\n\n",
    "gone.tex": "gone.tex: cannot be read: No such file or directory\n  to fix: check the path\n\n",
    "pipe.tex": "pipe.tex: is not a file\n  allowed: a file on disk; pipes and devices can be read once only\n"
    "  to fix: write the text to a file and name that\n\n",
    "two.tex": "two.tex: the text is in UTF-16\n  allowed: text in UTF-8\n  to fix: save the file in UTF-8\n\n",
    "zero.tex": "zero.tex: no text: byte 0x00 at offset 4, line 2\n  allowed: text in UTF-8\n"
    "  to fix: name a text file, or save this one in UTF-8\n\n",
    "sub\\a.tex": "sub\\a.tex: cannot be read: No such file or directory\n  to fix: write / between folders: sub/a.tex\n\n",
}


@pytest.fixture
def strange_files(folder: Path) -> Path:
    Path("loop.tex").symlink_to("loop.tex")
    Path("gone.tex").symlink_to("nowhere")
    os.mkfifo("pipe.tex")
    Path("two.tex").write_bytes(FILE.encode("utf-16"))
    Path("zero.tex").write_bytes(b"ab\nc\0")
    return folder


@pytest.mark.parametrize("command", ["check", "verify"])
@pytest.mark.parametrize("name", MESSAGES)
def test_what_is_no_text_file_is_said(eqc: Command, strange_files: Path, command: str, name: str) -> None:
    result = eqc(command, name)
    assert (result.stderr, result.exit_code) == (MESSAGES[name], 2)


def test_a_folder_gives_what_leads_nowhere_and_nothing_hidden(eqc: Command) -> None:
    Path(".git").mkdir()
    for name in ("A.TEX", ".hidden.tex", ".git/b.tex", "c.md"):
        Path(name).write_text(FILE)
    Path("gone.tex").symlink_to("nowhere")
    result = eqc("check", ".")
    assert [line for line in result.stdout.splitlines() if "." in line and ":" not in line] == ["A.TEX", "c.md"]
    assert result.stderr == MESSAGES["gone.tex"]


def test_lines_may_end_as_on_old_computers(eqc: Command) -> None:
    Path("a.tex").write_bytes(b"% a comment\r\\[ f(x) = x \\]\r\\[ g(x) = (x \\]\r")
    assert eqc("check", "a.tex").stderr.splitlines()[0] == "a.tex:3:11: `(` is never closed"


def test_a_stop_while_modules_are_loaded_leaves_no_traceback() -> None:
    """Ctrl-C in the first tenth of a second: click asks for it here."""
    code = (
        "import os, signal, sys\n"
        "class Stops:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'click': os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Stops())\n"
        "from eqcompiler.interfaces.start import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


def test_a_command_answers_to_its_stop_by_itself() -> None:
    code = (
        "import signal, sys\n"
        "import eqcompiler.interfaces.cli as cli\n"
        "cli.main = lambda: sys.exit(signal.getsignal(signal.SIGINT) is not signal.default_int_handler)\n"
        "from eqcompiler.interfaces.start import main\n"
        "main()\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
