"""The first lines of `eqc`: whoever presses Ctrl-C while modules are still being loaded gets no traceback.

Takes: the command line. Gives: what `cli.main` gives.
Guarantees: nothing is loaded before the signal is answered; a signal that the caller ignores stays ignored.
"""

from __future__ import annotations

import signal


def main() -> None:
    answer = signal.getsignal(signal.SIGINT)
    if answer is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # nothing has begun: ending is all there is to do
    from eqcompiler.interfaces.cli import main as command

    if answer is signal.default_int_handler:
        signal.signal(signal.SIGINT, answer)
    command()
