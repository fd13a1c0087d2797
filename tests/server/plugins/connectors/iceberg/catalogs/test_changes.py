"""Commits as requirements and updates: what is named, and in which order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lodestar_server.plugins.connectors.iceberg.catalogs.changes import (
    requirements_between,
    updates_between,
    updates_for_new,
)
from lodestar_server.plugins.connectors.iceberg.format.metadata import Snapshot, read_metadata

DOCUMENT = b"""{
  "format-version": 2, "table-uuid": "u", "location": "s3://b/t", "last-sequence-number": 1,
  "last-updated-ms": 1, "last-column-id": 2, "current-schema-id": 0,
  "schemas": [{"type": "struct", "schema-id": 0, "fields": [
    {"id": 1, "name": "a", "required": false, "type": "int"},
    {"id": 2, "name": "b", "required": false, "type": "string"}]}],
  "default-spec-id": 0, "partition-specs": [{"spec-id": 0, "fields": []}], "last-partition-id": 999,
  "default-sort-order-id": 0, "sort-orders": [{"order-id": 0, "fields": []}],
  "properties": {"p": "1", "q": "2"}, "current-snapshot-id": 11,
  "snapshots": [{"snapshot-id": 11, "sequence-number": 1, "timestamp-ms": 1, "manifest-list": "m",
                 "summary": {"operation": "append"}, "schema-id": 0}],
  "refs": {"main": {"type": "branch", "snapshot-id": 11}},
  "statistics": [{"snapshot-id": 11, "statistics-path": "s"}]
}"""
BASE = read_metadata(DOCUMENT)
NEXT = Snapshot(12, 11, 2, 2, {"operation": "append"}, "m2", 0)


def _grown(base=BASE):
    return replace(
        base,
        snapshots=(*base.snapshots, NEXT),
        current_snapshot_id=12,
        refs={"main": {"type": "branch", "snapshot-id": 12}},
    )


def test_nothing_changes():
    assert updates_between(BASE, BASE) == []
    assert requirements_between(BASE, BASE) == [{"type": "assert-table-uuid", "uuid": "u"}]


def test_an_append_moves_main_from_the_snapshot_that_it_knew():
    made = _grown()
    added, moved = updates_between(BASE, made)
    assert (added["action"], added["snapshot"]["snapshot-id"]) == ("add-snapshot", 12)
    assert moved == {"action": "set-snapshot-ref", "ref-name": "main", "type": "branch", "snapshot-id": 12}
    assert {"type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": 11} in requirements_between(BASE, made)


def test_the_first_snapshot_asserts_that_there_is_none():
    empty = replace(BASE, snapshots=(), current_snapshot_id=None, refs={}, statistics=())
    assert {"type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": None} in requirements_between(
        empty, _grown(empty)
    )


def test_a_new_schema_is_named_as_the_last_added():
    schema = replace(BASE.schema, id=1, struct=replace(BASE.schema.struct, fields=BASE.schema.columns[:1]))
    made = replace(BASE, schemas=(*BASE.schemas, schema), current_schema_id=1)
    assert [one["action"] for one in updates_between(BASE, made)] == ["add-schema", "set-current-schema"]
    assert updates_between(BASE, made)[1]["schema-id"] == -1
    assert updates_between(made, replace(made, current_schema_id=0)) == [
        {"action": "set-current-schema", "schema-id": 0}
    ]
    types = [one["type"] for one in requirements_between(BASE, made)]
    assert types == ["assert-table-uuid", "assert-current-schema-id", "assert-last-assigned-field-id"]


def test_properties_are_set_and_removed():
    made = replace(BASE, properties={"p": "3", "r": "4"})
    assert updates_between(BASE, made) == [
        {"action": "set-properties", "updates": {"p": "3", "r": "4"}},
        {"action": "remove-properties", "removals": ["q"]},
    ]


def test_expired_snapshots_take_their_figures_with_them():
    grown = _grown()
    made = replace(grown, snapshots=(NEXT,), statistics=())
    assert updates_between(grown, made) == [{"action": "remove-snapshots", "snapshot-ids": [11]}]
    assert updates_between(BASE, replace(BASE, statistics=())) == [{"action": "remove-statistics", "snapshot-id": 11}]


def test_refs_come_and_go():
    tagged = replace(BASE, refs={**BASE.refs, "v1": {"type": "tag", "snapshot-id": 11, "max-ref-age-ms": 5}})
    assert updates_between(BASE, tagged) == [
        {"action": "set-snapshot-ref", "ref-name": "v1", "type": "tag", "snapshot-id": 11, "max-ref-age-ms": 5}
    ]
    assert updates_between(tagged, BASE) == [{"action": "remove-snapshot-ref", "ref-name": "v1"}]
    assert {"type": "assert-ref-snapshot-id", "ref": "v1", "snapshot-id": None} in requirements_between(BASE, tagged)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("add-schema", "set-current-schema"),
        ("add-spec", "set-default-spec"),
        ("add-sort-order", "set-default-sort-order"),
        ("set-current-schema", "add-spec"),
        ("set-current-schema", "add-snapshot"),
        ("add-snapshot", "set-snapshot-ref"),
        ("add-snapshot", "set-statistics"),
    ],
)
def test_a_new_table_names_only_what_is_known(before, after):
    actions = [one["action"] for one in updates_for_new(BASE)]
    assert actions.index(before) < actions.index(after)
