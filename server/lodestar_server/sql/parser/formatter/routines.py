"""SQL routines as Trino writes them."""

from __future__ import annotations

from lodestar_server.sql.parser import ast
from lodestar_server.sql.parser.formatter.expressions import format_expression, format_name, format_string, joined
from lodestar_server.sql.parser.formatter.writer import WRITES, Writer, indented


def parameters(declarations: tuple[ast.ParameterDeclaration, ...]) -> str:
    """Parameters with their types, in parentheses."""
    written = [
        ("" if entry.name is None else f"{format_expression(entry.name)} ") + format_expression(entry.type)
        for entry in declarations
    ]
    return f"({', '.join(written)})"


def properties_on_one_line(properties: tuple[ast.Property, ...]) -> str:
    """`name = value, …`."""
    return ", ".join([format_property(entry) for entry in properties])


def properties_on_lines(properties: tuple[ast.Property, ...]) -> str:
    """A line end and WITH (…), one property a line; nothing without properties."""
    if not properties:
        return ""
    return f"\n{_properties(properties, 0)}"


def _properties(properties: tuple[ast.Property, ...], indent: int) -> str:
    lines = ",\n".join([f"{indented(indent + 1)}{format_property(entry)}" for entry in properties])
    return f"WITH (\n{lines}\n{indented(indent)})"


def format_property(node: ast.Property) -> str:
    """`name = value`."""
    value = "DEFAULT" if node.value is None else format_expression(node.value)
    return f"{format_expression(node.name)} = {value}"


def _function_specification(writer: Writer, node: ast.FunctionSpecification, indent: int) -> None:
    writer.add_indented(indent, "FUNCTION ", format_name(node.name), parameters(node.parameters), "\n")
    writer.add_indented(indent, "RETURNS ", format_expression(node.returns_clause.return_type), "\n")
    for characteristic in node.characteristics:
        writer.add_indented(indent, _characteristic(characteristic, indent), "\n")
    if node.statement is not None:
        writer.node(node.statement, indent)
    if node.definition is not None:
        writer.add_indented(indent, "AS $$\n", node.definition.value, "$$")


def _characteristic(node: ast.RoutineCharacteristic, indent: int) -> str:
    if isinstance(node, ast.LanguageCharacteristic):
        return f"LANGUAGE {format_expression(node.language)}"
    if isinstance(node, ast.DeterministicCharacteristic):
        return "DETERMINISTIC" if node.deterministic else "NOT DETERMINISTIC"
    if isinstance(node, ast.NullInputCharacteristic):
        return "CALLED ON NULL INPUT" if node.called_on_null else "RETURNS NULL ON NULL INPUT"
    if isinstance(node, ast.SecurityCharacteristic):
        return f"SECURITY {node.security.value}"
    if isinstance(node, ast.CommentCharacteristic):
        return f"COMMENT {format_string(node.comment)}"
    if isinstance(node, ast.PropertiesCharacteristic):
        return _properties(node.properties, indent)
    raise TypeError(f"no routine characteristic: {type(node).__name__}")


def _statements(writer: Writer, statements: tuple[ast.ControlStatement, ...], indent: int) -> None:
    for statement in statements:
        writer.node(statement, indent)
        writer.add(";\n")


def _return(writer: Writer, node: ast.ReturnStatement, indent: int) -> None:
    writer.add_indented(indent, "RETURN ", format_expression(node.value))


def _assignment(writer: Writer, node: ast.AssignmentStatement, indent: int) -> None:
    writer.add_indented(indent, "SET ", format_expression(node.target), " = ", format_expression(node.value))


def _declaration(writer: Writer, node: ast.VariableDeclaration, indent: int) -> None:
    default = "" if node.default is None else f" DEFAULT {format_expression(node.default)}"
    writer.add_indented(indent, "DECLARE ", joined(node.names), " ", format_expression(node.type), default)


def _compound(writer: Writer, node: ast.CompoundStatement, indent: int) -> None:
    writer.add_indented(indent, "BEGIN\n")
    _statements(writer, node.variable_declarations, indent + 1)
    _statements(writer, node.statements, indent + 1)
    writer.add_indented(indent, "END")


def _if(writer: Writer, node: ast.IfStatement, indent: int) -> None:
    writer.add_indented(indent, "IF ", format_expression(node.expression), " THEN\n")
    _statements(writer, node.statements, indent + 1)
    for branch in node.else_if_clauses:
        writer.add_indented(indent, "ELSEIF ", format_expression(branch.expression), " THEN\n")
        _statements(writer, branch.statements, indent + 1)
    _else(writer, node.else_clause, indent)
    writer.add_indented(indent, "END IF")


def _else(writer: Writer, node: ast.ElseClause | None, indent: int) -> None:
    if node is not None:
        writer.add_indented(indent, "ELSE\n")
        _statements(writer, node.statements, indent + 1)


def _case(writer: Writer, node: ast.CaseStatement, indent: int) -> None:
    writer.add_indented(indent, "CASE")
    if node.expression is not None:
        writer.add(" ", format_expression(node.expression))
    writer.add("\n")
    for when in node.when_clauses:
        writer.add_indented(indent + 1, "WHEN ", format_expression(when.expression), " THEN\n")
        _statements(writer, when.statements, indent + 2)
    _else(writer, node.else_clause, indent + 1)
    writer.add_indented(indent, "END CASE")


def _label(node: ast.LoopStatement | ast.WhileStatement | ast.RepeatStatement) -> str:
    return "" if node.label is None else f"{format_expression(node.label)}: "


def _loop(writer: Writer, node: ast.LoopStatement, indent: int) -> None:
    writer.add_indented(indent, _label(node), "LOOP\n")
    _statements(writer, node.statements, indent + 1)
    writer.add_indented(indent, "END LOOP")


def _while(writer: Writer, node: ast.WhileStatement, indent: int) -> None:
    writer.add_indented(indent, _label(node), "WHILE ", format_expression(node.expression), " DO\n")
    _statements(writer, node.statements, indent + 1)
    writer.add_indented(indent, "END WHILE")


def _repeat(writer: Writer, node: ast.RepeatStatement, indent: int) -> None:
    writer.add_indented(indent, _label(node), "REPEAT\n")
    _statements(writer, node.statements, indent + 1)
    writer.add_indented(indent, "UNTIL ", format_expression(node.condition), "\n")
    writer.add_indented(indent, "END REPEAT")


def _iterate(writer: Writer, node: ast.IterateStatement, indent: int) -> None:
    writer.add_indented(indent, "ITERATE ", format_expression(node.label))


def _leave(writer: Writer, node: ast.LeaveStatement, indent: int) -> None:
    writer.add_indented(indent, "LEAVE ", format_expression(node.label))


WRITES |= {
    ast.FunctionSpecification: _function_specification,
    ast.ReturnStatement: _return,
    ast.AssignmentStatement: _assignment,
    ast.VariableDeclaration: _declaration,
    ast.CompoundStatement: _compound,
    ast.IfStatement: _if,
    ast.CaseStatement: _case,
    ast.LoopStatement: _loop,
    ast.WhileStatement: _while,
    ast.RepeatStatement: _repeat,
    ast.IterateStatement: _iterate,
    ast.LeaveStatement: _leave,
}
