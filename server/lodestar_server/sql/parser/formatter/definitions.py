"""CREATE, ALTER, DROP, COMMENT, ANALYZE and REFRESH as Trino writes them."""

from __future__ import annotations

from lodestar_server.sql.parser import ast
from lodestar_server.sql.parser.formatter.expressions import format_expression, format_name, format_string, joined
from lodestar_server.sql.parser.formatter.routines import parameters, properties_on_lines, properties_on_one_line
from lodestar_server.sql.parser.formatter.writer import WRITES, Writer, indented


def principal(node: ast.PrincipalSpecification) -> str:
    """`USER name`, `ROLE name` or `name`."""
    kind = "" if node.type is ast.PrincipalType.UNSPECIFIED else f"{node.type.value} "
    return f"{kind}{format_expression(node.name)}"


def call_arguments(arguments: tuple[ast.CallArgument, ...]) -> str:
    """Arguments of a procedure, in parentheses."""
    written = [
        ("" if entry.name is None else f"{format_expression(entry.name)} => ") + format_expression(entry.value)
        for entry in arguments
    ]
    return f"({', '.join(written)})"


def _comment_clause(comment: str | None, before: str = "\n") -> str:
    return "" if comment is None else f"{before}COMMENT {format_string(comment)}"


def _exists(exists: bool) -> str:
    return "IF EXISTS " if exists else ""


def _not_exists(not_exists: bool) -> str:
    return "IF NOT EXISTS " if not_exists else ""


def _replace(replace: bool) -> str:
    return "OR REPLACE " if replace else ""


def _cascade(cascade: bool) -> str:
    return "CASCADE" if cascade else "RESTRICT"


# catalogs and schemas


def _create_catalog(writer: Writer, node: ast.CreateCatalog, indent: int) -> None:
    name, connector = format_expression(node.catalog_name), format_expression(node.connector_name)
    writer.add("CREATE CATALOG ", _not_exists(node.not_exists), name, " USING ", connector)
    writer.add(_comment_clause(node.comment))
    if node.principal is not None:
        writer.add("\nAUTHORIZATION ", principal(node.principal))
    writer.add(properties_on_lines(node.properties))


def _drop_catalog(writer: Writer, node: ast.DropCatalog, indent: int) -> None:
    name = format_expression(node.catalog_name)
    writer.add("DROP CATALOG ", _exists(node.exists), name, " ", _cascade(node.cascade))


def _create_schema(writer: Writer, node: ast.CreateSchema, indent: int) -> None:
    writer.add("CREATE SCHEMA ", _not_exists(node.not_exists), format_name(node.schema_name))
    if node.principal is not None:
        writer.add("\nAUTHORIZATION ", principal(node.principal))
    writer.add(properties_on_lines(node.properties))


def _drop_schema(writer: Writer, node: ast.DropSchema, indent: int) -> None:
    writer.add("DROP SCHEMA ", _exists(node.exists), format_name(node.schema_name), " ", _cascade(node.cascade))


def _rename_schema(writer: Writer, node: ast.RenameSchema, indent: int) -> None:
    writer.add("ALTER SCHEMA ", format_name(node.source), " RENAME TO ", format_expression(node.target))


def _set_authorization(writer: Writer, node: ast.SetAuthorizationStatement, indent: int) -> None:
    writer.add("ALTER ", node.owned_entity_kind, " ", format_name(node.source))
    writer.add(" SET AUTHORIZATION ", principal(node.principal))


# tables


def _create_table(writer: Writer, node: ast.CreateTable, indent: int) -> None:
    _create_table_start(writer, node.save_mode, node.name)
    elements = ",\n".join([indented(indent + 1) + _table_element(element) for element in node.elements])
    writer.add(" (\n", elements, "\n)", _comment_clause(node.comment), properties_on_lines(node.properties))


def _create_table_start(writer: Writer, mode: ast.SaveMode, name: ast.QualifiedName) -> None:
    writer.add("CREATE ", _replace(mode is ast.SaveMode.REPLACE), "TABLE ", _not_exists(mode is ast.SaveMode.IGNORE))
    writer.add(format_name(name))


def _create_table_as_select(writer: Writer, node: ast.CreateTableAsSelect, indent: int) -> None:
    _create_table_start(writer, node.save_mode, node.name)
    if node.column_aliases is not None:
        writer.add("( ", joined(node.column_aliases), " )")
    writer.add(_comment_clause(node.comment), properties_on_lines(node.properties), " AS ")
    writer.node(node.query, indent)
    if not node.with_data:
        writer.add(" WITH NO DATA")


def _table_element(node: ast.TableElement) -> str:
    if isinstance(node, ast.ColumnDefinition):
        return _column_definition(node)
    if isinstance(node, ast.LikeClause):
        option = "" if node.properties_option is None else f" {node.properties_option.value} PROPERTIES"
        return f"LIKE {format_name(node.table_name)}{option}"
    raise TypeError(f"no table element: {type(node).__name__}")


def _column_definition(node: ast.ColumnDefinition) -> str:
    parts = [f"{format_name(node.name)} {format_expression(node.type)}"]
    if not node.nullable:
        parts.append(" NOT NULL")
    parts.append(_comment_clause(node.comment, " "))
    if node.properties:
        parts.append(f" WITH ({properties_on_one_line(node.properties)})")
    return "".join(parts)


def _drop_table(writer: Writer, node: ast.DropTable, indent: int) -> None:
    writer.add("DROP TABLE ", _exists(node.exists), format_name(node.table_name))


def _rename_table(writer: Writer, node: ast.RenameTable, indent: int) -> None:
    writer.add("ALTER TABLE ", _exists(node.exists), format_name(node.source), " RENAME TO ", format_name(node.target))


def _add_column(writer: Writer, node: ast.AddColumn, indent: int) -> None:
    writer.add("ALTER TABLE ", _exists(node.table_exists), format_name(node.name), " ADD COLUMN ")
    writer.add(_not_exists(node.column_not_exists), _column_definition(node.column))
    if isinstance(node.position, ast.FirstColumn):
        writer.add(" FIRST")
    elif isinstance(node.position, ast.AfterColumn):
        writer.add(" AFTER ", format_expression(node.position.column))
    elif node.position is not None:
        writer.add(" LAST")


def _rename_column(writer: Writer, node: ast.RenameColumn, indent: int) -> None:
    writer.add("ALTER TABLE ", _exists(node.table_exists), format_name(node.table), " RENAME COLUMN ")
    writer.add(_exists(node.column_exists), format_name(node.source), " TO ", format_expression(node.target))


def _drop_column(writer: Writer, node: ast.DropColumn, indent: int) -> None:
    writer.add("ALTER TABLE ", _exists(node.table_exists), format_name(node.table), " DROP COLUMN ")
    writer.add(_exists(node.column_exists), format_name(node.field))


def _set_column_type(writer: Writer, node: ast.SetColumnType, indent: int) -> None:
    writer.add("ALTER TABLE ", _exists(node.table_exists), format_name(node.table_name), " ALTER COLUMN ")
    writer.add(format_name(node.column_name), " SET DATA TYPE ", format_expression(node.type))


def _drop_not_null(writer: Writer, node: ast.DropNotNullConstraint, indent: int) -> None:
    writer.add("ALTER TABLE ", _exists(node.table_exists), format_name(node.table), " ALTER COLUMN ")
    writer.add(format_expression(node.column), " DROP NOT NULL")


def _set_properties(writer: Writer, node: ast.SetProperties, indent: int) -> None:
    writer.add("ALTER ", node.type.value, " ", format_name(node.name))
    writer.add(" SET PROPERTIES ", properties_on_one_line(node.properties))


def _table_execute(writer: Writer, node: ast.TableExecute, indent: int) -> None:
    writer.add("ALTER TABLE ", format_name(node.table.name), " EXECUTE ", format_expression(node.procedure_name))
    if node.arguments:
        writer.add(call_arguments(node.arguments))
    if node.where is not None:
        writer.add("\n", indented(indent), "WHERE ", format_expression(node.where))


def _analyze(writer: Writer, node: ast.Analyze, indent: int) -> None:
    writer.add("ANALYZE ", format_name(node.table_name), properties_on_lines(node.properties))


def _comment(writer: Writer, node: ast.Comment, indent: int) -> None:
    text = "NULL" if node.comment is None else format_string(node.comment)
    writer.add("COMMENT ON ", node.type.value, " ", format_name(node.name), " IS ", text)


# views


def _create_view(writer: Writer, node: ast.CreateView, indent: int) -> None:
    writer.add("CREATE ", _replace(node.replace), "VIEW ", format_name(node.name), _comment_clause(node.comment, " "))
    if node.security is not None:
        writer.add(" SECURITY ", node.security.value)
    writer.add(properties_on_lines(node.properties), " AS\n")
    writer.node(node.query, indent)


def _drop_view(writer: Writer, node: ast.DropView, indent: int) -> None:
    writer.add("DROP VIEW ", _exists(node.exists), format_name(node.name))


def _rename_view(writer: Writer, node: ast.RenameView, indent: int) -> None:
    writer.add("ALTER VIEW ", format_name(node.source), " RENAME TO ", format_name(node.target))


def _create_materialized_view(writer: Writer, node: ast.CreateMaterializedView, indent: int) -> None:
    writer.add("CREATE ", _replace(node.replace), "MATERIALIZED VIEW ", _not_exists(node.not_exists))
    writer.add(format_name(node.name))
    if node.grace_period is not None:
        writer.add("\nGRACE PERIOD ", format_expression(node.grace_period))
    writer.add(_comment_clause(node.comment), properties_on_lines(node.properties), " AS\n")
    writer.node(node.query, indent)


def _refresh_materialized_view(writer: Writer, node: ast.RefreshMaterializedView, indent: int) -> None:
    writer.add("REFRESH MATERIALIZED VIEW ", format_name(node.table.name))


def _drop_materialized_view(writer: Writer, node: ast.DropMaterializedView, indent: int) -> None:
    writer.add("DROP MATERIALIZED VIEW ", _exists(node.exists), format_name(node.name))


def _rename_materialized_view(writer: Writer, node: ast.RenameMaterializedView, indent: int) -> None:
    writer.add("ALTER MATERIALIZED VIEW ", _exists(node.exists), format_name(node.source))
    writer.add(" RENAME TO ", format_name(node.target))


# functions


def _create_function(writer: Writer, node: ast.CreateFunction, indent: int) -> None:
    writer.add("CREATE ", _replace(node.replace))
    writer.node(node.specification, indent)


def _drop_function(writer: Writer, node: ast.DropFunction, indent: int) -> None:
    writer.add("DROP FUNCTION ", _exists(node.exists), format_name(node.name), parameters(node.parameters))


WRITES |= {
    ast.CreateCatalog: _create_catalog,
    ast.DropCatalog: _drop_catalog,
    ast.CreateSchema: _create_schema,
    ast.DropSchema: _drop_schema,
    ast.RenameSchema: _rename_schema,
    ast.SetAuthorizationStatement: _set_authorization,
    ast.CreateTable: _create_table,
    ast.CreateTableAsSelect: _create_table_as_select,
    ast.DropTable: _drop_table,
    ast.RenameTable: _rename_table,
    ast.AddColumn: _add_column,
    ast.RenameColumn: _rename_column,
    ast.DropColumn: _drop_column,
    ast.SetColumnType: _set_column_type,
    ast.DropNotNullConstraint: _drop_not_null,
    ast.SetProperties: _set_properties,
    ast.TableExecute: _table_execute,
    ast.Analyze: _analyze,
    ast.Comment: _comment,
    ast.CreateView: _create_view,
    ast.DropView: _drop_view,
    ast.RenameView: _rename_view,
    ast.CreateMaterializedView: _create_materialized_view,
    ast.RefreshMaterializedView: _refresh_materialized_view,
    ast.DropMaterializedView: _drop_materialized_view,
    ast.RenameMaterializedView: _rename_materialized_view,
    ast.CreateFunction: _create_function,
    ast.DropFunction: _drop_function,
}
