"""JSON_EXISTS, JSON_VALUE, JSON_QUERY, JSON_OBJECT, JSON_ARRAY, and the columns and plans of JSON_TABLE."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from lodestar_server.sql.parser import ast
from lodestar_server.sql.parser.functions import FunctionParser
from lodestar_server.sql.parser.lexer import NAME_KINDS, STRING, UNICODE_STRING

B = TypeVar("B")

_FORMATS = {"UTF8": ast.JsonFormat.UTF8, "UTF16": ast.JsonFormat.UTF16, "UTF32": ast.JsonFormat.UTF32}
_EXISTS_BEHAVIORS = {entry.value: entry for entry in ast.JsonExistsErrorBehavior}
_PARENTS = ("OUTER", "INNER")
_SIBLINGS = ("UNION", "CROSS")
_ValueBehavior = tuple[ast.JsonValueBehavior, ast.Expression | None]


class JsonParser(FunctionParser):
    """The part of the grammar that reads and makes JSON."""

    __slots__ = ()

    # the pieces

    def _json_format(self) -> ast.JsonFormat | None:
        """FORMAT JSON ENCODING …, if present."""
        if not self.accept("FORMAT"):
            return None
        return self._representation()

    def _representation(self) -> ast.JsonFormat:
        self.expect("JSON")
        if self.accept("ENCODING"):
            return _FORMATS[self.expect_one_of(*_FORMATS)]
        return ast.JsonFormat.JSON

    def json_path_invocation(self) -> ast.JsonPathInvocation:
        """The input, the path and the variables."""
        start = self.pos
        value = self.expression()
        input_format = self._json_format() or ast.JsonFormat.JSON
        self.expect(",")
        path = self.string()
        name = self.identifier() if self.accept("AS") else None
        parameters = self.comma_separated(self._path_parameter) if self.accept("PASSING") else ()
        return ast.JsonPathInvocation(value, input_format, path, name, parameters, at=self.at(start))

    def _path_parameter(self) -> ast.JsonPathParameter:
        start = self.pos
        value = self.expression()
        value_format = self._json_format()
        self.expect("AS")
        return ast.JsonPathParameter(self.identifier(), value, value_format, at=self.at(start))

    def _behaviors(self, behavior: Callable[[], B | None]) -> tuple[B | None, B | None]:
        """`… ON EMPTY` and `… ON ERROR`, each if present."""
        on_empty = on_error = None
        found = behavior()
        if found is not None:
            self.expect("ON")
            if self.accept("EMPTY"):
                on_empty = found
                on_error = behavior()
                if on_error is not None:
                    self.expect("ON", "ERROR")
            else:
                self.expect("ERROR")
                on_error = found
        return on_empty, on_error

    def _value_behavior(self) -> _ValueBehavior | None:
        if self.accept("ERROR"):
            return ast.JsonValueBehavior.ERROR, None
        if self.accept("NULL"):
            return ast.JsonValueBehavior.NULL, None
        if self.accept("DEFAULT"):
            return ast.JsonValueBehavior.DEFAULT, self.expression()
        return None

    def _query_behavior(self) -> ast.JsonQueryBehavior | None:
        if self.accept("ERROR"):
            return ast.JsonQueryBehavior.ERROR
        if self.accept("NULL"):
            return ast.JsonQueryBehavior.NULL
        if self.accept("EMPTY"):
            array = self.expect_one_of("ARRAY", "OBJECT") == "ARRAY"
            return ast.JsonQueryBehavior.EMPTY_ARRAY if array else ast.JsonQueryBehavior.EMPTY_OBJECT
        return None

    def _wrapper_behavior(self) -> ast.ArrayWrapperBehavior:
        if self.accept("WITHOUT"):
            self.accept("ARRAY")
            self.expect("WRAPPER")
        elif self.accept("WITH"):
            conditional = self.accept("CONDITIONAL")
            if not conditional:
                self.accept("UNCONDITIONAL")
            self.accept("ARRAY")
            self.expect("WRAPPER")
            return ast.ArrayWrapperBehavior.CONDITIONAL if conditional else ast.ArrayWrapperBehavior.UNCONDITIONAL
        return ast.ArrayWrapperBehavior.WITHOUT

    def _quotes_behavior(self) -> ast.QuotesBehavior | None:
        if self.kinds[self.pos] not in ("KEEP", "OMIT"):
            return None
        behavior = ast.QuotesBehavior[self.kinds[self.pos]]
        self.pos += 1
        self.expect("QUOTES")
        if self.accept("ON"):
            self.expect("SCALAR", "STRING")
        return behavior

    def _returning(self) -> tuple[ast.DataType | None, ast.JsonFormat | None]:
        if not self.accept("RETURNING"):
            return None, None
        return self.type(), self._json_format()

    # the functions

    def _json_exists(self) -> ast.Expression:
        start = self.pos
        self.pos += 1
        self.expect("(")
        self.enter()
        invocation = self.json_path_invocation()
        behavior = ast.JsonExistsErrorBehavior.FALSE
        if self.kinds[self.pos] in _EXISTS_BEHAVIORS:
            behavior = _EXISTS_BEHAVIORS[self.kinds[self.pos]]
            self.pos += 1
            self.expect("ON", "ERROR")
        self.expect(")")
        self.depth -= 1
        return ast.JsonExists(invocation, behavior, at=self.at(start))

    def _json_value(self) -> ast.Expression:
        start = self.pos
        self.pos += 1
        self.expect("(")
        self.enter()
        invocation = self.json_path_invocation()
        returned = self.type() if self.accept("RETURNING") else None
        on_empty, on_error = self._behaviors(self._value_behavior)
        self.expect(")")
        self.depth -= 1
        null = (ast.JsonValueBehavior.NULL, None)
        return ast.JsonValue(invocation, returned, *(on_empty or null), *(on_error or null), at=self.at(start))

    def _json_query(self) -> ast.Expression:
        start = self.pos
        self.pos += 1
        self.expect("(")
        self.enter()
        invocation = self.json_path_invocation()
        returned, output_format = self._returning()
        wrapper = self._wrapper_behavior()
        quotes = self._quotes_behavior()
        on_empty, on_error = self._behaviors(self._query_behavior)
        self.expect(")")
        self.depth -= 1
        null = ast.JsonQueryBehavior.NULL
        return ast.JsonQuery(
            invocation,
            returned,
            output_format,
            wrapper,
            quotes,
            on_empty or null,
            on_error or null,
            at=self.at(start),
        )

    def _json_object(self) -> ast.Expression:
        start = self.pos
        self.pos += 1
        self.expect("(")
        self.enter()
        members: tuple[ast.JsonObjectMember, ...] = ()
        null_on_null = True
        unique_keys = False
        if self.kinds[self.pos] != ")" and not self._only_returning():
            members = self.comma_separated(self._json_object_member)
            null_on_null = self._null_handling(True)
            if self.kinds[self.pos] in ("WITH", "WITHOUT"):
                unique_keys = self.kinds[self.pos] == "WITH"
                self.pos += 1
                self.expect("UNIQUE")
                self.accept("KEYS")
        returned, output_format = self._returning()
        self.expect(")")
        self.depth -= 1
        return ast.JsonObject(members, null_on_null, unique_keys, returned, output_format, at=self.at(start))

    def _only_returning(self) -> bool:
        """Whether a RETURNING clause is all there is; RETURNING may be a column of the first member as well."""
        if self.kinds[self.pos] != "RETURNING":
            return False
        pos = self.pos
        found = self.attempt(self._returning_to_the_end)
        self.pos = pos
        return found is not None

    def _returning_to_the_end(self) -> bool:
        self._returning()
        self.expect(")")
        return True

    def _null_handling(self, default: bool) -> bool:
        if self.accept_all("NULL", "ON", "NULL"):
            return True
        if self.accept_all("ABSENT", "ON", "NULL"):
            return False
        return default

    def _json_object_member(self) -> ast.JsonObjectMember:
        # KEY may be a column: `KEY 'a' VALUE 1`, `key VALUE 1`, `key : 1`.
        start = self.pos
        if self.kinds[start] == "KEY":
            member = self.attempt(self._member_after_key)
            if member is not None:
                return member
        key = self.expression()
        if not self.accept("VALUE"):
            self.expect(":")
        value = self.expression()
        return ast.JsonObjectMember(key, value, self._json_format(), at=self.at(start))

    def _member_after_key(self) -> ast.JsonObjectMember:
        start = self.pos
        self.pos += 1
        key = self.expression()
        self.expect("VALUE")
        value = self.expression()
        return ast.JsonObjectMember(key, value, self._json_format(), at=self.at(start))

    def _json_array(self) -> ast.Expression:
        start = self.pos
        self.pos += 1
        self.expect("(")
        self.enter()
        elements: tuple[ast.JsonArrayElement, ...] = ()
        null_on_null = False
        if self.kinds[self.pos] != ")" and not self._only_returning():
            elements = self.comma_separated(self._json_array_element)
            null_on_null = self._null_handling(False)
        returned, output_format = self._returning()
        self.expect(")")
        self.depth -= 1
        return ast.JsonArray(elements, null_on_null, returned, output_format, at=self.at(start))

    def _json_array_element(self) -> ast.JsonArrayElement:
        start = self.pos
        value = self.expression()
        return ast.JsonArrayElement(value, self._json_format(), at=self.at(start))

    # JSON_TABLE

    def json_table(self) -> ast.JsonTable:
        """JSON_TABLE (…)."""
        start = self.pos
        self.expect("JSON_TABLE", "(")
        self.enter()
        invocation = self.json_path_invocation()
        self.expect("COLUMNS")
        columns = self.parenthesized(self._json_table_column)
        plan: ast.JsonTablePlan | None = None
        if self.accept("PLAN"):
            plan = self._default_plan() if self.accept("DEFAULT") else self._parenthesized_plan()
        behavior = None
        if self.kinds[self.pos] in ("ERROR", "EMPTY"):
            behavior = ast.JsonTableErrorBehavior[self.kinds[self.pos]]
            self.pos += 1
            self.expect("ON", "ERROR")
        self.expect(")")
        self.depth -= 1
        return ast.JsonTable(invocation, columns, plan, behavior, at=self.at(start))

    def _json_table_column(self) -> ast.JsonTableColumnDefinition:
        start = self.pos
        kinds = self.kinds
        at = self.at(start)
        if kinds[start] == "NESTED":
            path = start + 2 if kinds[start + 1] == "PATH" else start + 1
            if kinds[path] in (STRING, UNICODE_STRING):
                self.pos = path
                return self._nested_columns(start)
        name = self.identifier()
        if self.accept("FOR"):
            self.expect("ORDINALITY")
            return ast.OrdinalityColumn(name, at=at)
        type_ = self.type()
        if not self.accept("FORMAT"):
            path_literal = self.string() if self.accept("PATH") else None
            on_empty, on_error = self._behaviors(self._value_behavior)
            empty = on_empty or (ast.JsonValueBehavior.NULL, None)
            return ast.ValueColumn(name, type_, path_literal, *empty, *(on_error or (None, None)), at=at)
        value_format = self._representation()
        path_literal = self.string() if self.accept("PATH") else None
        wrapper = self._wrapper_behavior()
        quotes = self._quotes_behavior()
        on_empty_query, on_error_query = self._behaviors(self._query_behavior)
        return ast.QueryColumn(
            name,
            type_,
            value_format,
            path_literal,
            wrapper,
            quotes,
            on_empty_query or ast.JsonQueryBehavior.NULL,
            on_error_query,
            at=at,
        )

    def _nested_columns(self, start: int) -> ast.NestedColumns:
        path = self.string()
        name = self.identifier() if self.accept("AS") else None
        self.expect("COLUMNS")
        self.enter()
        columns = self.parenthesized(self._json_table_column)
        self.depth -= 1
        return ast.NestedColumns(path, name, columns, at=self.at(start))

    def _parenthesized_plan(self) -> ast.JsonTableSpecificPlan:
        self.expect("(")
        self.enter()
        plan = self._specific_plan()
        self.depth -= 1
        self.expect(")")
        return plan

    def _specific_plan(self) -> ast.JsonTableSpecificPlan:
        start = self.pos
        at = self.at(start)
        if self.kinds[start] in NAME_KINDS and self.kinds[start + 1] in ("OUTER", "INNER"):
            parent = self._plan_leaf()
            kind = ast.ParentChildPlanType[self.kinds[self.pos]]
            self.pos += 1
            return ast.PlanParentChild(kind, parent, self._plan_primary(), at=at)
        first = self._plan_primary()
        operator = self.kinds[self.pos]
        if operator not in ("UNION", "CROSS"):
            if self.kinds[start] == "(":
                self.refuse()
            return first
        siblings = [first]
        while self.accept(operator):
            siblings.append(self._plan_primary())
        return ast.PlanSiblings(ast.SiblingsPlanType[operator], tuple(siblings), at=at)

    def _plan_primary(self) -> ast.JsonTableSpecificPlan:
        if self.kinds[self.pos] == "(":
            return self._parenthesized_plan()
        return self._plan_leaf()

    def _plan_leaf(self) -> ast.PlanLeaf:
        start = self.pos
        return ast.PlanLeaf(self.identifier(), at=self.at(start))

    def _default_plan(self) -> ast.JsonTableDefaultPlan:
        self.expect("(")
        start = self.pos
        parent_child, siblings = ast.ParentChildPlanType.OUTER, ast.SiblingsPlanType.UNION
        first = self.expect_one_of(*_PARENTS, *_SIBLINGS)
        words = [first]
        if self.accept(","):
            words.append(self.expect_one_of(*(_SIBLINGS if first in _PARENTS else _PARENTS)))
        self.expect(")")
        if "INNER" in words:
            parent_child = ast.ParentChildPlanType.INNER
        if "CROSS" in words:
            siblings = ast.SiblingsPlanType.CROSS
        return ast.JsonTableDefaultPlan(parent_child, siblings, at=self.at(start))


JsonParser.starters.update(
    {
        "JSON_EXISTS": JsonParser._json_exists,
        "JSON_VALUE": JsonParser._json_value,
        "JSON_QUERY": JsonParser._json_query,
        "JSON_OBJECT": JsonParser._json_object,
        "JSON_ARRAY": JsonParser._json_array,
    }
)
