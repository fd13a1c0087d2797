"""Logs: one line per event, as text or JSON, facts after the message. Nothing in a field can begin a line of its own.

Facts are given with `extra=`: `log.info("query completed", extra={"query_id": …})`. Values of SQL statements and
secrets are not for logs; see the call sites.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Mapping
from typing import Any, TextIO

import orjson

MAX_FIELD_LENGTH = 4000
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_LEVELS = {"TRACE": logging.DEBUG, "WARN": logging.WARNING, "OFF": logging.CRITICAL + 10}


def set_up_logging(stream: TextIO, style: str, levels: Mapping[str, str]) -> None:
    """Send every log to `stream`. `style` is TEXT or JSON; `levels` are levels by logger name, `` for the root."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter() if style.upper() == "JSON" else TextFormatter())
    # What no line shows need not be found out; walking the stack for the caller costs more than writing the line.
    logging._srcfile = None
    logging.logProcesses = logging.logMultiprocessing = False
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    # These say at INFO and below what we say better, or bytes of requests.
    for chatty in ("aiohttp", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    for name, level in levels.items():
        logging.getLogger(_logger_name(name)).setLevel(_level(level))


def _level(text: str) -> int:
    return _LEVELS.get(text.upper()) or logging.getLevelName(text.upper())


def _logger_name(name: str) -> str:
    """Trino's packages mean ours: `io.trino` is the whole server."""
    if name in ("io.trino", "io.airlift", "root", ""):
        return "lodestar_server" if name == "io.trino" else "" if name in ("root", "") else "aiohttp"
    return name


class TextFormatter(logging.Formatter):
    """`2026-07-14T09:30:12.123Z INFO query.dispatch.manager query completed query_id=… rows=1`."""

    def format(self, record: logging.LogRecord) -> str:
        parts = [_instant(record.created), record.levelname, _short(record.name), _one_line(record.getMessage())]
        parts += [f"{name}={_one_line(str(value))}" for name, value in facts(record).items()]
        line = " ".join(parts)
        if record.exc_info and record.exc_info[1] is not None:
            line += "\n" + _indented(record)
        return line


class JsonFormatter(logging.Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        found: dict[str, Any] = {
            "timestamp": _instant(record.created),
            "level": record.levelname,
            "logger": record.name,
            "thread": record.threadName,
            "message": _clip(record.getMessage()),
            **{name: _plain(value) for name, value in facts(record).items()},
        }
        if record.exc_info and record.exc_info[1] is not None:
            found["stackTrace"] = "".join(traceback.format_exception(record.exc_info[1]))[-4 * MAX_FIELD_LENGTH :]
        return orjson.dumps(found, default=str).decode()


def facts(record: logging.LogRecord) -> dict[str, Any]:
    """What was given with `extra=`."""
    return {name: value for name, value in vars(record).items() if name not in _STANDARD and value is not None}


def _instant(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds * 1000) % 1000:03d}Z"


def _short(name: str) -> str:
    return name.removeprefix("lodestar_server.")


def _clip(text: str) -> str:
    return text if len(text) <= MAX_FIELD_LENGTH else text[:MAX_FIELD_LENGTH] + "…"


def _one_line(text: str) -> str:
    clipped = _clip(text)
    return clipped if clipped.isprintable() else clipped.encode("unicode_escape").decode("ascii")


def _plain(value: Any) -> Any:
    return _clip(value) if isinstance(value, str) else value


def _indented(record: logging.LogRecord) -> str:
    assert record.exc_info is not None and record.exc_info[1] is not None
    lines = "".join(traceback.format_exception(record.exc_info[1])).rstrip().splitlines()
    return "\n".join(f"    {line}" for line in lines)
