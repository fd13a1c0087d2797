"""Row 22: ORC goes round between engines; stripes and Bloom filters spare reading."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.orc as orc
import pyorc

from integration.lake.asking import Lake, data_files

COLUMNS = "id bigint, name varchar, price decimal(12,2), day date, at timestamp(3), tags array(varchar), ok boolean"


def test_what_we_write_others_read(local: tuple[Lake, Path]) -> None:
    server, files = local
    server.run(f"CREATE TABLE hive.s.t ({COLUMNS}) WITH (format = 'ORC')")
    server.run(
        "INSERT INTO hive.s.t VALUES "
        "(1, 'one', 1.25, DATE '2020-02-29', TIMESTAMP '2020-02-29 01:02:03.456', ARRAY['a', NULL], true), "
        "(2, NULL, NULL, NULL, NULL, NULL, NULL)"
    )
    (path,) = data_files(files / "metastore" / "s" / "t")
    expected = [
        [1, "one", Decimal("1.25"), date(2020, 2, 29), datetime(2020, 2, 29, 1, 2, 3, 456_000), ["a", None], True],
        [2, *[None] * 6],
    ]
    assert [list(row.values()) for row in orc.read_table(path).to_pylist()] == expected
    with path.open("rb") as stream:
        rows = [list(row) for row in pyorc.Reader(stream)]
    for row in rows:
        row[4] = row[4] and row[4].replace(tzinfo=None)
    assert rows == expected


def test_what_others_write_we_read(local: tuple[Lake, Path]) -> None:
    server, files = local
    home = files / "outside"
    home.mkdir()
    with (home / "by_pyorc.orc").open("wb") as stream:
        schema = "struct<id:bigint,name:string,price:decimal(12,2),day:date,tags:array<string>>"
        with pyorc.Writer(stream, schema) as writer:
            writer.write((1, "one", Decimal("1.25"), date(1969, 12, 31), ["a", None]))
    rows: dict[str, Any] = {
        "id": [2, None],
        "name": ["two", ""],
        "price": [Decimal("-1.50"), None],
        "day": [date(2020, 2, 29), None],
        "tags": [[], None],
    }
    types = [pa.int64(), pa.string(), pa.decimal128(12, 2), pa.date32(), pa.list_(pa.string())]
    made = pa.table({name: pa.array(values, type_) for (name, values), type_ in zip(rows.items(), types, strict=True)})
    orc.write_table(made, home / "by_pyarrow.orc", compression="zstd")
    server.run(
        "CREATE TABLE hive.s.outside (id bigint, name varchar, price decimal(12,2), day date, tags array(varchar)) "
        "WITH (format = 'ORC', external_location = 'local:///outside')"
    )
    assert server.run("SELECT * FROM hive.s.outside ORDER BY id") == [
        [1, "one", "1.25", "1969-12-31", ["a", None]],
        [2, "two", "-1.50", "2020-02-29", []],
        [None, "", None, None, None],
    ]


def test_only_stripes_that_may_match_are_read(local: tuple[Lake, Path]) -> None:
    server, files = local
    home = files / "stripes"
    home.mkdir()
    numbers = pa.array(range(200_000), pa.int64())
    names = [f"{one % 2}{one * 7919 % 200_000:06d}" for one in range(200_000)]
    made = pa.table({"id": numbers, "name": pa.array(names)})
    with orc.ORCWriter(home / "f.orc", stripe_size=1, bloom_filter_columns=[2], bloom_filter_fpp=0.001) as writer:
        for start in range(0, 200_000, 20_000):
            writer.write(made.slice(start, 20_000))
    stripes = orc.ORCFile(home / "f.orc").nstripes
    assert stripes >= 10
    server.run(
        "CREATE TABLE hive.s.stripes (id bigint, name varchar) "
        "WITH (format = 'ORC', external_location = 'local:///stripes')"
    )

    def read(where: str) -> tuple[list[list[Any]], int]:
        sql = f"SELECT count(*), min(name) FROM hive.s.stripes WHERE {where}"
        return server.run(sql), int(server.stats(sql)["processedRows"])

    assert read("id >= 0")[1] == 200_000
    rows, processed = read("id = 150000")
    assert rows == [[1, f"0{150_000 * 7919 % 200_000:06d}"]]
    assert processed < 40_000
    # The bounds of every stripe allow this text: only its filter tells.
    wanted = f"0{150_000 * 7919 % 200_000:06d}"
    rows, processed = read(f"name = '{wanted}'")
    assert rows == [[1, wanted]]
    assert processed < 100_000


def test_bloom_filters_are_written_for_the_named_column(local: tuple[Lake, Path]) -> None:
    server, files = local
    server.run(
        "CREATE TABLE hive.s.t WITH (format = 'ORC', orc_bloom_filter_columns = ARRAY['name'], "
        "orc_bloom_filter_fpp = 0.01) AS "
        "SELECT CAST(ROW(1, 2) AS row(a integer, b integer)) AS r, name FROM (VALUES 'a', 'b', 'c') AS t(name)"
    )
    (path,) = data_files(files / "metastore" / "s" / "t")
    with path.open("rb") as stream:
        reader = pyorc.Reader(stream)
        schema: Any = reader.schema
        assert reader.read_stripe(0).bloom_filter_columns == (schema.find_column_id("name"),)
