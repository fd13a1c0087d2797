"""Versions of a view: what is written, what comes back under an old number, what is forgotten."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace

from lodestar_server.plugins.connectors.iceberg.format import types as ice
from lodestar_server.plugins.connectors.iceberg.format.schema import Schema
from lodestar_server.plugins.connectors.iceberg.format.types import Field, Struct
from lodestar_server.plugins.connectors.iceberg.format.view_metadata import (
    ViewMetadata,
    ViewVersion,
    first_view,
    read_view,
    view_updates,
    with_version,
    write_view,
)


def schema(*names: str) -> Schema:
    return Schema(Struct(tuple(Field(place, name, ice.INT, True) for place, name in enumerate(names, 1))))


def version(sql: str, at: int = 1) -> ViewVersion:
    text = {"type": "sql", "sql": sql, "dialect": "trino"}
    return ViewVersion(0, at, 0, {"engine-name": "test"}, (text,), None, ("s",))


def view(sql: str = "one") -> ViewMetadata:
    return first_view("u", "s3://b/v", schema("x"), version(sql), {"comment": "c"})


def test_the_file_is_the_specifications() -> None:
    document = json.loads(gzip.decompress(write_view(view())))
    assert document == {
        "view-uuid": "u",
        "format-version": 1,
        "location": "s3://b/v",
        "properties": {"comment": "c"},
        "schemas": [
            {"type": "struct", "schema-id": 0, "fields": [{"id": 1, "name": "x", "required": True, "type": "int"}]}
        ],
        "current-version-id": 1,
        "versions": [
            {
                "version-id": 1,
                "timestamp-ms": 1,
                "schema-id": 0,
                "summary": {"engine-name": "test"},
                "default-namespace": ["s"],
                "representations": [{"type": "sql", "sql": "one", "dialect": "trino"}],
            }
        ],
        "version-log": [{"timestamp-ms": 1, "version-id": 1}],
    }
    assert read_view(write_view(view())) == view()
    assert read_view(json.dumps(document).encode()) == view()


def test_what_was_there_comes_back_under_its_number() -> None:
    second = with_version(view(), schema("x", "y"), version("two", 2))
    assert (second.current_version_id, second.version.schema_id) == (2, 1)
    back = with_version(second, schema("x"), version("one", 3))
    assert (back.current_version_id, len(back.versions), len(back.schemas)) == (1, 2, 2)
    assert [one["version-id"] for one in back.log] == [1, 2, 1]
    assert with_version(back, schema("x"), version("one", 4)) == back


def test_old_versions_are_forgotten() -> None:
    made = replace(view(), properties={"version.history.num-entries": "2"})
    for number in (2, 3):
        made = with_version(made, schema("x"), version(str(number), number))
    assert [one.id for one in made.versions] == [2, 3]
    assert [one["version-id"] for one in made.log] == [2, 3]


def test_the_text_of_a_dialect() -> None:
    both = replace(view().version, representations=({"type": "sql", "sql": "s", "dialect": "spark"},))
    assert view().sql("trino") == {"type": "sql", "sql": "one", "dialect": "trino"}
    assert replace(view(), versions=(both,)).sql("trino") == {"type": "sql", "sql": "s", "dialect": "spark"}
    assert replace(view(), versions=(replace(both, representations=()),)).sql("trino") is None


def test_updates_name_what_is_new_as_the_last_added() -> None:
    base = view()
    made = replace(with_version(base, schema("x", "y"), version("two", 2)), properties={"k": "v"}, location="s3://b/w")
    actions = {one["action"]: one for one in view_updates(base, made)}
    assert list(actions) == [
        "add-schema",
        "set-location",
        "set-properties",
        "remove-properties",
        "add-view-version",
        "set-current-view-version",
    ]
    assert actions["add-view-version"]["view-version"]["schema-id"] == -1
    assert actions["set-current-view-version"]["view-version-id"] == -1
    assert actions["remove-properties"]["removals"] == ["comment"]
    back = with_version(made, schema("x"), version("one", 3))
    assert view_updates(made, back) == [{"action": "set-current-view-version", "view-version-id": 1}]
    assert view_updates(made, made) == []
