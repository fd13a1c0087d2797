"""One statement from its text to its last line of output."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from lodestar.cli.failures import show_failure, show_query_failure
from lodestar.cli.figures import plural
from lodestar.cli.formats.printer import Printer
from lodestar.cli.formats.table import NullPrinter, make_printer
from lodestar.cli.formats.values import Column
from lodestar.cli.remote import Remote, Rows, RunningStatement
from lodestar.cli.status import QueryStatus, StatusStyle, final_lines, running_line, running_lines
from lodestar.cli.terminal import Channel, Keys
from lodestar.cli.warnings import WarningsPrinter
from lodestar.errors import DatabaseError, Error

_PORTION_ROWS = 10_000
_PORTION_SECONDS = 3.0
_REPAINT_SECONDS = 0.5
_CTRL_P = "\x10"
_TABLES = frozenset({"ALIGNED", "VERTICAL", "AUTO", "MARKDOWN"})
"""Formats whose layout depends on the rows: portions of them are kept until it is known."""


class Output(Protocol):
    """Where rows go."""

    @property
    def width(self) -> int:
        """Of the screen in cells, 0 without one."""

    def write(self, text: str) -> object:
        """Raises: OSError when nobody reads any more."""

    def flush(self) -> object:
        """Raises: OSError."""

    def check(self) -> object:
        """Between portions of rows. Raises: OSError when nobody reads any more."""


@dataclass(frozen=True, slots=True)
class Display:
    """How results are shown: `open_output` gives the place for the rows of one query (a pager, standard output)."""

    channel: Channel
    open_output: Callable[[], AbstractContextManager[Output]]
    format: str
    progress: bool
    style: StatusStyle
    keys: bool = False


class ReaderGone(Exception):
    """Nobody reads the rows any more: the pager was left, the pipe is closed. A query that still ran is cancelled."""

    def __init__(self, *, canceled: bool) -> None:
        super().__init__("Nobody reads the rows")
        self.canceled = canceled


def execute(remote: Remote, text: str, display: Display) -> bool:
    """Run a statement and show everything of it; whether it succeeded. Ctrl-C cancels it.

    Raises: ReaderGone (the statement is cancelled).
    """
    channel = display.channel
    running: RunningStatement | None = None
    try:
        running = remote.start(text)
        return _Run(running, display).to_end()
    except KeyboardInterrupt:
        if running is not None:
            running.cancel()
        channel.wipe()
        channel.line("Query aborted by user")
    except SystemExit:
        # The process is told to end: the query must not outlive it.
        if running is not None:
            running.cancel()
        raise
    except DatabaseError as fault:
        channel.wipe()
        if fault.error_code is not None:
            show_query_failure(channel, text, fault, debug=display.style.debug)
        else:
            show_failure(channel, fault, debug=display.style.debug)
    except ReaderGone:
        raise
    except Exception as fault:
        # Rows that cannot be shown end the query, not the session.
        if running is not None and not isinstance(fault, Error):
            running.cancel()
        channel.wipe()
        show_failure(channel, fault, debug=display.style.debug)
    return False


class _Run:
    """A statement on its way."""

    def __init__(self, running: RunningStatement, display: Display) -> None:
        self._running = running
        self._statement = running.statement
        self._display = display
        self._style = display.style
        self._channel = display.channel
        self._warnings = WarningsPrinter(display.channel)
        self._started = time.monotonic()

    def to_end(self) -> bool:
        statement, channel = self._statement, self._channel
        try:
            rows = self._wait_for_rows()
            if statement.update_type is not None:
                self._show_update(rows)
            elif statement.columns is None:
                channel.line(f"Query {statement.query_id} has no columns")
                self._running.cancel()
                return False
            else:
                self._show_rows(rows, self._display.format)
        except DatabaseError:
            self._finish()
            raise
        self._finish()
        return True

    def _finish(self) -> None:
        """What follows the rows, of a failed query too."""
        self._warnings.show(self._statement.warnings, before=True, behind=True)
        if self._display.progress and self._statement.query_id is not None:
            for line in final_lines(self._status(), self._style):
                self._channel.line(line)

    def _status(self) -> QueryStatus:
        statement = self._statement
        return QueryStatus(statement.query_id or "", statement.info_uri, statement.stats)

    def _wait_for_rows(self) -> Rows | None:
        """The first rows, None when the statement is done without any."""
        if not self._display.progress:
            rows = None
            try:
                while rows is None and not self._statement.done:
                    self._warnings.show(self._statement.warnings, before=True)
                    rows = self._running.advance()
            finally:
                self._warnings.show(self._statement.warnings, behind=True)
            return rows
        try:
            if self._display.keys:
                with Keys().listening() as keys:
                    return self._wait_painting(keys)
            return self._wait_painting(Keys())
        finally:
            self._channel.wipe()

    def _wait_painting(self, keys: Keys) -> Rows | None:
        painted = self._started
        while not self._statement.done:
            rows = self._running.advance()
            if rows is not None:
                return rows
            now = time.monotonic()
            pressed = keys.pressed()
            if pressed == _CTRL_P:
                self._running.cancel_leaf_stage()
            elif pressed in ("d", "D"):
                self._style = StatusStyle(not self._style.debug, self._style.decimal)
            if pressed or now - painted >= _REPAINT_SECONDS:
                self._paint(now - self._started)
                painted = now
        return None

    def _paint(self, seconds: float) -> None:
        status = self._status()
        if self._channel.is_terminal:
            lines = running_lines(status, self._style, seconds, self._channel.width)
            self._channel.paint(lines)
        else:
            self._channel.paint([running_line(status, self._style, seconds)])

    def _show_update(self, rows: Rows | None) -> None:
        statement = self._statement
        while not statement.done and statement.update_count is None:
            more = self._running.advance()
            rows = more if rows is None else [*rows, *(more or ())]
        if statement.update_count is not None:
            count = statement.update_count
            self._drain()
            self._channel.line(f"{statement.update_type}: {count} {plural('row', count)}")
            return
        self._channel.line(str(statement.update_type))
        if statement.columns:
            self._show_rows(rows, self._display.format)
        self._drain()

    def _drain(self) -> None:
        while not self._statement.done:
            self._running.advance()

    def _show_rows(self, rows: Rows | None, format_name: str) -> None:
        columns = [Column(one.name, one.signature) for one in self._statement.columns or ()]
        if format_name == "NULL":
            self._print(rows, NullPrinter(), lambda: None, held=False)
            return
        with self._display.open_output() as output:
            try:
                printer = make_printer(format_name, columns, output.write, output.width)
                self._print(rows, printer, output.check, held=format_name in _TABLES)
                output.flush()
            except OSError as fault:
                running = not self._statement.done
                self._running.cancel()
                raise ReaderGone(canceled=running) from fault

    def _print(self, rows: Rows | None, printer: Printer, check: Callable[[], object], *, held: bool) -> None:
        """Rows as they come; `held`: in portions of many rows or some seconds."""
        waiting: list[Sequence[Any]] = list(rows or ())
        since = time.monotonic()
        try:
            while not self._statement.done:
                check()
                full = len(waiting) >= _PORTION_ROWS or time.monotonic() - since >= _PORTION_SECONDS
                if waiting and (full or not held):
                    portion = waiting[:_PORTION_ROWS] if held else waiting
                    waiting = waiting[len(portion) :]
                    since = time.monotonic()
                    printer.print_rows(portion, False)
                else:
                    waiting += self._running.advance() or ()
        except OSError:
            raise
        except BaseException:
            # What has come is shown, also when more cannot come.
            _print_rest(printer, waiting, held=held)
            raise
        _print_rest(printer, waiting, held=held)


def _print_rest(printer: Printer, waiting: Sequence[Sequence[Any]], *, held: bool) -> None:
    while held and len(waiting) > _PORTION_ROWS:
        printer.print_rows(waiting[:_PORTION_ROWS], False)
        waiting = waiting[_PORTION_ROWS:]
    printer.print_rows(waiting, True)
    printer.finish()
