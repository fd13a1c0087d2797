"""Materialized views: how fresh their rows are, and how they are replaced. Source: Trino MaterializedViewFreshness."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from lodestar_server.spi.handles import TableHandle, WriteHandle
from lodestar_server.spi.values import frozen


class Freshness(Enum):
    """Whether the stored rows are those that the query would give now. UNKNOWN: nobody can tell."""

    FRESH = "FRESH"
    STALE = "STALE"
    UNKNOWN = "UNKNOWN"


@frozen
class MaterializedViewFreshness:
    """`last_fresh_time` is when the rows were known to be fresh for the last time, with a zone; None: never, or now."""

    freshness: Freshness
    last_fresh_time: datetime | None = None


@frozen
class RefreshSources:
    """What the query of a materialized view reads.

    `tables` are those of the view's own catalog, as they are scanned, and those in the queries of fresh materialized
    views, whose storage is scanned instead. `foreign_tables`: there are tables of other catalogs, of which the
    connector cannot see when they change. `row_wise`: every row comes from one row of the one table that is scanned, so
    that the rows of appended rows can be appended. Table functions give the same rows always: they are not told.
    """

    tables: tuple[TableHandle, ...]
    foreign_tables: bool
    row_wise: bool


@frozen
class RefreshTarget:
    """A refresh that has begun: rows go into the sinks of `handle`.

    `tables`: what to read instead of the sources' tables, in their order. A connector that appends gives a table with
    only the new rows; else they are the same.
    """

    handle: WriteHandle
    tables: tuple[TableHandle, ...]
