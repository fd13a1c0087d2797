"""Batch mode: statements from an option, a file or standard input; rows to standard output, all else to the errors."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from lodestar.cli.execution import Display, ReaderGone, execute
from lodestar.cli.options import Options
from lodestar.cli.preprocess import PreprocessorError, preprocess
from lodestar.cli.remote import Remote
from lodestar.cli.sql.statements import is_empty, split_statements
from lodestar.cli.status import StatusStyle
from lodestar.cli.terminal import Channel, is_terminal

_HELD_CHARACTERS = 1 << 16


class StandardOutput:
    """Rows in UTF-8, whatever the locale; what is no character becomes a question mark. `width` is in cells."""

    def __init__(self, raw: BinaryIO, width: int) -> None:
        self._raw = raw
        self.width = width
        self._held: list[str] = []
        self._held_characters = 0

    def write(self, text: str) -> None:
        """Raises: OSError."""
        self._held.append(text)
        self._held_characters += len(text)
        if self._held_characters > _HELD_CHARACTERS:
            self.flush()

    def check(self) -> None:
        """A pipe says only when it is written to that nobody reads."""

    def flush(self) -> None:
        """Raises: OSError."""
        held, self._held, self._held_characters = "".join(self._held), [], 0
        self._raw.write(held.encode("utf-8", "replace"))
        self._raw.flush()


def run_batch(remote: Remote, text: str, options: Options, environment: Mapping[str, str]) -> bool:
    """Run every statement of a text, up to the first that fails; whether all succeeded."""
    channel = Channel(sys.stderr)
    output = StandardOutput(sys.stdout.buffer, Channel(sys.stdout).width)
    display = Display(
        channel=channel,
        open_output=lambda: _whole(output),
        format=options.output_format,
        progress=bool(options.progress),
        style=StatusStyle(options.debug, options.decimal_data_size),
    )
    success = True
    split = split_statements(text)
    for statement in split.statements:
        if is_empty(statement.text):
            continue
        try:
            done = execute(remote, preprocess(statement.text, remote.session, environment), display)
        except PreprocessorError as fault:
            channel.line(str(fault))
            done = False
        except ReaderGone:
            _close_standard_output()
            return success
        if not done:
            success = False
            if not options.ignore_errors:
                return False
    if not is_empty(split.rest):
        channel.line(f"Non-terminated statement: {split.rest}")
        return False
    return success


@contextlib.contextmanager
def _whole(output: StandardOutput) -> Iterator[StandardOutput]:
    yield output


def _close_standard_output() -> None:
    """Nobody reads: what the interpreter would still write at its end must not fail."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with contextlib.suppress(OSError, ValueError):
        os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def standard_input_text() -> str | None:
    """What was piped in, None when a person sits there."""
    if sys.stdin is None or sys.stdin.closed or is_terminal(sys.stdin) or sys.stdin.isatty():
        return None
    return sys.stdin.buffer.read().decode("utf-8", "replace")
