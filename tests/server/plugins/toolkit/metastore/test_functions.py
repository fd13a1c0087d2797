"""Stored routines as files, under the names and in the form that Trino gives them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.harness import Harness
from tests.fakes.hive import hive

from lodestar_server.spi.connector import LanguageFunction
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.names import SchemaTableName

SQL = "FUNCTION hive.default.f1(x integer)\nRETURNS integer\nRETURN (x + 1)"
FUNCTION = LanguageFunction("(integer)", SQL, 'memory.default, "A b".x', "alice")
FILE = "f1=c63dc77f30d78d6662185f79b9582d73fa4c72f0c9fd0ae6f36529382a0683a1"
NAME = SchemaTableName("default", "f1")


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    made = hive(tmp_path)
    yield made
    made.connector.shutdown()


def test_created_found_and_dropped(harness: Harness, tmp_path: Path) -> None:
    with harness.statement() as on:
        on.metadata.create_language_function(on.session, NAME, FUNCTION, False)
    path = tmp_path / "metastore" / "default" / ".trinoFunction" / FILE
    assert json.loads(path.read_text()) == {
        "signatureToken": "(integer)",
        "sql": SQL,
        "path": [
            {"catalogName": "memory", "schemaName": "default"},
            {"catalogName": "A b", "schemaName": "x"},
        ],
        "owner": "alice",
    }
    with harness.statement() as on:
        assert on.metadata.find_language_functions(on.session, NAME) == [FUNCTION]
        assert on.metadata.list_language_functions(on.session, "default") == [(NAME, FUNCTION)]
        assert on.metadata.find_language_functions(on.session, SchemaTableName("default", "f2")) == []
        assert on.metadata.list_tables(on.session, "default") == {}
        on.metadata.drop_language_function(on.session, NAME, "(integer)")
        assert not path.exists()


def test_there_already_and_not_there(harness: Harness) -> None:
    with harness.statement() as on:
        on.metadata.create_language_function(on.session, NAME, FUNCTION, False)
        with pytest.raises(LodestarError) as caught:
            on.metadata.create_language_function(on.session, NAME, FUNCTION, False)
        assert (caught.value.code.name, caught.value.message) == ("ALREADY_EXISTS", "Function already exists")
        on.metadata.create_language_function(on.session, NAME, LanguageFunction("(integer)", "other"), True)
        assert on.metadata.find_language_functions(on.session, NAME) == [LanguageFunction("(integer)", "other")]
        with pytest.raises(LodestarError) as caught:
            on.metadata.drop_language_function(on.session, NAME, "(varchar)")
        assert (caught.value.code.name, caught.value.message) == ("NOT_FOUND", "Function not found")
