"""Rows to a program that shows them screen by screen, or straight to the screen."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lodestar.cli.batch import StandardOutput
from lodestar.cli.execution import Output
from lodestar.cli.options import Options
from lodestar.cli.terminal import Channel

_LESS = ("less", "-FXRSn")


def find_pager(options: Options, environment: Mapping[str, str]) -> tuple[str, ...] | None:
    """The command: of the option, of LODESTAR_PAGER or TRINO_PAGER, else `less`. None for straight to the screen, which
    an empty name asks for.
    """
    for wanted in (options.pager, environment.get("LODESTAR_PAGER"), environment.get("TRINO_PAGER")):
        if wanted is not None:
            return ("/bin/sh", "-c", wanted) if wanted.strip() else None
    return _LESS if shutil.which(_LESS[0]) else None


class PagerOutput:
    """The standard input of a pager."""

    def __init__(self, process: subprocess.Popen[bytes], width: int) -> None:
        self._process = process
        self.width = width

    def write(self, text: str) -> None:
        """Raises: BrokenPipeError when it was left."""
        assert self._process.stdin is not None
        self._process.stdin.write(text.encode("utf-8", "replace"))

    def flush(self) -> None:
        """Raises: BrokenPipeError when it was left."""
        assert self._process.stdin is not None
        self._process.stdin.flush()

    def check(self) -> None:
        """Raises: BrokenPipeError when it was left."""
        self.flush()
        if self._process.poll() is not None:
            raise BrokenPipeError


def output_opener(command: tuple[str, ...] | None) -> Callable[[], contextlib.AbstractContextManager[Output]]:
    """What opens the place for one query's rows."""

    @contextlib.contextmanager
    def opened() -> Iterator[Output]:
        width = Channel(sys.stdout).width
        process = _start(command) if command is not None else None
        if process is None:
            yield StandardOutput(sys.stdout.buffer, width)
            return
        assert process.stdin is not None
        with _without_interrupts():
            try:
                yield PagerOutput(process, width)
            finally:
                with contextlib.suppress(OSError):
                    process.stdin.close()
                process.wait()

    return opened


def _start(command: tuple[str, ...]) -> subprocess.Popen[bytes] | None:
    sys.stdout.flush()
    try:
        return subprocess.Popen(command, stdin=subprocess.PIPE)
    except OSError as fault:
        sys.stderr.write(f"ERROR: failed to open pager: {fault}\n")
        return None


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """Ctrl-C is the pager's while it shows; leaving it cancels what still runs."""

    def ignore(number: int, frame: Any) -> None:
        pass

    before = signal.signal(signal.SIGINT, ignore)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
