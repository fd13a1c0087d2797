"""Catalog managers and statements for tests of the metadata room."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from lodestar_server.metadata.base import MetadataServices
from lodestar_server.metadata.catalogs import CatalogManager, NodeContext
from lodestar_server.metadata.facade import Metadata, build_services
from lodestar_server.metadata.factories import ENTRY_POINT_GROUP, FactoryRegistry
from lodestar_server.session import Session
from lodestar_server.spi.names import QualifiedName
from lodestar_server.spi.session import Identity
from tests.fakes.reading import read_rows

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def project_factories() -> FactoryRegistry:
    """The connectors that this project declares, installed or not."""
    declared = tomllib.loads(PROJECT.read_text("utf-8"))["project"]["entry-points"][ENTRY_POINT_GROUP]
    return FactoryRegistry([EntryPoint(name, value, ENTRY_POINT_GROUP) for name, value in declared.items()])


def node(directory: Path) -> NodeContext:
    return NodeContext("node-1", "476", "test", directory)


def manager(directory: Path, **options: Any) -> CatalogManager:
    return CatalogManager(node(directory), factories=project_factories(), **options)


def services(directory: Path, catalogs: Mapping[str, Mapping[str, str]], **options: Any) -> MetadataServices:
    """Services with catalogs: name → properties, `connector.name` among them (else the catalog's own name)."""
    made = build_services(manager(directory), **options)
    for name, properties in catalogs.items():
        rest = {key: value for key, value in properties.items() if key != "connector.name"}
        made.catalogs.create(name, properties.get("connector.name", name), rest)
    return made


def session(**changes: Any) -> Session:
    identity = Identity("alice")
    return replace(Session("20260101_000000_00000_abcde", identity, identity, datetime.now(UTC)), **changes)


@contextmanager
def statement(services: MetadataServices, **changes: Any) -> Iterator[Metadata]:
    """One statement in autocommit."""
    with services.transactions.statement(None) as transaction:
        yield Metadata(services, session(**changes), transaction)


def rows(
    metadata: Metadata, catalog: str, schema: str, table: str, columns: list[str] | None = None, where: Any = None
) -> list[tuple[Any, ...]]:
    """A table's rows; `where` maps columns to domains, which are pushed down as far as they go."""
    from lodestar_server.spi.predicate import TupleDomain

    found = metadata.require_table(QualifiedName(catalog, schema, table))
    handles = metadata.column_handles(found)
    if where:
        pushed = metadata.apply_filter(found, TupleDomain.of({handles[name]: domain for name, domain in where.items()}))
        if pushed is not None:
            found = pushed[0]
    described = metadata.table_metadata(found).columns
    types = {column.name: column.type for column in described}
    names = [column.name for column in described if not column.hidden] if columns is None else columns
    wanted = [handles[name] for name in names]
    return read_rows(
        metadata.read(found, wanted, list(metadata.splits(found, wanted))), [types[name] for name in names]
    )
