"""What a query reads, calls and writes. Source: Trino's QueryInfo (Input, Output, TableInfo, RoutineInfo)."""

from __future__ import annotations

from typing import Any

from lodestar_server.session.lineage import (
    CatalogIdentity,
    InputTable,
    Lineage,
    OutputTable,
    ReferencedTable,
    TableColumn,
)


def describe_lineage(lineage: Lineage) -> dict[str, Any]:
    """The keys of a query document; `output` is None for a query that writes nothing."""
    output = lineage.output
    # The kernel runs a plan as one piece: it is the fragment below the output, or below the writer.
    fragment = "1" if output is None else "2"
    return {
        "inputs": [_input(one, fragment, number) for number, one in enumerate(lineage.inputs)],
        "output": None if output is None else _output(output),
        "referencedTables": [_referenced(one) for one in lineage.referenced],
        "routines": [{"routine": name, "authorization": user} for name, user in lineage.routines],
    }


def _input(table: InputTable, fragment: str, number: int) -> dict[str, Any]:
    return {
        "connectorName": table.catalog.connector,
        **_place(table.catalog, table.schema, table.table),
        "columns": [_column(one) for one in table.columns],
        "fragmentId": fragment,
        "planNodeId": str(number),
    }


def _output(table: OutputTable) -> dict[str, Any]:
    columns = [
        {
            "column": _column(column),
            "sourceColumns": [{"tableName": one.table, "columnName": one.column} for one in sources],
        }
        for column, sources in table.columns
    ]
    return {**_place(table.catalog, table.schema, table.table), "columns": columns}


def _referenced(table: ReferencedTable) -> dict[str, Any]:
    return {
        "catalog": table.catalog,
        "schema": table.schema,
        "table": table.table,
        "authorization": table.user,
        "filters": [],
        "columns": [{"column": name} for name in table.columns],
        "directlyReferenced": table.direct,
        "referenceChain": [],
    }


def _place(catalog: CatalogIdentity, schema: str, table: str) -> dict[str, Any]:
    return {"catalogName": catalog.name, "catalogVersion": catalog.version, "schema": schema, "table": table}


def _column(column: TableColumn) -> dict[str, Any]:
    return {"name": column.name, "type": column.type}
