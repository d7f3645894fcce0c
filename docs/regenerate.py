"""Runs the commands shown in Markdown files and writes what they print.

Takes: Markdown files. Gives: the same files with every `console` block's output renewed; with --check a diff and exit code 1.
Guarantees: every command runs in one empty folder with equations/ and generated/ linked into it; a fenced block whose
first line is `% file: NAME` or `# file: NAME` is written there first. Times are compared as equal and kept as they are.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from difflib import unified_diff
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FENCE = re.compile(r"^```(?P<language>\w+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"\A[%#] file: (?P<name>[\w./-]+)\n")
DURATION = re.compile(r" *\b\d+(?:\.\d+)? (?:ms|s)\b")
WIDTH = "100"


def regenerated(text: str, folder: Path) -> str:
    """The text with the output of every console block renewed, in order."""

    def renew(block: re.Match[str]) -> str:
        body = block["body"]
        if named := NAMED.match(body):
            (folder / named["name"]).write_text(body, encoding="utf-8")
        if block["language"] != "console":
            return block[0]
        new = "".join(f"$ {command}\n{_output(command, folder)}" for command in re.findall(r"^\$ (.*)$", body, re.MULTILINE))
        return block[0] if _timeless(new) == _timeless(body) else f"```console\n{new}```"

    return FENCE.sub(renew, text)


def _timeless(text: str) -> str:
    """Without times, and without the padding that a longer time takes away from a column."""
    return re.sub(r" {2,}", "  ", DURATION.sub(" TIME", text))


def _output(command: str, folder: Path) -> str:
    """stdout and stderr together, as a reader of a terminal sees them."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "COLUMNS": WIDTH, "NO_COLOR": "1", "PYTHONHASHSEED": "0"}
    done = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    output = "\n".join(line.rstrip() for line in done.stdout.rstrip("\n").splitlines())
    return f"{output}\n" if output else ""


def sandbox(folder: Path) -> Path:
    for name in ("equations", "generated"):
        (folder / name).symlink_to(ROOT / name)
    return folder


def main(arguments: list[str]) -> int:
    only_check = "--check" in arguments
    stale = 0
    for name in (argument for argument in arguments if argument != "--check"):
        with tempfile.TemporaryDirectory() as folder:
            old = (ROOT / name).read_text(encoding="utf-8")
            new = regenerated(old, sandbox(Path(folder)))
        if old != new:
            stale = 1
            sys.stdout.writelines(
                unified_diff(old.splitlines(True), new.splitlines(True), f"{name} (as it is)", f"{name} (now)")
            )
            if not only_check:
                (ROOT / name).write_text(new, encoding="utf-8")
    return stale if only_check else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
