"""One suite for all connectors: each ability works, or is refused with its own words."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import pytest
from tests.connectors.behaviours import Behaviour, Keeps, refused
from tests.fakes.harness import Harness, Statement, table

from lodestar_server.spi.connector import (
    ColumnMetadata,
    MaterializedViewDefinition,
    RelationKind,
    SaveMode,
    TableVersion,
    ViewColumn,
    ViewDefinition,
)
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.names import SchemaTableName, TablePrefix
from lodestar_server.spi.types import BIGINT, INTEGER, VARCHAR, RowField, RowType

VIEW = ViewDefinition("SELECT 1 a", "c", "s", (ViewColumn("a", INTEGER),), "about", "alice")
ROWS = [(1, "one"), (2, None), (3, "drei")]
COLUMNS = [("id", BIGINT), ("name", VARCHAR)]


class ConnectorSuite:
    """Subclasses give `harness`, the behaviours, and a table that can be read.

    Connectors that create nothing name a table that is always there with `existing`.
    """

    supports: ClassVar[frozenset[Behaviour]]
    keeps: ClassVar[frozenset[Keeps]] = frozenset()
    views_are_tables: ClassVar = False
    """The connector finds a table under the name of a view."""
    schema: ClassVar[str] = "default"
    existing: ClassVar[tuple[str, str] | None] = None
    properties: ClassVar[dict[str, Any]] = {}

    @pytest.fixture
    def harness(self) -> Harness:
        raise NotImplementedError

    @contextmanager
    def either(self, behaviour: Behaviour) -> Iterator[bool]:
        """True inside when it has to work; else the block has to be refused."""
        if behaviour in self.supports:
            yield True
        else:
            with refused(behaviour.value):
                yield False

    def definition(self, name: str, **options: Any) -> Any:
        return table(self.schema, name, COLUMNS, **{**self.properties, **options})

    @pytest.fixture
    def some_table(self, harness: Harness) -> tuple[str, str]:
        """A table to try things on."""
        if self.existing is not None:
            return self.existing
        with harness.statement() as on:
            on.create_with_rows(self.definition("t"), ROWS)
        return self.schema, "t"

    def change(self, harness: Harness, where: tuple[str, str], act: Callable[[Statement, Any], None]) -> None:
        with harness.statement() as on:
            act(on, on.require(*where))

    def first_column(self, on: Statement, where: tuple[str, str]) -> str:
        return on.columns(*where)[0][0]

    # schemas
    def test_schemas_are_listed_and_found(self, harness: Harness) -> None:
        with harness.statement() as on:
            assert self.schema in on.metadata.list_schema_names(on.session)
            assert on.metadata.schema_exists(on.session, self.schema)
            assert not on.metadata.schema_exists(on.session, "nosuch")

    def test_create_and_drop_schema(self, harness: Harness) -> None:
        with self.either(Behaviour.CREATE_SCHEMA), harness.statement() as on:
            on.metadata.create_schema(on.session, "made", {}, "alice")
        if Behaviour.CREATE_SCHEMA in self.supports:
            with harness.statement() as on:
                assert on.metadata.schema_exists(on.session, "made")
        with self.either(Behaviour.DROP_SCHEMA) as works, harness.statement() as on:
            on.metadata.drop_schema(on.session, "made" if works else self.schema, False)
        if Behaviour.DROP_SCHEMA in self.supports:
            with harness.statement() as on:
                assert not on.metadata.schema_exists(on.session, "made")

    def test_rename_schema(self, harness: Harness, some_table: tuple[str, str]) -> None:
        with self.either(Behaviour.RENAME_SCHEMA), harness.statement() as on:
            on.metadata.rename_schema(on.session, some_table[0], "renamed")
        if Behaviour.RENAME_SCHEMA in self.supports:
            with harness.statement() as on:
                assert not on.metadata.schema_exists(on.session, some_table[0])
                assert len(on.rows("renamed", some_table[1])) == len(ROWS)

    def test_drop_schema_with_tables_needs_cascade(self, harness: Harness, some_table: tuple[str, str]) -> None:
        if Behaviour.DROP_SCHEMA not in self.supports:
            pytest.skip("schemas cannot be dropped")
        with pytest.raises(LodestarError) as caught, harness.statement() as on:
            on.metadata.drop_schema(on.session, some_table[0], False)
        assert caught.value.code.name == "SCHEMA_NOT_EMPTY"
        with harness.statement() as on:
            on.metadata.drop_schema(on.session, some_table[0], True)
        with harness.statement() as on:
            assert not on.metadata.schema_exists(on.session, some_table[0])
            assert on.metadata.find_table(on.session, SchemaTableName(*some_table)) is None

    # tables
    def test_tables_are_listed_and_found(self, harness: Harness, some_table: tuple[str, str]) -> None:
        name = SchemaTableName(*some_table)
        with harness.statement() as on:
            listed = on.metadata.list_tables(on.session, some_table[0])
            assert listed[name] is RelationKind.TABLE
            assert on.metadata.list_tables(on.session)[name] is RelationKind.TABLE
            assert on.metadata.find_table(on.session, SchemaTableName(some_table[0], "nosuch")) is None
            columns = dict(on.metadata.list_table_columns(on.session, TablePrefix(*some_table)))
            assert [column.name for column in columns[name] if not column.hidden] == [
                column for column, _ in on.columns(*some_table)
            ]
            assert name in dict(on.metadata.table_comments(on.session, TablePrefix(*some_table)))

    def test_handles_are_values(self, harness: Harness, some_table: tuple[str, str]) -> None:
        with harness.statement() as on:
            first, second = on.require(*some_table), on.require(*some_table)
            assert first == second
            assert hash(first) == hash(second)
            handles = on.metadata.column_handles(on.session, first)
            assert len(set(handles.values())) == len(handles)

    def test_create_table(self, harness: Harness) -> None:
        definition = self.definition("made") if self.existing is None else self.definition("made", comment=None)
        with self.either(Behaviour.CREATE_TABLE), harness.statement() as on:
            on.metadata.create_table(on.session, definition, SaveMode.FAIL)
        if Behaviour.CREATE_TABLE in self.supports:
            with harness.statement() as on:
                assert on.columns(self.schema, "made") == [("id", "bigint"), ("name", "varchar")]
                assert on.rows(self.schema, "made") == []

    def test_create_table_keeps_its_comment(self, harness: Harness) -> None:
        if Keeps.TABLE_COMMENTS not in self.keeps:
            pytest.skip("comments are not kept")
        with harness.statement() as on:
            on.metadata.create_table(on.session, self.definition("made", comment="about it"), SaveMode.FAIL)
        with harness.statement() as on:
            assert on.metadata.table_metadata(on.session, on.require(self.schema, "made")).comment == "about it"

    def test_create_table_in_a_missing_schema(self, harness: Harness) -> None:
        if Behaviour.CREATE_TABLE not in self.supports:
            pytest.skip("tables cannot be created")
        with pytest.raises(LodestarError) as caught, harness.statement() as on:
            on.metadata.create_table(on.session, table("nosuch", "t", COLUMNS, **self.properties), SaveMode.FAIL)
        assert (caught.value.code.name, caught.value.message) == ("NOT_FOUND", "Schema nosuch not found")

    def test_create_table_with_rows(self, harness: Harness) -> None:
        with self.either(Behaviour.CREATE_TABLE_WITH_DATA), harness.statement() as on:
            on.create_with_rows(self.definition("made"), ROWS)
        if Keeps.ROWS in self.keeps:
            with harness.statement() as on:
                assert sorted(on.rows(self.schema, "made")) == ROWS
                assert on.rows(self.schema, "made", []) == [()] * 3

    def test_rows_of_a_failed_creation_are_gone(self, harness: Harness) -> None:
        if Behaviour.CREATE_TABLE_WITH_DATA not in self.supports:
            pytest.skip("tables cannot be created")
        with pytest.raises(ZeroDivisionError), harness.statement() as on:
            handle = on.metadata.begin_create_table(on.session, self.definition("made"), SaveMode.FAIL)
            on.write(handle, [BIGINT, VARCHAR], ROWS)
            on.metadata.abort_write(on.session, handle)
            raise ZeroDivisionError
        with harness.statement() as on:
            assert on.metadata.find_table(on.session, SchemaTableName(self.schema, "made")) is None
            on.create_with_rows(self.definition("made"), ROWS)

    def test_replace_table(self, harness: Harness) -> None:
        if Behaviour.CREATE_TABLE not in self.supports:
            pytest.skip("tables cannot be created")
        with self.either(Behaviour.REPLACE_TABLE), harness.statement() as on:
            on.metadata.create_table(on.session, self.definition("made"), SaveMode.REPLACE)

    def test_drop_table(self, harness: Harness, some_table: tuple[str, str]) -> None:
        with self.either(Behaviour.DROP_TABLE):
            self.change(harness, some_table, lambda on, t: on.metadata.drop_table(on.session, t))
        if Behaviour.DROP_TABLE in self.supports:
            with harness.statement() as on:
                assert on.metadata.find_table(on.session, SchemaTableName(*some_table)) is None
                assert SchemaTableName(*some_table) not in on.metadata.list_tables(on.session)

    def test_truncate(self, harness: Harness, some_table: tuple[str, str]) -> None:
        with self.either(Behaviour.TRUNCATE):
            self.change(harness, some_table, lambda on, t: on.metadata.truncate_table(on.session, t))
        if Behaviour.TRUNCATE in self.supports:
            with harness.statement() as on:
                assert on.rows(*some_table) == []

    def test_rename_table(self, harness: Harness, some_table: tuple[str, str]) -> None:
        new = SchemaTableName(some_table[0], "renamed")
        with self.either(Behaviour.RENAME_TABLE):
            self.change(harness, some_table, lambda on, t: on.metadata.rename_table(on.session, t, new))
        if Behaviour.RENAME_TABLE in self.supports:
            with harness.statement() as on:
                assert on.metadata.find_table(on.session, SchemaTableName(*some_table)) is None
                if Keeps.ROWS in self.keeps:
                    assert sorted(on.rows(some_table[0], "renamed")) == ROWS

    def test_comment_on_table(self, harness: Harness, some_table: tuple[str, str]) -> None:
        for comment in ("new", None):
            with self.either(Behaviour.COMMENT_ON_TABLE), harness.statement() as on:
                on.metadata.set_table_comment(on.session, on.require(*some_table), comment)
            if Behaviour.COMMENT_ON_TABLE in self.supports:
                with harness.statement() as on:
                    described = on.metadata.table_metadata(on.session, on.require(*some_table))
                    assert described.comment == comment

    def test_comment_on_column(self, harness: Harness, some_table: tuple[str, str]) -> None:
        def comment(on: Statement, t: Any) -> None:
            column = on.column(t, self.first_column(on, some_table))
            on.metadata.set_column_comment(on.session, t, column, "about")

        with self.either(Behaviour.COMMENT_ON_COLUMN):
            self.change(harness, some_table, comment)
        if Behaviour.COMMENT_ON_COLUMN in self.supports:
            with harness.statement() as on:
                described = on.metadata.table_metadata(on.session, on.require(*some_table))
                assert described.columns[0].comment == "about"

    def test_set_properties(self, harness: Harness, some_table: tuple[str, str]) -> None:
        with self.either(Behaviour.SET_PROPERTIES):
            self.change(harness, some_table, lambda on, t: on.metadata.set_table_properties(on.session, t, {}))

    def test_add_column(self, harness: Harness, some_table: tuple[str, str]) -> None:
        added = ColumnMetadata("added", INTEGER, comment="new")
        with self.either(Behaviour.ADD_COLUMN):
            self.change(harness, some_table, lambda on, t: on.metadata.add_column(on.session, t, added))
        if Behaviour.ADD_COLUMN in self.supports:
            with harness.statement() as on:
                assert on.columns(*some_table)[-1] == ("added", "integer")
                if Keeps.ROWS in self.keeps:
                    assert sorted(on.rows(*some_table), key=str) == [(*row, None) for row in ROWS]

    def test_drop_column(self, harness: Harness, some_table: tuple[str, str]) -> None:
        def drop(on: Statement, t: Any) -> None:
            on.metadata.drop_column(on.session, t, on.column(t, self.first_column(on, some_table)))

        with self.either(Behaviour.DROP_COLUMN):
            self.change(harness, some_table, drop)
        if Behaviour.DROP_COLUMN in self.supports:
            with harness.statement() as on:
                assert on.columns(*some_table) == [("name", "varchar")]

    def test_rename_column(self, harness: Harness, some_table: tuple[str, str]) -> None:
        def rename(on: Statement, t: Any) -> None:
            on.metadata.rename_column(on.session, t, on.column(t, self.first_column(on, some_table)), "key")

        with self.either(Behaviour.RENAME_COLUMN):
            self.change(harness, some_table, rename)
        if Behaviour.RENAME_COLUMN in self.supports:
            with harness.statement() as on:
                assert on.columns(*some_table)[0] == ("key", "bigint")

    def test_set_column_type(self, harness: Harness, some_table: tuple[str, str]) -> None:
        def change(on: Statement, t: Any) -> None:
            column = on.column(t, self.first_column(on, some_table))
            on.metadata.set_column_type(on.session, t, column, VARCHAR)

        with self.either(Behaviour.SET_COLUMN_TYPE):
            self.change(harness, some_table, change)

    def test_drop_not_null(self, harness: Harness, some_table: tuple[str, str]) -> None:
        def change(on: Statement, t: Any) -> None:
            on.metadata.drop_not_null(on.session, t, on.column(t, self.first_column(on, some_table)))

        with self.either(Behaviour.DROP_NOT_NULL):
            self.change(harness, some_table, change)

    def test_add_field(self, harness: Harness, some_table: tuple[str, str]) -> None:
        with self.either(Behaviour.ADD_FIELD):
            self.change(harness, some_table, lambda on, t: on.metadata.add_field(on.session, t, ["r"], "x", INTEGER))

    def test_versions(self, harness: Harness, some_table: tuple[str, str]) -> None:
        with self.either(Behaviour.VERSIONS), harness.statement() as on:
            on.metadata.find_table(on.session, SchemaTableName(*some_table), TableVersion(False, BIGINT, 1))

    def test_analyze(self, harness: Harness, some_table: tuple[str, str]) -> None:
        with self.either(Behaviour.ANALYZE):
            self.change(harness, some_table, lambda on, t: on.metadata.begin_analyze(on.session, t, {}))

    # rows
    def test_insert(self, harness: Harness, some_table: tuple[str, str]) -> None:
        with self.either(Behaviour.INSERT), harness.statement() as on:
            on.insert(*some_table, [(4, "vier")])
        if Keeps.ROWS in self.keeps:
            with harness.statement() as on:
                assert sorted(on.rows(*some_table)) == [*ROWS, (4, "vier")]

    def test_an_aborted_insert_leaves_nothing(self, harness: Harness, some_table: tuple[str, str]) -> None:
        if Behaviour.INSERT not in self.supports:
            pytest.skip("no inserts")
        with pytest.raises(ZeroDivisionError), harness.statement() as on:
            t = on.require(*some_table)
            handles = on.metadata.column_handles(on.session, t)
            names = [name for name, _ in on.columns(*some_table)]
            handle = on.metadata.begin_insert(on.session, t, [handles[name] for name in names])
            on.write(handle, [BIGINT, VARCHAR], [(9, "neun")])
            on.metadata.abort_write(on.session, handle)
            raise ZeroDivisionError
        if Keeps.ROWS in self.keeps:
            with harness.statement() as on:
                assert sorted(on.rows(*some_table)) == ROWS

    def test_two_writers_at_once(self, harness: Harness, some_table: tuple[str, str]) -> None:
        if Keeps.ROWS not in self.keeps:
            pytest.skip("rows are not kept")
        failures: list[BaseException] = []
        together = threading.Barrier(2)

        def write(start: int) -> None:
            try:
                for i in range(5):
                    together.wait(10)
                    with harness.statement() as on:
                        on.insert(*some_table, [(start + i, "x"), (start + i, "y")])
            except BaseException as failure:
                failures.append(failure)

        threads = [threading.Thread(target=write, args=(start,)) for start in (100, 200)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        with harness.statement() as on:
            assert len(on.rows(*some_table)) == len(ROWS) + 20
            statistics = on.metadata.statistics(on.session, on.require(*some_table))
            assert statistics.row_count == len(ROWS) + 20

    def test_a_closed_source_ends(self, harness: Harness, some_table: tuple[str, str]) -> None:
        with harness.statement() as on:
            source, _ = on.source(on.require(*some_table))
            if hasattr(source, "pages"):
                source.close()
                assert list(source.pages()) == []
                source.close()

    # views
    def test_views(self, harness: Harness) -> None:
        name = SchemaTableName(self.schema, "v")
        with self.either(Behaviour.CREATE_VIEW), harness.statement() as on:
            on.metadata.create_view(on.session, name, VIEW, False)
        if Behaviour.CREATE_VIEW not in self.supports:
            return
        with harness.statement() as on:
            assert on.metadata.find_view(on.session, name) == VIEW
            assert (on.metadata.find_table(on.session, name) is None) != self.views_are_tables
            assert on.metadata.list_tables(on.session, self.schema)[name] is RelationKind.VIEW
            assert dict(on.metadata.table_comments(on.session, TablePrefix(self.schema, "v")))[name] == "about"
            on.metadata.set_view_comment(on.session, name, "other")
        with harness.statement() as on:
            on.metadata.set_view_column_comment(on.session, name, "a", "one")
        with harness.statement() as on:
            view = on.metadata.find_view(on.session, name)
            assert view is not None
            assert (view.comment, view.columns[0].comment) == ("other", "one")
        with harness.statement() as on:
            on.metadata.create_view(on.session, name, VIEW, True)
        with harness.statement() as on:
            assert on.metadata.find_view(on.session, name) == VIEW
            on.metadata.drop_view(on.session, name)
        with harness.statement() as on:
            assert on.metadata.find_view(on.session, name) is None

    def test_rename_view(self, harness: Harness) -> None:
        if Behaviour.CREATE_VIEW not in self.supports:
            pytest.skip("no views")
        old, new = SchemaTableName(self.schema, "v"), SchemaTableName(self.schema, "w")
        with harness.statement() as on:
            on.metadata.create_view(on.session, old, VIEW, False)
        with self.either(Behaviour.RENAME_VIEW), harness.statement() as on:
            on.metadata.rename_view(on.session, old, new)
        if Behaviour.RENAME_VIEW in self.supports:
            with harness.statement() as on:
                assert on.metadata.find_view(on.session, old) is None
                assert on.metadata.find_view(on.session, new) == VIEW

    def test_materialized_views(self, harness: Harness) -> None:
        view = MaterializedViewDefinition("SELECT 1 a", None, None, None, (ViewColumn("a", INTEGER),))
        name = SchemaTableName(self.schema, "m")
        with self.either(Behaviour.CREATE_MATERIALIZED_VIEW), harness.statement() as on:
            on.metadata.create_materialized_view(on.session, name, view, SaveMode.FAIL)

    def test_rows_of_nested_types(self, harness: Harness) -> None:
        if Keeps.ROWS not in self.keeps:
            pytest.skip("rows are not kept")
        nested = RowType((RowField("a", INTEGER), RowField("b", VARCHAR)))
        rows: list[tuple[Any, ...]] = [(1, (1, "x")), (2, None), (3, (None, None))]
        with harness.statement() as on:
            on.create_with_rows(table(self.schema, "n", [("id", BIGINT), ("r", nested)], **self.properties), rows)
        with harness.statement() as on:
            assert sorted(on.rows(self.schema, "n"), key=lambda row: row[0]) == rows
