"""What a predicate on data columns spares: files of other buckets, stripes, row groups without a value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.fakes.harness import Harness, table
from tests.fakes.hive import hive, visible_files

from lodestar_server.spi.predicate import Domain, TupleDomain
from lodestar_server.spi.types import BIGINT, DOUBLE, VARCHAR

COLUMNS = [("id", BIGINT), ("name", VARCHAR), ("x", DOUBLE)]
ROWS = [(one, f"n{one}", one / 7) for one in range(200)]


def bucketed(root: Path, *by: str) -> Harness:
    harness = hive(root)
    with harness.statement() as on:
        definition = table("default", "t", COLUMNS, format="ORC", bucketed_by=by, bucket_count=8)
        on.create_with_rows(definition, ROWS)
    return harness


def read(harness: Harness, domains: dict[str, Domain], **properties: Any) -> tuple[int, list[tuple[Any, ...]]]:
    """Number of splits, and the rows that come, for a predicate that the engine checks again."""
    with harness.statement(**properties) as on:
        handle = on.require("default", "t")
        wanted = TupleDomain.of({on.column(handle, name): domain for name, domain in domains.items()})
        filtered = on.metadata.apply_filter(on.session, handle, wanted)
        assert filtered is not None and filtered.remaining == wanted
        assert on.metadata.apply_filter(on.session, filtered.handle, wanted) is None
        columns = [on.column(handle, name) for name, _ in COLUMNS]
        splits = list(on.connector.splits(on.handle, on.session, filtered.handle, columns, TupleDomain.all()))
        return len(splits), on.read(filtered.handle)


def test_files_of_other_buckets_are_not_read(tmp_path: Path) -> None:
    harness = bucketed(tmp_path, "id")
    splits, rows = read(harness, {"id": Domain.values(BIGINT, [17])})
    assert splits == 1
    assert ROWS[17] in rows
    splits, rows = read(harness, {"id": Domain.values(BIGINT, [17, 18, 19])})
    assert 1 < splits <= 3
    assert set(ROWS[17:20]) <= set(rows)


def test_every_bucketing_column_has_to_be_known(tmp_path: Path) -> None:
    harness = bucketed(tmp_path, "id", "name")
    assert read(harness, {"id": Domain.values(BIGINT, [17])})[0] == 8
    splits, rows = read(harness, {"id": Domain.values(BIGINT, [17]), "name": Domain.values(VARCHAR, ["n17"])})
    assert splits == 1
    assert ROWS[17] in rows


@pytest.mark.parametrize(
    ("by", "domain", "properties"),
    [
        ("id", Domain.values(BIGINT, [17]), {"bucket_execution_enabled": False}),
        ("x", Domain.values(DOUBLE, [0.0]), {}),
    ],
    ids=["switched off", "zeros have two signs"],
)
def test_all_files_are_read(tmp_path: Path, by: str, domain: Domain, properties: dict[str, Any]) -> None:
    harness = bucketed(tmp_path, by)
    files = visible_files(next(tmp_path.rglob("t")))
    assert len(files) > 1
    assert read(harness, {by: domain}, **properties)[0] == len(files)


def test_a_file_that_tells_no_bucket(tmp_path: Path) -> None:
    harness = bucketed(tmp_path, "id")
    directory = next(tmp_path.rglob("t"))
    (one, *_) = visible_files(directory)
    (directory / one).rename(directory / "from_elsewhere.orc")
    assert read(harness, {"id": Domain.values(BIGINT, [17])})[0] == 8


@pytest.mark.parametrize("column", ["id", "name"])
def test_parquet_bloom_filters_are_written(tmp_path: Path, column: str) -> None:
    harness = hive(tmp_path)
    with harness.statement() as on:
        definition = table("default", "t", COLUMNS, format="PARQUET", parquet_bloom_filter_columns=(column,))
        on.create_with_rows(definition, ROWS)
    directory = next(tmp_path.rglob("t"))
    (file,) = visible_files(directory)
    with duckdb.connect() as connection:
        found = connection.execute(
            "SELECT path_in_schema FROM parquet_metadata(?) WHERE bloom_filter_offset IS NOT NULL",
            [str(directory / file)],
        ).fetchall()
    assert found == [(column,)]
