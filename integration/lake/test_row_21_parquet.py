"""Row 21: Parquet between engines, and how many bytes of it are fetched from a bucket."""

from __future__ import annotations

import datetime
import decimal
import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from integration.lake.asking import parquet, s3_catalog, upload
from integration.services.proxy import RecordingProxy
from integration.services.rclone import RcloneS3

ROWS = 200_000
GROUPS = 10


def _table() -> pa.Table:
    numbers = range(ROWS)
    return pa.table(
        {
            "id": pa.array(numbers, pa.int64()),
            "text": [f"{number * 7919 % ROWS:06} and some words" for number in numbers],
            "price": [number / 8 for number in numbers],
            "day": pa.array([datetime.date(2020, 1, 1) + datetime.timedelta(number % 900) for number in numbers]),
            "amount": pa.array([decimal.Decimal(number % 1000).scaleb(-2) for number in numbers], pa.decimal128(10, 2)),
        }
    )


_COLUMNS = "id bigint, text varchar, price double, day date, amount decimal(10, 2)"


def test_only_wanted_columns_and_row_groups_are_fetched(gateway: RcloneS3, lake: Any) -> None:
    content = parquet(_table(), ROWS // GROUPS)
    upload(s3_catalog(gateway.url), {"s3://lake/row21/one.parquet": content})
    size = len(content)
    with RecordingProxy(gateway.url) as proxy:
        server = lake({"hive": s3_catalog(proxy.url, warehouse="s3://lake/warehouse21")})
        server.run("CREATE SCHEMA hive.s")
        server.run(
            f"CREATE TABLE hive.s.t ({_COLUMNS}) WITH (format = 'PARQUET', external_location = 's3://lake/row21')"
        )

        def fetched(sql: str, answer: list[list[Any]]) -> int:
            """Bytes of the file, as the store gave them and as the query's statistics tell."""
            server.run(sql)  # the footer is known from here on
            proxy.forget()
            assert server.run(sql) == answer
            given = sum(one.received for one in proxy.requests if one.path.endswith("one.parquet"))
            assert server.stats(sql)["physicalInputBytes"] == given
            return given

        longest = f"{ROWS - 1} and some words"
        one_column = fetched("SELECT sum(id) FROM hive.s.t", [[ROWS * (ROWS - 1) // 2]])
        two_columns = fetched("SELECT sum(id), max(text) FROM hive.s.t", [[ROWS * (ROWS - 1) // 2, longest]])
        one_group = fetched("SELECT sum(id) FROM hive.s.t WHERE id < 10", [[45]])
        no_group = fetched("SELECT sum(id) FROM hive.s.t WHERE id > 1000000", [[None]])
        all_columns = fetched(
            "SELECT max(id), max(text), max(price), max(day), max(amount) FROM hive.s.t",
            [[ROWS - 1, longest, (ROWS - 1) / 8, "2022-06-18", "9.99"]],
        )
        assert no_group == 0
        assert 0 < one_group * (GROUPS - 1) <= one_column * 1.05
        assert one_column < two_columns < all_columns <= size
        assert one_column < size / 3
        plan = server.run("EXPLAIN ANALYZE SELECT sum(id) FROM hive.s.t")[0][0]
        assert "Physical input: 0B" not in plan and "Physical input: " in plan


def test_what_others_wrote_is_read_and_what_is_written_others_read(gateway: RcloneS3, lake: Any) -> None:
    bucket = gateway.root / "lake"
    table = _table().slice(0, 1000)
    upload(s3_catalog(gateway.url), {"s3://lake/row21b/theirs.parquet": parquet(table)})
    server = lake({"hive": s3_catalog(gateway.url, warehouse="s3://lake/warehouse21b")})
    server.run("CREATE SCHEMA hive.s")
    server.run(
        f"CREATE TABLE hive.s.theirs ({_COLUMNS}) WITH (format = 'PARQUET', external_location = 's3://lake/row21b')"
    )
    server.run("CREATE TABLE hive.s.ours WITH (format = 'PARQUET') AS SELECT * FROM hive.s.theirs")
    ours = server.run('SELECT "$path" FROM hive.s.ours LIMIT 1')[0][0].removeprefix("s3://lake/")
    read = pq.read_table(io.BytesIO((bucket / ours).read_bytes())).sort_by("id")
    for name in table.column_names:
        assert read.column(name).to_pylist() == table.column(name).to_pylist()
    difference = "SELECT * FROM hive.s.{} EXCEPT SELECT * FROM hive.s.{}"
    assert server.run(difference.format("ours", "theirs")) == server.run(difference.format("theirs", "ours")) == []


def test_bytes_of_iceberg_are_counted_however_it_is_read(gateway: RcloneS3, lake: Any) -> None:
    with RecordingProxy(gateway.url) as proxy:
        catalog = s3_catalog(proxy.url, "iceberg", warehouse="s3://lake/warehouse21c")
        server = lake({"ice": catalog})
        server.run("CREATE SCHEMA ice.s")
        server.run(
            "CREATE TABLE ice.s.t AS SELECT i * 1000 + j AS id, cast(i * 7919 + j AS varchar) || ' and words' AS text "
            f"FROM UNNEST(sequence(0, {ROWS // 1000 - 1})) AS a(i) CROSS JOIN UNNEST(sequence(0, 999)) AS b(j)"
        )
        (size,) = server.run('SELECT file_size_in_bytes FROM ice.s."t$files"')[0]

        def fetched(sql: str, answer: list[list[Any]]) -> int:
            """Bytes of data and delete files, as the store gave them and as the query's statistics tell."""
            server.run(sql)
            proxy.forget()
            told = server.stats(sql)["physicalInputBytes"]
            given = sum(one.received for one in proxy.requests if "/data/" in one.path and one.method == "GET")
            assert told == given
            assert server.run(sql) == answer
            return given

        one_column = fetched("SELECT sum(id) FROM ice.s.t", [[ROWS * (ROWS - 1) // 2]])
        assert 0 < one_column < size * 0.7
        server.run("DELETE FROM ice.s.t WHERE id = 0 OR id = 1234")
        with_deletes = fetched("SELECT sum(id) FROM ice.s.t", [[ROWS * (ROWS - 1) // 2 - 1234]])
        assert with_deletes >= one_column
