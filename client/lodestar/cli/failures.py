"""How failures are told: of the query with the place in its text, of anything else in one line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lodestar.cli.terminal import BOLD_RED, CYAN, RED, Channel
from lodestar.errors import DatabaseError


def show_query_failure(channel: Channel, text: str, fault: DatabaseError, *, debug: bool) -> None:
    """The server's message, the line of the statement it speaks of, an empty line."""
    channel.line(f"Query {fault.query_id} failed: {fault.message}")
    if debug and fault.failure_info is not None:
        for line in stack_lines(fault.failure_info):
            channel.line(line)
    if fault.line is not None and fault.column is not None:
        for line in _place(channel, text, fault.line, fault.column):
            channel.line(line)
    channel.line()


def show_failure(channel: Channel, fault: BaseException, *, debug: bool) -> None:
    """Anything that is not the query's failure. With `debug` as a traceback."""
    message = str(fault) or type(fault).__name__
    if debug:
        import traceback

        channel.line("".join(traceback.format_exception(fault)).rstrip("\n"))
    else:
        channel.line(channel.colored(message, BOLD_RED))


def _place(channel: Channel, text: str, line: int, column: int) -> list[str]:
    lines = text.split("\n")
    if not 1 <= line <= len(lines):
        return []
    wrong = lines[line - 1]
    good, bad = wrong[: column - 1], wrong[column - 1 :]
    if not channel.is_terminal:
        prefix = f"LINE {line}: "
        return [prefix + wrong, " " * (len(prefix) + column - 1) + "^"]
    if line == len(lines) and not bad.strip():
        bad = " <EOF>"
    before = "\n".join([*lines[: line - 1], good])
    behind = "\n".join([bad, *lines[line:]])
    return [channel.colored(before, CYAN) + channel.colored(behind, RED)]


def stack_lines(failure: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """The server's stack, as `failureInfo` has it."""
    message = failure.get("message")
    yield f"{prefix}{failure.get('type', 'Failure')}" + (f": {message}" if message else "")
    for frame in failure.get("stack") or ():
        yield f"\tat {frame}"
    for suppressed in failure.get("suppressed") or ():
        yield from stack_lines(suppressed, "Suppressed: ")
    cause = failure.get("cause")
    if cause:
        yield from stack_lines(cause, "Caused by: ")
