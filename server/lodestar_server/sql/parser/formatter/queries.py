"""Queries and relations as Trino writes them."""

from __future__ import annotations

from lodestar_server.sql.parser import ast
from lodestar_server.sql.parser.formatter.expressions import (
    FORMATS,
    format_expression,
    format_name,
    joined,
    json_path_invocation,
)
from lodestar_server.sql.parser.formatter.windows import (
    definition,
    measure,
    order_by,
    pattern,
    skip_to,
    subset,
    window_specification,
)
from lodestar_server.sql.parser.formatter.writer import WRITES, Writer, indented

_SUFFIXED = (ast.AliasedRelation, ast.SampledRelation, ast.PatternRecognitionRelation)


def write_relation_as_query(writer: Writer, relation: ast.Relation, indent: int) -> None:
    """A relation where a query is expected: a table needs the word TABLE."""
    if isinstance(relation, ast.Table):
        writer.add("TABLE ", format_name(relation.name), "\n")
    else:
        writer.node(relation, indent)


def alias_columns(columns: tuple[ast.Identifier, ...] | None) -> str:
    """The column names behind an alias."""
    return f" ({joined(columns)})" if columns else ""


def _subquery_expression(node: ast.SubqueryExpression) -> str:
    writer = Writer()
    writer.node(node.query, 0)
    return f"({writer.text()})"


# queries


def _query(writer: Writer, node: ast.Query, indent: int) -> None:
    if node.session_properties:
        _session_properties(writer, node.session_properties, indent)
    if node.functions:
        writer.add("WITH\n")
        last = len(node.functions) - 1
        for place, function in enumerate(node.functions):
            writer.node(function, indent + 1)
            writer.add("\n" if place == last else ",\n")
    if node.with_ is not None:
        writer.add_indented(indent, "WITH RECURSIVE\n  " if node.with_.recursive else "WITH\n  ")
        last = len(node.with_.queries) - 1
        for place, named in enumerate(node.with_.queries):
            writer.add_indented(indent, format_expression(named.name), alias_columns(named.column_names), " AS ")
            _table_subquery(writer, ast.TableSubquery(named.query, at=named.at), indent)
            writer.add("\n" if place == last else "\n, ")
    write_relation_as_query(writer, node.body, indent)
    _ordering_and_limits(writer, node, indent)


def _session_properties(writer: Writer, properties: tuple[ast.SessionProperty, ...], indent: int) -> None:
    writer.add("WITH SESSION\n")
    last = len(properties) - 1
    for place, entry in enumerate(properties):
        writer.add_indented(indent + 1, format_name(entry.name), " = ", format_expression(entry.value))
        writer.add("\n" if place == last else ",\n")


def _ordering_and_limits(writer: Writer, node: ast.Query | ast.QuerySpecification, indent: int) -> None:
    if node.order_by is not None:
        writer.add_indented(indent, order_by(node.order_by), "\n")
    if node.offset is not None:
        writer.add_indented(indent, "OFFSET ", format_expression(node.offset.row_count), " ROWS\n")
    if isinstance(node.limit, ast.Limit):
        writer.add_indented(indent, "LIMIT ", format_expression(node.limit.row_count), "\n")
    elif node.limit is not None:
        count = node.limit.row_count
        rows = "ROW " if count is None else f"{format_expression(count)} ROWS "
        writer.add_indented(indent, "FETCH FIRST ", rows, "WITH TIES\n" if node.limit.with_ties else "ONLY\n")


def _query_specification(writer: Writer, node: ast.QuerySpecification, indent: int) -> None:
    _select(writer, node.select, indent)
    if node.from_ is not None:
        writer.add_indented(indent, "FROM\n")
        writer.add_indented(indent, "  ")
        writer.node(node.from_, indent)
    writer.add("\n")
    if node.where is not None:
        writer.add_indented(indent, "WHERE ", format_expression(node.where), "\n")
    if node.group_by is not None:
        quantifier = " DISTINCT " if node.group_by.distinct else ""
        elements = ", ".join([_grouping_element(element) for element in node.group_by.elements])
        writer.add_indented(indent, "GROUP BY ", quantifier, elements, "\n")
    if node.having is not None:
        writer.add_indented(indent, "HAVING ", format_expression(node.having), "\n")
    if node.windows:
        writer.add_indented(indent, "WINDOW")
        windows = [f"{format_expression(entry.name)} AS {window_specification(entry.window)}" for entry in node.windows]
        writer.definitions(windows, indent + 1)
    _ordering_and_limits(writer, node, indent)


def _select(writer: Writer, node: ast.Select, indent: int) -> None:
    writer.add_indented(indent, "SELECT DISTINCT" if node.distinct else "SELECT")
    if len(node.select_items) == 1:
        writer.add(" ", _select_item(node.select_items[0]))
    else:
        for place, item in enumerate(node.select_items):
            writer.add("\n", indented(indent), ", " if place else "  ", _select_item(item))
    writer.add("\n")


def _select_item(node: ast.SelectItem) -> str:
    if isinstance(node, ast.SingleColumn):
        alias = "" if node.alias is None else f" {format_expression(node.alias)}"
        return f"{format_expression(node.expression)}{alias}"
    if isinstance(node, ast.AllColumns):
        target = "" if node.target is None else f"{format_expression(node.target)}."
        aliases = f" AS ({joined(node.aliases)})" if node.aliases else ""
        return f"{target}*{aliases}"
    raise TypeError(f"no select item: {type(node).__name__}")


def _grouping_element(node: ast.GroupingElement) -> str:
    if isinstance(node, ast.AutoGroupBy):
        return "AUTO"
    if isinstance(node, ast.SimpleGroupBy):
        return format_expression(node.columns[0]) if len(node.columns) == 1 else f"({joined(node.columns)})"
    if isinstance(node, ast.GroupingSets):
        sets = ", ".join([f"({joined(columns)})" for columns in node.sets])
        return f"{node.type.value} ({sets})"
    raise TypeError(f"no grouping element: {type(node).__name__}")


def _set_operation(writer: Writer, node: ast.SetOperation, indent: int) -> None:
    write_relation_as_query(writer, node.left, indent)
    word = type(node).__name__.upper()
    writer.add(f"{word} " if node.distinct else f"{word} ALL ")
    if node.corresponding is not None:
        columns = node.corresponding.columns
        writer.add(f"CORRESPONDING BY ({joined(columns)}) " if columns else "CORRESPONDING ")
    write_relation_as_query(writer, node.right, indent)


def _values(writer: Writer, node: ast.Values, indent: int) -> None:
    writer.add(" VALUES ")
    for place, row in enumerate(node.rows):
        writer.add("\n", indented(indent), ", " if place else "  ", format_expression(row))
    writer.add("\n")


def _table_subquery(writer: Writer, node: ast.TableSubquery, indent: int) -> None:
    writer.add("(\n")
    writer.node(node.query, indent + 1)
    writer.add_indented(indent, ") ")


# relations


def _table(writer: Writer, node: ast.Table, indent: int) -> None:
    writer.add(format_name(node.name))
    period = node.query_period
    if period is not None and period.end is not None:
        writer.add(f" FOR {period.type.value} AS OF {format_expression(period.end)}")


def _join(writer: Writer, node: ast.Join, indent: int) -> None:
    if node.type is ast.JoinType.IMPLICIT:
        writer.node(node.left, indent)
        writer.add("\n")
        writer.add_indented(indent, ", ")
        writer.node(node.right, indent)
        return
    natural = "NATURAL " if isinstance(node.criteria, ast.NaturalJoin) else ""
    writer.add("(")
    writer.node(node.left, indent)
    writer.add("\n")
    writer.add_indented(indent, natural, node.type.value, " JOIN ")
    writer.node(node.right, indent)
    if isinstance(node.criteria, ast.JoinUsing):
        writer.add(" USING (", joined(node.criteria.columns), ")")
    elif isinstance(node.criteria, ast.JoinOn):
        writer.add(" ON ", format_expression(node.criteria.expression))
    writer.add(")")


def _with_suffix(writer: Writer, relation: ast.Relation, indent: int) -> None:
    """A relation that something follows: one that already has a suffix needs parentheses."""
    if isinstance(relation, _SUFFIXED):
        writer.add("( ")
        writer.node(relation, indent + 1)
        writer.add_indented(indent, ")")
    else:
        writer.node(relation, indent)


def _aliased_relation(writer: Writer, node: ast.AliasedRelation, indent: int) -> None:
    _with_suffix(writer, node.relation, indent)
    writer.add(" ", format_expression(node.alias), alias_columns(node.column_names))


def _sampled_relation(writer: Writer, node: ast.SampledRelation, indent: int) -> None:
    _with_suffix(writer, node.relation, indent)
    writer.add(f" TABLESAMPLE {node.type.value} ({format_expression(node.percentage)})")


def _unnest(writer: Writer, node: ast.Unnest, indent: int) -> None:
    writer.add(f"UNNEST({joined(node.expressions)})", " WITH ORDINALITY" if node.with_ordinality else "")


def _lateral(writer: Writer, node: ast.Lateral, indent: int) -> None:
    writer.add_indented(indent, "LATERAL (")
    writer.node(node.query, indent + 1)
    writer.add_indented(indent, ")")


def _pattern_recognition(writer: Writer, node: ast.PatternRecognitionRelation, indent: int) -> None:
    _with_suffix(writer, node.input, indent)
    inside = indent + 1
    writer.add(" MATCH_RECOGNIZE (\n")
    if node.partition_by:
        writer.add_indented(inside, "PARTITION BY ", joined(node.partition_by), "\n")
    if node.order_by is not None:
        writer.add_indented(inside, order_by(node.order_by), "\n")
    if node.measures:
        writer.add_indented(inside, "MEASURES")
        writer.definitions([measure(entry) for entry in node.measures], indent + 2)
    if node.rows_per_match is not None:
        writer.add_indented(inside, node.rows_per_match.value, "\n")
    if node.after_match_skip_to is not None:
        writer.add_indented(inside, skip_to(node.after_match_skip_to), "\n")
    if node.pattern_search_mode is not None:
        writer.add_indented(inside, node.pattern_search_mode.mode.value, "\n")
    writer.add_indented(inside, "PATTERN (", pattern(node.pattern), ")\n")
    if node.subsets:
        writer.add_indented(inside, "SUBSET")
        writer.definitions([subset(entry) for entry in node.subsets], indent + 2)
    writer.add_indented(inside, "DEFINE")
    writer.definitions([definition(entry) for entry in node.variable_definitions], indent + 2)
    writer.add(")")


# table functions


def _table_function_invocation(writer: Writer, node: ast.TableFunctionInvocation, indent: int) -> None:
    writer.add_indented(indent, "TABLE(", format_name(node.name), "(\n")
    inside = indent + 2
    for place, argument in enumerate(node.arguments):
        if place:
            writer.add(",\n")
        name = "" if argument.name is None else f"{format_expression(argument.name)} => "
        writer.add_indented(inside, name)
        if isinstance(argument.value, ast.Expression):
            writer.add(format_expression(argument.value))
        else:
            writer.node(argument.value, inside + 1)
    if node.copartitioning:
        tables = [f"({', '.join([format_name(name) for name in names])})" for names in node.copartitioning]
        writer.add("\n")
        writer.add_indented(inside, "COPARTITION ", ", ".join(tables))
    writer.add("))")


def _table_argument(writer: Writer, node: ast.TableFunctionTableArgument, indent: int) -> None:
    relation: ast.Node = node.table
    alias = ""
    if isinstance(relation, ast.AliasedRelation):
        alias = f" AS {format_expression(relation.alias)}{alias_columns(relation.column_names)}"
        relation = relation.relation
    if isinstance(relation, ast.TableSubquery):
        relation = relation.query
    writer.add("TABLE(")
    writer.node(relation, indent)
    writer.add(")", alias)
    if node.partition_by is not None:
        writer.add("\n")
        writer.add_indented(indent, "PARTITION BY ", joined(node.partition_by))
    if node.empty_table_treatment is not None:
        writer.add("\n")
        writer.add_indented(indent, node.empty_table_treatment.treatment.value, " WHEN EMPTY")
    if node.order_by is not None:
        writer.add("\n")
        writer.add_indented(indent, order_by(node.order_by))


def _descriptor_argument(writer: Writer, node: ast.TableFunctionDescriptorArgument, indent: int) -> None:
    if node.descriptor is None:
        writer.add("CAST (NULL AS DESCRIPTOR)")
        return
    fields = [
        format_expression(field.name) + ("" if field.type is None else f" {format_expression(field.type)}")
        for field in node.descriptor.fields
    ]
    writer.add(f"DESCRIPTOR({', '.join(fields)})")


# JSON_TABLE


def _json_table(writer: Writer, node: ast.JsonTable, indent: int) -> None:
    writer.add("JSON_TABLE (", json_path_invocation(node.invocation), "\n")
    _json_columns(writer, node.columns, indent + 1)
    if node.plan is not None:
        word = "PLAN DEFAULT (" if isinstance(node.plan, ast.JsonTableDefaultPlan) else "PLAN ("
        writer.add("\n")
        writer.add_indented(indent + 1, word, _plan(node.plan), ")")
    if node.error_behavior is not None:
        writer.add("\n")
        writer.add_indented(indent + 1, node.error_behavior.value, " ON ERROR")
    writer.add(")\n")


def _json_columns(writer: Writer, columns: tuple[ast.JsonTableColumnDefinition, ...], indent: int) -> None:
    writer.add_indented(indent, "COLUMNS (\n")
    last = len(columns) - 1
    for place, column in enumerate(columns):
        writer.node(column, indent + 1)
        writer.add(")" if place == last else ",\n")


def _ordinality_column(writer: Writer, node: ast.OrdinalityColumn, indent: int) -> None:
    writer.add_indented(indent, format_expression(node.name), " FOR ORDINALITY")


def _value_column(writer: Writer, node: ast.ValueColumn, indent: int) -> None:
    writer.add_indented(indent, format_expression(node.name), " ", format_expression(node.type))
    if node.json_path is not None:
        writer.add(" PATH ", format_expression(node.json_path))
    default = "" if node.empty_default is None else f" {format_expression(node.empty_default)}"
    writer.add(f" {node.empty_behavior.value}{default} ON EMPTY")
    if node.error_behavior is not None:
        default = "" if node.error_default is None else f" {format_expression(node.error_default)}"
        writer.add(f" {node.error_behavior.value}{default} ON ERROR")


def _query_column(writer: Writer, node: ast.QueryColumn, indent: int) -> None:
    writer.add_indented(indent, format_expression(node.name), " ", format_expression(node.type))
    writer.add(" FORMAT ", node.format.value)
    if node.json_path is not None:
        writer.add(" PATH ", format_expression(node.json_path))
    writer.add(f" {node.wrapper_behavior.value} ARRAY WRAPPER")
    if node.quotes_behavior is not None:
        writer.add(f" {node.quotes_behavior.value} QUOTES ON SCALAR STRING")
    writer.add(f" {node.empty_behavior.value} ON EMPTY")
    if node.error_behavior is not None:
        writer.add(f" {node.error_behavior.value} ON ERROR")


def _nested_columns(writer: Writer, node: ast.NestedColumns, indent: int) -> None:
    name = "" if node.path_name is None else f" AS {format_expression(node.path_name)}"
    writer.add_indented(indent, "NESTED PATH ", format_expression(node.json_path), name, "\n")
    _json_columns(writer, node.columns, indent + 1)


def _plan(node: ast.JsonTablePlan) -> str:
    if isinstance(node, ast.JsonTableDefaultPlan):
        return f"{node.parent_child.value}, {node.siblings.value}"
    if isinstance(node, ast.PlanParentChild):
        return f"{_plan(node.parent)} {node.type.value} ({_plan(node.child)})"
    if isinstance(node, ast.PlanSiblings):
        return f" {node.type.value} ".join([f"({_plan(sibling)})" for sibling in node.siblings])
    if isinstance(node, ast.PlanLeaf):
        return format_expression(node.name)
    raise TypeError(f"no plan: {type(node).__name__}")


FORMATS[ast.SubqueryExpression] = _subquery_expression
WRITES |= {
    ast.Query: _query,
    ast.QuerySpecification: _query_specification,
    ast.Union: _set_operation,
    ast.Intersect: _set_operation,
    ast.Except: _set_operation,
    ast.Values: _values,
    ast.TableSubquery: _table_subquery,
    ast.Table: _table,
    ast.Join: _join,
    ast.AliasedRelation: _aliased_relation,
    ast.SampledRelation: _sampled_relation,
    ast.Unnest: _unnest,
    ast.Lateral: _lateral,
    ast.PatternRecognitionRelation: _pattern_recognition,
    ast.TableFunctionInvocation: _table_function_invocation,
    ast.TableFunctionTableArgument: _table_argument,
    ast.TableFunctionDescriptorArgument: _descriptor_argument,
    ast.JsonTable: _json_table,
    ast.OrdinalityColumn: _ordinality_column,
    ast.ValueColumn: _value_column,
    ast.QueryColumn: _query_column,
    ast.NestedColumns: _nested_columns,
}
