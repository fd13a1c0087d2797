"""Finding connectors by name: entry points of the group `lodestar.connectors`, ours and other people's alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import entry_points
from typing import Protocol, cast

from lodestar_server.spi.plugin import ConnectorFactory

ENTRY_POINT_GROUP = "lodestar.connectors"
ELSEWHERE = frozenset(
    [
        "ai",
        "bigquery",
        "cassandra",
        "clickhouse",
        "delta_lake",
        "druid",
        "duckdb",
        "elasticsearch",
        "exasol",
        "faker",
        "gsheets",
        "hudi",
        "ignite",
        "kafka",
        "loki",
        "mariadb",
        "mongodb",
        "mysql",
        "opensearch",
        "oracle",
        "pinot",
        "postgresql",
        "prometheus",
        "redis",
        "redshift",
        "singlestore",
        "snowflake",
        "sqlserver",
        "tpcds",
        "trino_thrift",
        "vertica",
    ]
)
"""Connectors that Trino 476 has besides ours. Their names are no mistakes: whoever uses one is told what is missing."""


class Loadable(Protocol):
    """The part of an entry point that matters here."""

    name: str

    def load(self) -> object:
        """Import the module and give the factory."""
        ...


class FactoryRegistry(Mapping[str, Callable[[], ConnectorFactory]]):
    """Connector name → a function that loads its factory. Nothing is imported before it is called."""

    def __init__(self, points: Iterable[Loadable] | None = None) -> None:
        found = entry_points(group=ENTRY_POINT_GROUP) if points is None else points
        self._points: dict[str, Loadable] = {point.name: point for point in found}

    def __getitem__(self, name: str) -> Callable[[], ConnectorFactory]:
        point = self._points[name]
        return lambda: cast(ConnectorFactory, point.load())

    def __iter__(self) -> Iterator[str]:
        return iter(self._points)

    def __len__(self) -> int:
        return len(self._points)
