"""CREATE, ALTER, DROP, COMMENT, ANALYZE, REFRESH."""

from __future__ import annotations

from lodestar_server.sql.parser import ast
from lodestar_server.sql.parser.lexer import NAME_KINDS
from lodestar_server.sql.parser.statements.base import StatementBase


class CreateParser(StatementBase):
    """CREATE."""

    __slots__ = ()

    def create(self) -> ast.Statement:
        """Any CREATE but CREATE ROLE, which is in `security.py`."""
        start = self.pos
        self.pos += 1
        replace = self.accept_all("OR", "REPLACE")
        kind = self.kinds[self.pos]
        if kind == "FUNCTION":
            return ast.CreateFunction(self.function_specification(), replace, at=self.at(start))
        self.pos += 1
        if kind == "TABLE":
            return self._create_table(start, replace)
        if kind == "VIEW":
            return self._create_view(start, replace)
        if kind == "MATERIALIZED":
            return self._create_materialized_view(start, replace)
        if replace:
            self.refuse()
        if kind == "SCHEMA":
            return self._create_schema(start)
        if kind == "CATALOG":
            return self._create_catalog(start)
        self.refuse()

    def _create_catalog(self, start: int) -> ast.CreateCatalog:
        not_exists = self.if_not_exists()
        name = self.identifier()
        self.expect("USING")
        connector = self.identifier()
        comment = self.comment()
        principal = self.principal() if self.accept("AUTHORIZATION") else None
        properties = self.properties()
        return ast.CreateCatalog(name, not_exists, connector, properties, principal, comment, at=self.at(start))

    def _create_schema(self, start: int) -> ast.CreateSchema:
        not_exists = self.if_not_exists()
        name = self.qualified_name()
        principal = self.principal() if self.accept("AUTHORIZATION") else None
        return ast.CreateSchema(name, not_exists, self.properties(), principal, at=self.at(start))

    def _create_table(self, start: int, replace: bool) -> ast.Statement:
        not_exists = self.if_not_exists()
        at = self.at(start)
        save_mode = ast.SaveMode.FAIL
        if replace:
            save_mode = ast.SaveMode.REPLACE
        elif not_exists:
            save_mode = ast.SaveMode.IGNORE
        name = self.qualified_name()
        aliases = None
        elements: tuple[ast.TableElement, ...] = ()
        if self.kinds[self.pos] == "(":
            if self.kinds[self.pos + 1] in NAME_KINDS and self.kinds[self.pos + 2] in (",", ")"):
                aliases = self.column_aliases()
            else:
                elements = self.parenthesized(self._table_element)
        comment = self.comment()
        properties = self.properties()
        query = None
        with_data = True
        if not elements:
            self.expect("AS")
            query = self._created_query()
            if self.accept("WITH"):
                with_data = not self.accept("NO")
                self.expect("DATA")
        if replace and not_exists:
            raise self.fault("'OR REPLACE' and 'IF NOT EXISTS' clauses can not be used together", at)
        if query is None:
            return ast.CreateTable(name, elements, save_mode, properties, comment, at=at)
        return ast.CreateTableAsSelect(name, query, save_mode, properties, with_data, aliases, comment, at=at)

    def _created_query(self) -> ast.Query:
        # A query in parentheses is a query, except that one with WITH needs the parentheses of CREATE TABLE AS.
        if not self.looking_at("(", "WITH"):
            return self.root_query()
        self.pos += 1
        query = self.root_query()
        self.expect(")")
        return query

    def _table_element(self) -> ast.TableElement:
        start = self.pos
        if not self.accept("LIKE"):
            return self.column_definition()
        name = self.qualified_name()
        option = None
        if self.kinds[self.pos] in ("INCLUDING", "EXCLUDING"):
            option = ast.PropertiesOption[self.kinds[self.pos]]
            self.pos += 1
            self.expect("PROPERTIES")
        return ast.LikeClause(name, option, at=self.at(start))

    def column_definition(self) -> ast.ColumnDefinition:
        """`name type NOT NULL COMMENT 'text' WITH (…)`."""
        start = self.pos
        name = self.qualified_name()
        type_ = self.type()
        nullable = not self.accept_all("NOT", "NULL")
        comment = self.comment()
        return ast.ColumnDefinition(name, type_, nullable, self.properties(), comment, at=self.at(start))

    def _create_view(self, start: int, replace: bool) -> ast.CreateView:
        name = self.qualified_name()
        comment = self.comment()
        security = None
        if self.accept("SECURITY"):
            security = ast.Security[self.expect_one_of("DEFINER", "INVOKER")]
        properties = self.properties()
        self.expect("AS")
        query = self.root_query()
        return ast.CreateView(name, query, replace, comment, security, properties, at=self.at(start))

    def _create_materialized_view(self, start: int, replace: bool) -> ast.CreateMaterializedView:
        self.expect("VIEW")
        not_exists = self.if_not_exists()
        name = self.qualified_name()
        grace_period = None
        if self.accept("GRACE"):
            self.expect("PERIOD")
            grace_period = self.interval()
        comment = self.comment()
        properties = self.properties()
        self.expect("AS")
        query = self.root_query()
        return ast.CreateMaterializedView(
            name,
            query,
            replace,
            not_exists,
            grace_period,
            properties,
            comment,
            at=self.at(start),
        )


class AlterParser(CreateParser):
    """ALTER, DROP, COMMENT, ANALYZE, REFRESH."""

    __slots__ = ()

    def alter(self) -> ast.Statement:
        """Any ALTER."""
        start = self.pos
        self.pos += 1
        kind = self.kinds[self.pos]
        if kind == "TABLE":
            return self._alter_table(start)
        if kind == "MATERIALIZED" and self.kinds[self.pos + 1] == "VIEW" and not self.looking_at(kind, "VIEW", "SET"):
            return self._alter_materialized_view(start)
        if kind not in NAME_KINDS:
            self.refuse()
        self.pos += 1
        name = self.qualified_name()
        if kind == "SCHEMA" and self.accept_all("RENAME", "TO"):
            return ast.RenameSchema(name, self.identifier(), at=self.at(start))
        if kind == "VIEW" and self.accept_all("RENAME", "TO"):
            return ast.RenameView(name, self.qualified_name(), at=self.at(start))
        self.expect("SET")
        return self._set_authorization(start, name)

    def _set_authorization(self, start: int, name: ast.QualifiedName) -> ast.SetAuthorizationStatement:
        self.expect("AUTHORIZATION")
        word = self.texts[start + 1].upper()
        return ast.SetAuthorizationStatement(word, name, self.principal(), at=self.at(start))

    def _set_properties(self, start: int, kind: ast.SetPropertiesType, name: ast.QualifiedName) -> ast.SetProperties:
        return ast.SetProperties(kind, name, self.comma_separated(self.property), at=self.at(start))

    def _alter_table(self, start: int) -> ast.Statement:
        self.pos += 1
        at = self.at(start)
        exists = self.if_exists()
        name = self.qualified_name()
        if self.accept("RENAME"):
            if self.accept("TO"):
                return ast.RenameTable(name, self.qualified_name(), exists, at=at)
            self.expect("COLUMN")
            column_exists = self.if_exists()
            source = self.qualified_name()
            self.expect("TO")
            return ast.RenameColumn(name, source, self.identifier(), exists, column_exists, at=at)
        if self.accept_all("ADD", "COLUMN"):
            not_exists = self.if_not_exists()
            column = self.column_definition()
            return ast.AddColumn(name, column, self._column_position(), exists, not_exists, at=at)
        if self.accept_all("DROP", "COLUMN"):
            column_exists = self.if_exists()
            return ast.DropColumn(name, self.qualified_name(), exists, column_exists, at=at)
        if self.accept_all("ALTER", "COLUMN"):
            return self._alter_column(start, name, exists)
        if exists:
            self.refuse()
        if self.accept("EXECUTE"):
            procedure = self.identifier()
            arguments = self.call_arguments() if self.kinds[self.pos] == "(" else ()
            return ast.TableExecute(ast.Table(name, at=self.at(start + 1)), procedure, arguments, self.where(), at=at)
        self.expect("SET")
        if self.accept("PROPERTIES"):
            return self._set_properties(start, ast.SetPropertiesType.TABLE, name)
        return self._set_authorization(start, name)

    def _column_position(self) -> ast.ColumnPosition | None:
        start = self.pos
        if self.accept("FIRST"):
            return ast.FirstColumn(at=self.at(start))
        if self.accept("LAST"):
            return ast.LastColumn(at=self.at(start))
        if self.accept("AFTER"):
            return ast.AfterColumn(self.identifier(), at=self.at(start))
        return None

    def _alter_column(self, start: int, table: ast.QualifiedName, exists: bool) -> ast.Statement:
        column = self.qualified_name()
        at = self.at(start)
        if self.accept_all("SET", "DATA", "TYPE"):
            return ast.SetColumnType(table, column, self.type(), exists, at=at)
        if len(column.original_parts) > 1:
            self.refuse()
        self.expect("DROP", "NOT", "NULL")
        return ast.DropNotNullConstraint(table, column.original_parts[0], exists, at=at)

    def _alter_materialized_view(self, start: int) -> ast.Statement:
        self.pos += 2
        exists = self.if_exists()
        name = self.qualified_name()
        if self.accept_all("RENAME", "TO"):
            return ast.RenameMaterializedView(name, self.qualified_name(), exists, at=self.at(start))
        if exists:
            self.refuse()
        self.expect("SET", "PROPERTIES")
        return self._set_properties(start, ast.SetPropertiesType.MATERIALIZED_VIEW, name)

    def drop(self) -> ast.Statement:
        """Any DROP but DROP ROLE, which is in `security.py`."""
        start = self.pos
        at = self.at(start)
        self.pos += 2
        kind = self.kinds[start + 1]
        if kind == "TABLE":
            exists = self.if_exists()
            return ast.DropTable(self.qualified_name(), exists, at=at)
        if kind == "VIEW":
            exists = self.if_exists()
            return ast.DropView(self.qualified_name(), exists, at=at)
        if kind == "MATERIALIZED":
            self.expect("VIEW")
            exists = self.if_exists()
            return ast.DropMaterializedView(self.qualified_name(), exists, at=at)
        if kind == "SCHEMA":
            exists = self.if_exists()
            return ast.DropSchema(self.qualified_name(), exists, self._cascade(), at=at)
        if kind == "CATALOG":
            exists = self.if_exists()
            return ast.DropCatalog(self.identifier(), exists, self._cascade(), at=at)
        if kind == "FUNCTION":
            exists = self.if_exists()
            name, parameters = self.function_declaration()
            return ast.DropFunction(name, parameters, exists, at=at)
        self.refuse()

    def _cascade(self) -> bool:
        if self.accept("CASCADE"):
            return True
        self.accept("RESTRICT")
        return False

    def comment_on(self) -> ast.Comment:
        """COMMENT ON."""
        start = self.pos
        self.pos += 1
        self.expect("ON")
        kind = ast.CommentType[self.expect_one_of("TABLE", "VIEW", "COLUMN")]
        name = self.qualified_name()
        self.expect("IS")
        text = None if self.accept("NULL") else self.string_value()
        return ast.Comment(kind, name, text, at=self.at(start))

    def analyze(self) -> ast.Analyze:
        """ANALYZE."""
        start = self.pos
        self.pos += 1
        return ast.Analyze(self.qualified_name(), self.properties(), at=self.at(start))

    def refresh(self) -> ast.RefreshMaterializedView:
        """REFRESH MATERIALIZED VIEW."""
        start = self.pos
        self.expect("REFRESH", "MATERIALIZED", "VIEW")
        name = self.qualified_name()
        return ast.RefreshMaterializedView(ast.Table(name, at=name.at), at=self.at(start))
