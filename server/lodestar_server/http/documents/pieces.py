"""What all descriptions of queries are written with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lodestar_server.protocol.failure import error_code
from lodestar_server.protocol.results import DocumentFigures
from lodestar_server.query.dispatch import Query
from lodestar_server.session import Progress
from lodestar_server.spi.properties import DataSize, Duration

NO_SIZE = "0B"
NO_TIME = "0.00s"


def instant(moment: datetime) -> str:
    """`2026-07-14T09:30:12.123Z`."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def duration(seconds: float) -> str:
    """`1.23ms`."""
    return str(Duration(max(seconds, 0.0)))


def size(count: int) -> str:
    """`16MB`."""
    return str(DataSize(count))


def progress_of(query: Query) -> Progress:
    """What its work has counted."""
    return Progress() if query.context is None else query.context.progress


def percentages(figures: DocumentFigures) -> dict[str, float]:
    """How far it is; nothing before that is known."""
    if figures.progress_percentage is None:
        return {}
    return {"progressPercentage": figures.progress_percentage, "runningPercentage": 0.0}


def error_of(query: Query) -> dict[str, Any]:
    """Type and code of its error, if it failed."""
    if query.error is None:
        return {}
    return {"errorType": query.error.code.type.value, "errorCode": error_code(query.error.code)}


def present(document: Mapping[str, Any]) -> dict[str, Any]:
    """Without the keys that have no value."""
    return {key: value for key, value in document.items() if value is not None}
