"""CREATE, DROP and COMMENT.

Keys, foreign keys, unique and check constraints and indexes of a model are left out: Trino has none, and models that
declare them for the ORM's sake are meant to work. `nullable=False` that is said is sent, also for a key. Asking for a
constraint by itself (ALTER TABLE … ADD CONSTRAINT) fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import exc, schema
from sqlalchemy.sql import sqltypes
from sqlalchemy.sql.compiler import DDLCompiler
from sqlalchemy.sql.elements import ClauseElement

# What `visit_create_index` renders; a statement that is empty is not sent.
NOTHING = ""


class LodestarDDLCompiler(DDLCompiler):
    """Statements in the order of Trino's grammar."""

    def get_column_specification(self, column: schema.Column[Any], **keywords: Any) -> str:
        """name type [DEFAULT …] [NOT NULL] [COMMENT …] [WITH (…)]"""
        if column.computed is not None:
            raise exc.CompileError(f"column {column.name!r} is computed: Trino has no computed columns")
        type_text = self.dialect.type_compiler_instance.process(column.type, type_expression=column)
        parts = [self.preparer.format_column(column), type_text]
        default = self.get_column_default_string(column)
        if default is not None:
            parts += ["DEFAULT", default]
        if not column.nullable and not _only_a_key(column):
            parts.append("NOT NULL")
        if column.comment is not None:
            parts += ["COMMENT", self._text(column.comment)]
        properties = column.dialect_kwargs.get("lodestar_with")
        if properties:
            parts.append(self._properties(properties))
        return " ".join(parts)

    def visit_create_column(self, create: Any, first_pk: bool = False, **keywords: Any) -> str | None:
        """Without the column's own constraints."""
        return None if create.element.system else self.get_column_specification(create.element, first_pk=first_pk)

    def create_table_constraints(self, table: Any, *arguments: Any, **keywords: Any) -> str:
        """None of them."""
        return ""

    def post_create_table(self, table: schema.Table) -> str:
        """[COMMENT …] [WITH (…)]; the properties are the table's option `lodestar_with`."""
        text = ""
        if table.comment is not None:
            text += f"\nCOMMENT {self._text(table.comment)}"
        properties = table.dialect_kwargs.get("lodestar_with")
        if properties:
            text += f"\n{self._properties(properties)}"
        return text

    def create_table_select_suffixes(self, element: Any, type_: str, **keywords: Any) -> str:
        """[COMMENT …] [SECURITY …] [WITH (…)] of CREATE VIEW, CREATE MATERIALIZED VIEW and CREATE TABLE AS."""
        if element.temporary:
            raise exc.CompileError("Trino has no temporary tables and views")
        options = getattr(element, "dialect_kwargs", {})
        parts = []
        comment = options.get("lodestar_comment") or element.table.comment
        if comment is not None:
            parts.append(f"COMMENT {self._text(comment)}")
        security = options.get("lodestar_security")
        if security is not None:
            if security.upper() not in ("DEFINER", "INVOKER"):
                raise exc.CompileError(f"lodestar_security is 'DEFINER' or 'INVOKER', not {security!r}")
            parts.append(f"SECURITY {security.upper()}")
        properties = options.get("lodestar_with") or element.table.dialect_kwargs.get("lodestar_with")
        if properties:
            parts.append(self._properties(properties))
        return " ".join(parts)

    def visit_drop_column_comment(self, drop: Any, **keywords: Any) -> str:
        """With the schema, which SQLAlchemy's own leaves out."""
        name = self.preparer.format_column(drop.element, use_table=True, use_schema=True)
        return f"COMMENT ON COLUMN {name} IS NULL"

    def visit_create_index(self, create: Any, *arguments: Any, **keywords: Any) -> str:
        """Nothing to send."""
        return NOTHING

    def visit_drop_index(self, drop: Any, **keywords: Any) -> str:
        """Nothing to send."""
        return NOTHING

    def visit_add_constraint(self, create: Any, **keywords: Any) -> str:
        """Raises CompileError."""
        raise exc.CompileError("Trino has no constraints: none can be added to a table")

    def visit_drop_constraint(self, drop: Any, **keywords: Any) -> str:
        """Raises CompileError."""
        raise exc.CompileError("Trino has no constraints: none can be dropped from a table")

    def visit_create_sequence(self, create: Any, prefix: Any = None, **keywords: Any) -> str:
        """Raises CompileError."""
        raise exc.CompileError("Trino has no sequences")

    def visit_drop_sequence(self, drop: Any, **keywords: Any) -> str:
        """Raises CompileError."""
        raise exc.CompileError("Trino has no sequences")

    def _text(self, value: str) -> str:
        return self.sql_compiler.render_literal_value(value, sqltypes.String())

    def _properties(self, properties: Mapping[str, Any]) -> str:
        pairs = ", ".join(f"{self.preparer.quote(name)} = {self._value(value)}" for name, value in properties.items())
        return f"WITH ({pairs})"

    def _value(self, value: Any) -> str:
        """A property's value: text, number, boolean, list, map of them, or a SQL expression as it is."""
        if isinstance(value, ClauseElement):
            return self.sql_compiler.process(value, literal_binds=True)
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, (int, float)):
            return str(value)
        if isinstance(value, Mapping):
            keys, values = (", ".join(map(self._value, part)) for part in (value.keys(), value.values()))
            return f"MAP(ARRAY[{keys}], ARRAY[{values}])"
        if isinstance(value, (list, tuple)):
            return f"ARRAY[{', '.join(map(self._value, value))}]"
        raise exc.CompileError(f"a property cannot be {value!r}")


def _only_a_key(column: schema.Column[Any]) -> bool:
    """True when the column may not be NULL for no other reason than being in the primary key.

    Keys are not sent, and what follows from them is not either: some connectors (Hive) refuse every NOT NULL.
    """
    return column.primary_key and column._user_defined_nullable is not False
