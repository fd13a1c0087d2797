"""A statement's lineage, from its analysis and its plan before and after the rules."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Mapping

from lodestar_server.ir import Expression, Symbol, SymbolRef
from lodestar_server.ir.nodes import PlanNode, Project, TableScan, TableWrite
from lodestar_server.ir.nodes.base import walk_plan
from lodestar_server.ir.nodes.walk import expressions_of, subplans
from lodestar_server.ir.walk import walk
from lodestar_server.metadata.facade import Metadata
from lodestar_server.session.lineage import (
    CatalogIdentity,
    InputTable,
    Lineage,
    OutputTable,
    ReferencedTable,
    SourceColumn,
    TableColumn,
)
from lodestar_server.spi.connector import ColumnMetadata
from lodestar_server.spi.names import QualifiedName
from lodestar_server.sql.analysis.environment import Analysis

_Origins = dict[Symbol, frozenset[SourceColumn]]


def lineage_of(metadata: Metadata, analysis: Analysis, plan: PlanNode, best: PlanNode) -> Lineage:
    """`plan` is as it was bound, `best` after the rules."""
    inputs = tuple(dict.fromkeys(_input(metadata, scan) for scan in _scans(best)))
    read: dict[tuple[str, str, str], list[str]] = {}
    for one in inputs:
        names = read.setdefault((one.catalog.name, one.schema, one.table), [])
        names += [column.name for column in one.columns if column.name not in names]
    referenced = [
        ReferencedTable(
            table.catalog,
            table.name.schema,
            table.name.table,
            user,
            tuple(sorted(read.get((table.catalog, table.name.schema, table.name.table), ()))),
            direct,
        )
        for table, user, direct in analysis.referenced
    ]
    return Lineage(inputs, tuple(dict.fromkeys(referenced)), tuple(analysis.called.items()), _output(metadata, plan))


def created_table(metadata: Metadata, name: QualifiedName, columns: Iterable[ColumnMetadata]) -> Lineage:
    """Of a table that is made without rows."""
    made = tuple((TableColumn(one.name, one.type.display), ()) for one in columns)
    return Lineage(output=OutputTable(identity(metadata, name.catalog), name.schema, name.name, made))


def identity(metadata: Metadata, name: str) -> CatalogIdentity:
    """The catalog as lineage names it."""
    catalog = metadata.find_catalog(name)
    if catalog is None:
        return CatalogIdentity(name, name, "")
    version = catalog_version(name, catalog.connector_name, catalog.properties)
    return CatalogIdentity(name, catalog.connector_name, version)


def catalog_version(name: str, connector: str, properties: Mapping[str, str]) -> str:
    """A hash of a catalog's configuration, 64 hexadecimal digits. Source: Trino's FileCatalogStore."""
    digest = hashlib.sha256("catalog-hash".encode("utf-16-le"))

    def add(text: str) -> None:
        digest.update(struct.pack("<i", len(text)) + text.encode("utf-16-le"))

    add(name)
    add(connector)
    digest.update(struct.pack("<i", len(properties)))
    for key, value in sorted(properties.items()):
        add(key)
        add(value)
    return digest.hexdigest()


def _scans(root: PlanNode) -> Iterable[TableScan]:
    for node in walk_plan(root):
        # What a table function reads is no input.
        if isinstance(node, TableScan) and not node.function:
            yield node
        for expression in expressions_of(node):
            for inner in subplans(expression):
                yield from _scans(inner)


def _input(metadata: Metadata, scan: TableScan) -> InputTable:
    columns = sorted((symbol.hint, symbol.type.display) for symbol, _ in scan.columns)
    name = scan.table.name
    return InputTable(
        identity(metadata, scan.table.catalog), name.schema, name.table, tuple(TableColumn(*one) for one in columns)
    )


def _output(metadata: Metadata, plan: PlanNode) -> OutputTable | None:
    if not isinstance(plan, TableWrite):
        return None
    origins = _origins(plan.source)
    columns = tuple(
        (
            TableColumn(name, type_.display),
            tuple(sorted(origins.get(symbol, ()))),
        )
        for (name, type_), symbol in zip(plan.target.columns, plan.columns, strict=False)
    )
    target = plan.target
    return OutputTable(identity(metadata, target.catalog), target.name.schema, target.name.table, columns)


def _origins(root: PlanNode) -> _Origins:
    """The table columns that each column of a plan is made of."""
    found: _Origins = {}
    for node in reversed(list(walk_plan(root))):
        if isinstance(node, TableScan) and node.function:
            found.update(dict.fromkeys(node.outputs, frozenset()))
        elif isinstance(node, TableScan):
            table = f"{node.table.catalog}.{node.table.name}"
            found.update({symbol: frozenset({SourceColumn(table, symbol.hint)}) for symbol, _ in node.columns})
        elif isinstance(node, Project):
            for symbol, expression in node.assignments:
                found[symbol] = _sources(expression, found)
        else:
            # What a node computes itself is made of whatever its expressions name.
            new = [symbol for symbol in node.outputs if symbol not in found]
            if new:
                parts: frozenset[SourceColumn] = frozenset()
                for expression in expressions_of(node):
                    parts |= _sources(expression, found)
                found.update(dict.fromkeys(new, parts))
    return found


def _sources(expression: Expression, known: _Origins) -> frozenset[SourceColumn]:
    parts: frozenset[SourceColumn] = frozenset()
    for part in walk(expression):
        if isinstance(part, SymbolRef):
            parts |= known.get(part.symbol, frozenset())
    return parts
