"""The types of Trino beyond SQLAlchemy's generic ones, and what each generic one becomes."""

from __future__ import annotations

from typing import Any

from sqlalchemy.sql import sqltypes
from sqlalchemy.types import TypeEngine

from sqlalchemy_lodestar.types.json import JSON, JSON_TYPES
from sqlalchemy_lodestar.types.nested import ARRAY, MAP, ROW
from sqlalchemy_lodestar.types.reading import read_type
from sqlalchemy_lodestar.types.scalars import HYPERLOGLOG, IPADDRESS, OPAQUE, SCALARS, TINYINT
from sqlalchemy_lodestar.types.temporal import (
    INTERVAL_DAY_TO_SECOND,
    INTERVAL_YEAR_TO_MONTH,
    TEMPORAL,
    TIME,
    TIMESTAMP,
)

GENERIC_TO_OURS: dict[type[TypeEngine[Any]], type[TypeEngine[Any]]] = {
    **SCALARS,
    **TEMPORAL,
    **JSON_TYPES,
    sqltypes.ARRAY: ARRAY,
}

__all__ = [
    "ARRAY",
    "GENERIC_TO_OURS",
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
    "read_type",
]
