"""REFRESH MATERIALIZED VIEW."""

from __future__ import annotations

from lodestar_server.query.results import ResultSink
from lodestar_server.query.statement import StatementContext
from lodestar_server.spi.connector import not_supported
from lodestar_server.spi.errors import TABLE_NOT_FOUND, LodestarError
from lodestar_server.sql.parser import ast


def refresh_materialized_view(
    statement: StatementContext, node: ast.RefreshMaterializedView, results: ResultSink
) -> None:
    """REFRESH MATERIALIZED VIEW: no connector stores materialized views yet."""
    name = statement.qualify(node.table.name, node.at)
    if statement.metadata.find_materialized_view(name) is None:
        message = f"Materialized view '{name}' does not exist"
        raise LodestarError(TABLE_NOT_FOUND, message, location=node.at)
    not_supported("This connector does not support refreshing materialized views")
