"""The options of every command that judges claims: how long, in how many processes, with what is known already.

Takes: a command. Gives: the same with --timeout, --jobs and --no-cache, as `timeout`, `jobs` (None: one for each core) and
`no_cache`. Guarantees: one wording and one default, wherever claims are judged.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])
OPTIONS = (
    click.option(
        "--timeout", type=click.FloatRange(min=0, min_open=True), default=10.0, show_default=True, help="Seconds for one claim."
    ),
    click.option(
        "--jobs",
        type=click.IntRange(min=1),
        show_default="one for each core",
        help="Processes, each for a file or a part of a large one.",
    ),
    click.option("--no-cache", is_flag=True, help="Judge everything again; neither read nor keep verdicts."),
)


def judging_options(command: Command) -> Command:
    for option in reversed(OPTIONS):  # the last one that is applied is shown first
        command = option(command)
    return command
