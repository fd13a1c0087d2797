"""CREATE, DROP and ALTER VIEW, and the same for materialized views."""

from __future__ import annotations

from lodestar_server.metadata.properties import PropertyKind
from lodestar_server.query.properties import all_properties
from lodestar_server.query.statement import StatementContext
from lodestar_server.spi.connector import (
    MaterializedViewDefinition,
    SaveMode,
    ViewColumn,
    ViewDefinition,
)
from lodestar_server.spi.errors import (
    CATALOG_NOT_FOUND,
    GENERIC_INTERNAL_ERROR,
    GENERIC_USER_ERROR,
    NOT_SUPPORTED,
    TABLE_ALREADY_EXISTS,
    TABLE_NOT_FOUND,
    TYPE_MISMATCH,
    ErrorCode,
    LodestarError,
)
from lodestar_server.spi.names import QualifiedName
from lodestar_server.spi.types import INTERVAL_DAY_SECOND
from lodestar_server.sql.analysis.writes import analyze_source, check_columns
from lodestar_server.sql.parser import ast, format_statement, parse_path_specification


def _fault(code: ErrorCode, message: str, node: ast.Statement) -> LodestarError:
    return LodestarError(code, message, location=node.at)


def create_view(statement: StatementContext, node: ast.CreateView) -> None:
    """CREATE VIEW: the query is stored as text, with the columns that it has now."""
    metadata = statement.metadata
    name = statement.qualify(node.name, node.at)
    statement.require_catalog(name.catalog, node.at)
    metadata.access(name.catalog).check_can_create_view(name.schema_table)
    if metadata.find_materialized_view(name) is not None:
        raise _fault(TABLE_ALREADY_EXISTS, f"Materialized view already exists: '{name}'", node)
    if metadata.find_view(name) is not None:
        if not node.replace:
            raise _fault(TABLE_ALREADY_EXISTS, f"View already exists: '{name}'", node)
    elif metadata.find_table(name) is not None:
        raise _fault(TABLE_ALREADY_EXISTS, f"Table already exists: '{name}'", node)
    columns = _view_columns(statement, node, node.query)
    if node.properties:
        all_properties(statement, name.catalog, PropertyKind.VIEW, node.properties)
    invoker = node.security is ast.Security.INVOKER
    view = ViewDefinition(
        format_statement(node.query),
        statement.session.catalog,
        statement.session.schema,
        columns,
        node.comment,
        None if invoker else statement.session.user,
        invoker,
        _path(statement),
    )
    metadata.create_view(name, view, replace=node.replace)


def _view_columns(
    statement: StatementContext, node: ast.CreateView | ast.CreateMaterializedView, query: ast.Query
) -> tuple[ViewColumn, ...]:
    if query.functions:
        message = "Views cannot contain inline functions"
        raise LodestarError(NOT_SUPPORTED, message, location=query.functions[0].at)
    analysis = statement.new_analysis()
    if node.replace:
        analysis.storing_view = statement.qualify(node.name, node.at)
        analysis.storing_kind = "view" if isinstance(node, ast.CreateView) else "materialized view"
    source = analyze_source(analysis, query)
    statement.metadata.check_selected(analysis.selected)
    check_columns(node, source)
    return tuple(ViewColumn(one.name or "", one.type) for one in source.visible_fields)


def _path(statement: StatementContext) -> tuple[str, ...]:
    """Schemas of the session's path, with their catalogs."""
    session = statement.session
    if not session.path or not session.path.strip():
        return ()
    found: list[str] = []
    for element in parse_path_specification(session.path).path:
        catalog = session.catalog if element.catalog is None else element.catalog.value.lower()
        if catalog is not None and catalog != "system":
            found.append(f"{catalog}.{element.schema.value.lower()}")
    return tuple(found)


def drop_view(statement: StatementContext, node: ast.DropView) -> None:
    """DROP VIEW."""
    metadata = statement.metadata
    name = statement.qualify(node.name, node.at)
    if metadata.find_materialized_view(name) is not None:
        raise _instead(node, "View", name, "a materialized view", f"DROP MATERIALIZED VIEW {name}")
    if metadata.find_view(name) is None:
        if metadata.find_table(name) is not None:
            raise _instead(node, "View", name, "a table", f"DROP TABLE {name}")
        if not node.exists:
            raise _fault(GENERIC_USER_ERROR, f"View '{name}' does not exist", node)
        return
    metadata.access(name.catalog).check_can_drop_view(name.schema_table)
    metadata.drop_view(name)


def rename_view(statement: StatementContext, node: ast.RenameView) -> None:
    """ALTER VIEW … RENAME TO."""
    metadata = statement.metadata
    name = statement.qualify(node.source, node.at)
    if metadata.find_materialized_view(name) is not None:
        instead = f"ALTER MATERIALIZED VIEW {name} RENAME TO ..."
        raise _instead(node, "View", name, "a materialized view", instead, TABLE_NOT_FOUND)
    if metadata.find_view(name) is None:
        if metadata.find_table(name) is not None:
            raise _instead(node, "View", name, "a table", f"ALTER TABLE {name} RENAME TO ...", TABLE_NOT_FOUND)
        raise _fault(TABLE_NOT_FOUND, f"View '{name}' does not exist", node)
    target = _target(statement, node, node.target)
    if metadata.find_materialized_view(target) is not None:
        message = f"Target view '{target}' does not exist, but a materialized view with that name exists."
        raise _fault(GENERIC_USER_ERROR, message, node)
    if metadata.find_view(target) is not None:
        raise _fault(GENERIC_USER_ERROR, f"Target view '{target}' already exists", node)
    if metadata.find_table(target) is not None:
        message = f"Target view '{target}' does not exist, but a table with that name exists."
        raise _fault(TABLE_ALREADY_EXISTS, message, node)
    if name.catalog != target.catalog:
        raise _fault(NOT_SUPPORTED, "View rename across catalogs is not supported", node)
    metadata.access(name.catalog).check_can_rename_view(name.schema_table, target.schema_table)
    metadata.rename_view(name, target.schema_table)


def create_materialized_view(statement: StatementContext, node: ast.CreateMaterializedView) -> None:
    """CREATE MATERIALIZED VIEW."""
    name = statement.qualify(node.name, node.at)
    if node.replace and node.not_exists:
        message = "'CREATE OR REPLACE' and 'IF NOT EXISTS' clauses can not be used together"
        raise _fault(NOT_SUPPORTED, message, node)
    columns = _view_columns(statement, node, node.query)
    statement.require_catalog(name.catalog, node.at)
    properties = all_properties(statement, name.catalog, PropertyKind.MATERIALIZED_VIEW, node.properties)
    view = MaterializedViewDefinition(
        format_statement(node.query),
        None,
        statement.session.catalog,
        statement.session.schema,
        columns,
        _grace_period(statement, node, name.catalog),
        node.comment,
        statement.session.user,
        _path(statement),
        properties,
    )
    save_mode = SaveMode.REPLACE if node.replace else SaveMode.IGNORE if node.not_exists else SaveMode.FAIL
    statement.metadata.access(name.catalog).check_can_create_materialized_view(name.schema_table)
    statement.metadata.create_materialized_view(name, view, save_mode)


def _grace_period(statement: StatementContext, node: ast.CreateMaterializedView, catalog: str) -> float | None:
    if node.grace_period is None:
        return None
    if not statement.metadata.require_catalog(catalog).connector.supports_grace_period:
        raise _fault(NOT_SUPPORTED, f"Catalog '{catalog}' does not support GRACE PERIOD", node)
    value = statement.constant(node.grace_period)
    if value.type != INTERVAL_DAY_SECOND:
        message = f"Unsupported grace period type {value.type.display}, expected {INTERVAL_DAY_SECOND.display}"
        raise LodestarError(TYPE_MISMATCH, message)
    milliseconds: int = value.value
    if milliseconds < 0:
        message = f"gracePeriod cannot be negative: Optional[{_iso_duration(milliseconds)}]"
        raise LodestarError(GENERIC_INTERNAL_ERROR, message)
    return milliseconds / 1000


def _iso_duration(milliseconds: int) -> str:
    """A negative duration as Java writes it: PT-1H-30M-0.5S."""
    seconds, rest = divmod(-milliseconds, 1000)
    hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
    shown = f"{seconds}.{rest:03d}".rstrip("0").rstrip(".")
    parts = [(str(hours), "H"), (str(minutes), "M"), (shown, "S")]
    return "PT" + "".join(f"-{text}{unit}" for text, unit in parts if text != "0")


def drop_materialized_view(statement: StatementContext, node: ast.DropMaterializedView) -> None:
    """DROP MATERIALIZED VIEW."""
    metadata = statement.metadata
    name = statement.qualify(node.name, node.at)
    if metadata.find_materialized_view(name) is None:
        if metadata.find_view(name) is not None:
            raise _instead(node, "Materialized view", name, "a view", f"DROP VIEW {name}")
        if metadata.find_table(name) is not None:
            raise _instead(node, "Materialized view", name, "a table", f"DROP TABLE {name}")
        if not node.exists:
            raise _fault(GENERIC_USER_ERROR, f"Materialized view '{name}' does not exist", node)
        return
    metadata.access(name.catalog).check_can_drop_materialized_view(name.schema_table)
    metadata.drop_materialized_view(name)


def rename_materialized_view(statement: StatementContext, node: ast.RenameMaterializedView) -> None:
    """ALTER MATERIALIZED VIEW … RENAME TO."""
    metadata = statement.metadata
    name = statement.qualify(node.source, node.at)
    if metadata.find_materialized_view(name) is None:
        what = "Materialized View"
        if metadata.find_view(name) is not None:
            raise _instead(node, what, name, "a view", f"ALTER VIEW {name} RENAME TO ...", TABLE_NOT_FOUND)
        if metadata.find_table(name) is not None:
            raise _instead(node, what, name, "a table", f"ALTER TABLE {name} RENAME TO ...", TABLE_NOT_FOUND)
        if not node.exists:
            raise _fault(TABLE_NOT_FOUND, f"{what} '{name}' does not exist", node)
        return
    target = _target(statement, node, node.target)
    what = f"Target materialized view '{target}'"
    if metadata.find_materialized_view(target) is not None:
        raise _fault(TABLE_ALREADY_EXISTS, f"{what} already exists", node)
    if metadata.find_view(target) is not None:
        raise _fault(TABLE_ALREADY_EXISTS, f"{what} does not exist, but a view with that name exists.", node)
    if metadata.find_table(target) is not None:
        raise _fault(TABLE_ALREADY_EXISTS, f"{what} does not exist, but a table with that name exists.", node)
    if name.catalog != target.catalog:
        raise _fault(NOT_SUPPORTED, "Materialized View rename across catalogs is not supported", node)
    metadata.access(name.catalog).check_can_rename_materialized_view(name.schema_table, target.schema_table)
    metadata.rename_materialized_view(name, target.schema_table)


def _target(statement: StatementContext, node: ast.Statement, written: ast.QualifiedName) -> QualifiedName:
    target = statement.qualify(written, node.at)
    if statement.metadata.find_catalog(target.catalog) is None:
        raise _fault(CATALOG_NOT_FOUND, f"Target catalog '{target.catalog}' not found", node)
    return target


def _instead(
    node: ast.Statement,
    what: str,
    name: QualifiedName,
    kind: str,
    instead: str,
    code: ErrorCode = GENERIC_USER_ERROR,
) -> LodestarError:
    message = f"{what} '{name}' does not exist, but {kind} with that name exists. Did you mean {instead}?"
    return _fault(code, message, node)
