"""The terminal as the command line sees it: is it one, how wide, lines painted over again, keys pressed meanwhile."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import sys
from collections.abc import Iterator, Sequence
from typing import Any, TextIO

try:
    import termios
except ImportError:  # pragma: no cover - not a POSIX system
    termios = None  # type: ignore[assignment,unused-ignore]

RED, BOLD_RED, YELLOW, CYAN = "31", "1;31", "33", "36"


class Channel:
    """Where text goes that is not rows: standard error in batch mode, the screen in the shell."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self.is_terminal = is_terminal(out)
        self._painted = 0

    def line(self, text: str = "") -> None:
        """A line."""
        self._out.write(text + "\n")
        self._out.flush()

    def text(self, text: str) -> None:
        """A piece of a line."""
        self._out.write(text)
        self._out.flush()

    def colored(self, text: str, color: str) -> str:
        """The text in a colour, where there are colours."""
        return f"\x1b[{color}m{text}\x1b[0m" if self.is_terminal else text

    @property
    def width(self) -> int:
        """In cells; 0 when this is no terminal."""
        return shutil.get_terminal_size((80, 24)).columns if self.is_terminal else 0

    def paint(self, lines: Sequence[str]) -> None:
        """Show lines in the place of those painted before."""
        if self.is_terminal:
            up = f"\x1b[{self._painted}A" if self._painted else ""
            rest = "\x1b[0J" if len(lines) < self._painted else ""
            self._out.write(up + rest + "".join(f"\x1b[2K{line}\n" for line in lines))
        else:
            self._out.write("".join(f"\r{line}" for line in lines) + "\r")
        self._painted = len(lines)
        self._out.flush()

    def wipe(self) -> None:
        """Take away what is painted."""
        if self._painted:
            self._out.write(f"\x1b[{self._painted}A\x1b[0J" if self.is_terminal else "\r")
            self._out.flush()
            self._painted = 0


def is_terminal(stream: TextIO | None) -> bool:
    """Whether text can be painted there."""
    with contextlib.suppress(ValueError, AttributeError):
        return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"
    return False


class Keys:
    """Keys pressed while a query runs. Ctrl-C stays a signal."""

    def __init__(self) -> None:
        self._descriptor: int | None = None

    @contextlib.contextmanager
    def listening(self) -> Iterator[Keys]:
        """Within, keys are not shown and need no Enter; what nobody has read is forgotten."""
        if termios is None or not is_terminal(sys.stdin):
            yield self
            return
        descriptor = sys.stdin.fileno()
        before: list[Any] = termios.tcgetattr(descriptor)
        changed: list[Any] = [*before]
        changed[3] &= ~(termios.ECHO | termios.ICANON)
        termios.tcsetattr(descriptor, termios.TCSADRAIN, changed)
        self._descriptor = descriptor
        try:
            yield self
        finally:
            self._descriptor = None
            termios.tcsetattr(descriptor, termios.TCSAFLUSH, before)

    def pressed(self) -> str:
        """The next key, empty when there is none. Does not wait."""
        if self._descriptor is None or not select.select([self._descriptor], [], [], 0)[0]:
            return ""
        return os.read(self._descriptor, 1).decode("latin-1")
