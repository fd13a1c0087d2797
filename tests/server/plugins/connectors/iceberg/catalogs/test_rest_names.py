"""Names of SQL and names of the service."""

from __future__ import annotations

import pytest

from lodestar_server.plugins.connectors.iceberg.catalogs.rest_names import RestNames
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.names import SchemaTableName


def test_dots_are_levels_where_they_are_nested():
    assert RestNames(nested=True).levels("a. b..c") == ("a", "b", "c")
    assert RestNames().levels("a") == ("a",)
    with pytest.raises(LodestarError, match=r"^Nested namespace is not enabled for this catalog$"):
        RestNames().levels("a.b")


def test_names_are_taken_as_they_are():
    names = RestNames()
    assert names.namespace("a", list) == ("a",)
    assert names.relation("table", SchemaTableName("a", "t"), list) == "t"
    assert names.shown("Ab") == "Ab"


def test_any_case_is_found_and_remembered():
    names = RestNames(nested=True, case_ttl=60.0)
    asked = []

    def namespaces():
        asked.append("n")
        return [["A"], ["A", "b"], ["C"]]

    assert [names.namespace("a.b", namespaces) for _ in range(2)] == [("A", "b")] * 2
    assert names.namespace("x", namespaces) == ("x",)
    assert asked == ["n", "n"]
    name = SchemaTableName("a", "t")
    assert names.relation("table", name, lambda: ["s", "T"]) == "T"
    assert names.relation("table", name, lambda: ["t"]) == "T"
    assert names.relation("view", name, lambda: ["s"]) == "t"
    names.forget(name)
    assert names.relation("table", name, lambda: ["t"]) == "t"
    names.forget("a.b")
    assert names.namespace("a.b", lambda: []) == ("a", "b")
    assert names.shown("Ab") == "ab"


def test_two_names_that_could_be_meant():
    names = RestNames(case_ttl=0.0)
    with pytest.raises(LodestarError, match=r"^Duplicate namespace names are not .* REST catalog: \[A, a\]$"):
        names.namespace("a", lambda: [["A"], ["a"]])
    with pytest.raises(LodestarError, match=r"^Duplicate view names are not .* REST catalog: V, v$"):
        names.relation("view", SchemaTableName("a", "v"), lambda: ["V", "v"])
