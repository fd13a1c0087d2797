"""Lodestar for SQLAlchemy: `create_engine("lodestar://user@host:8080/catalog/schema")`.

The types here are Trino's beyond SQLAlchemy's own: `ROW`, `MAP`, `TIMESTAMP(p)` and so on.
"""

from __future__ import annotations

from sqlalchemy_lodestar.types import (
    ARRAY,
    HYPERLOGLOG,
    INTERVAL_DAY_TO_SECOND,
    INTERVAL_YEAR_TO_MONTH,
    IPADDRESS,
    JSON,
    MAP,
    OPAQUE,
    ROW,
    TIME,
    TIMESTAMP,
    TINYINT,
)

__all__ = [
    "ARRAY",
    "HYPERLOGLOG",
    "INTERVAL_DAY_TO_SECOND",
    "INTERVAL_YEAR_TO_MONTH",
    "IPADDRESS",
    "JSON",
    "MAP",
    "OPAQUE",
    "ROW",
    "TIME",
    "TIMESTAMP",
    "TINYINT",
]
