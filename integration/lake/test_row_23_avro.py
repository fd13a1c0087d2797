"""Row 23: an Avro table whose schema lies at a URL reads files of older and newer schemas."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import fastavro

from integration.lake.asking import Lake, data_files


def avro(fields: list[dict[str, Any]], rows: list[dict[str, Any]], codec: str = "null") -> bytes:
    stream = io.BytesIO()
    fastavro.writer(stream, {"type": "record", "name": "r", "fields": fields}, rows, codec=codec)
    return stream.getvalue()


ID: dict[str, Any] = {"name": "id", "type": "long"}
NAME: dict[str, Any] = {"name": "name", "type": ["null", "string"], "default": None}
CITY: dict[str, Any] = {"name": "city", "type": "string", "default": "nowhere"}
POINTS: dict[str, Any] = {"name": "points", "type": {"type": "array", "items": "int"}, "default": [7]}


def test_defaults_fill_what_old_files_do_not_have(local: tuple[Lake, Path]) -> None:
    server, files = local
    home = files / "events"
    home.mkdir()
    schema = {"type": "record", "name": "r", "fields": [ID, CITY, NAME, POINTS]}
    (files / "event.avsc").write_text(json.dumps(schema))
    (home / "1_old.avro").write_bytes(avro([ID, NAME], [{"id": 1, "name": "one"}, {"id": 2, "name": None}], "deflate"))
    gone = {"name": "gone", "type": "string"}
    (home / "2_new.avro").write_bytes(
        avro([gone, CITY, ID, POINTS], [{"gone": "x", "city": "Paris", "id": 3, "points": [1, 2]}], "snappy")
    )
    server.run(
        "CREATE TABLE hive.s.events (id bigint, city varchar, name varchar, points array(integer)) "
        "WITH (format = 'AVRO', "
        "external_location = 'local:///events', avro_schema_url = 'local:///event.avsc')"
    )
    assert server.run("SELECT * FROM hive.s.events ORDER BY id") == [
        [1, "nowhere", "one", [7]],
        [2, "nowhere", None, [7]],
        [3, "Paris", None, [1, 2]],
    ]
    # The schema goes on, and so does what old files are filled with.
    schema["fields"] = [ID, {**CITY, "default": "somewhere"}, NAME, POINTS]
    (files / "event.avsc").write_text(json.dumps(schema))
    assert server.run("SELECT id, city FROM hive.s.events ORDER BY id") == [
        [1, "somewhere"],
        [2, "somewhere"],
        [3, "Paris"],
    ]


def test_what_has_no_default_is_an_error(local: tuple[Lake, Path]) -> None:
    server, files = local
    home = files / "events"
    home.mkdir()
    (home / "old.avro").write_bytes(avro([ID], [{"id": 1}]))
    literal = json.dumps({"type": "record", "name": "r", "fields": [ID, {"name": "must", "type": "string"}]})
    server.run(
        "CREATE TABLE hive.s.events (id bigint, must varchar) WITH (format = 'AVRO', "
        f"external_location = 'local:///events', avro_schema_literal = '{literal}')"
    )
    name, message = server.fails("SELECT * FROM hive.s.events")
    assert name in ("HIVE_BAD_DATA", "HIVE_CANNOT_OPEN_SPLIT", "HIVE_CURSOR_ERROR")
    assert "old.avro" in message


def test_what_we_write_others_read(local: tuple[Lake, Path]) -> None:
    server, files = local
    server.run("CREATE TABLE hive.s.t (id bigint, name varchar, tags array(varchar)) WITH (format = 'AVRO')")
    server.run("INSERT INTO hive.s.t VALUES (1, 'one', ARRAY['a', NULL]), (2, NULL, NULL)")
    (path,) = data_files(files / "metastore" / "s" / "t")
    with path.open("rb") as stream:
        rows = [tuple(row.values()) for row in fastavro.reader(stream)]  # type: ignore[union-attr]
    assert rows == [(1, "one", ["a", None]), (2, None, None)]
