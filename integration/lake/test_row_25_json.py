"""Row 25: JSON lines: what is missing is NULL, what is inside is a row, what is broken is an error."""

from __future__ import annotations

import bz2
import gzip
import json
from pathlib import Path

from integration.lake.asking import Lake, data_files

COLUMNS = "id bigint, Name varchar, inside row(x double, tags array(varchar), more map(varchar, bigint)), day date"


def outside(server: Lake, name: str, form: str = "JSON") -> None:
    server.run(
        f"CREATE TABLE hive.s.{name} ({COLUMNS}) WITH (format = '{form}', external_location = 'local:///{name}')"
    )


def test_missing_and_nested_fields(local: tuple[Lake, Path]) -> None:
    server, files = local
    (files / "j").mkdir()
    lines = [
        {"id": 1, "NAME": "one", "inside": {"x": 1.5, "tags": ["a", None], "more": {"k": 2}}, "day": "2020-02-29"},
        {"extra": [1, 2], "id": 2},
        {"id": None, "inside": {"tags": []}},
    ]
    (files / "j" / "f.json").write_text("".join(json.dumps(line) + "\n" for line in lines[:2]))
    (files / "j" / "g.json.gz").write_bytes(gzip.compress(json.dumps(lines[2]).encode()))
    (files / "j" / "h.json.bz2").write_bytes(bz2.compress(b'{"id": 9, "name": "\\u00fc\\ud83d\\ude00"}\n'))
    outside(server, "j")
    assert server.run("SELECT * FROM hive.s.j ORDER BY id") == [
        [1, "one", [1.5, ["a", None], {"k": 2}], "2020-02-29"],
        [2, None, None, None],
        [9, "ü😀", None, None],
        [None, None, [None, [], None], None],
    ]
    assert server.run("SELECT inside.tags FROM hive.s.j WHERE inside.x > 1") == [[["a", None]]]


def test_a_malformed_line_is_an_error(local: tuple[Lake, Path]) -> None:
    server, files = local
    (files / "bad").mkdir()
    (files / "bad" / "f.json").write_text('{"id": 1}\n{"id": 2\n')
    outside(server, "bad")
    name, message = server.fails("SELECT count(id) FROM hive.s.bad")
    assert name == "HIVE_CURSOR_ERROR"
    assert "f.json" in message


def test_openx_is_lenient_with_types(local: tuple[Lake, Path]) -> None:
    server, files = local
    (files / "openx").mkdir()
    (files / "openx" / "f.json").write_text('{"id": 1, "inside": {"x": "2.5"}}\n{"id": "3"}\n')
    outside(server, "openx", "OPENX_JSON")
    assert server.run("SELECT id, inside.x FROM hive.s.openx ORDER BY id") == [[1, 2.5], [3, None]]


def test_what_we_write_others_read(local: tuple[Lake, Path]) -> None:
    server, files = local
    server.run(f"CREATE TABLE hive.s.t ({COLUMNS}) WITH (format = 'JSON')")
    server.run(
        "INSERT INTO hive.s.t VALUES (1, 'a \"b\"', ROW(0.5, ARRAY['t'], MAP(ARRAY['k'], ARRAY[7])), "
        "DATE '1969-12-31'), (2, NULL, NULL, NULL)"
    )
    (path,) = data_files(files / "metastore" / "s" / "t")
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text()
    assert [json.loads(line) for line in text.splitlines()] == [
        {"id": 1, "name": 'a "b"', "inside": {"x": 0.5, "tags": ["t"], "more": {"k": 7}}, "day": "1969-12-31"},
        {"id": 2, "name": None, "inside": None, "day": None},
    ]
