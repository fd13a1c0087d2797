from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from tests.fakes.harness import table
from tests.fakes.hive import hive, visible_files

from lodestar_server.plugins.connectors.hive.handles import ColumnKind, HiveColumnHandle
from lodestar_server.plugins.connectors.hive.listing import MOST_TEXTS, wanted_texts
from lodestar_server.plugins.toolkit.metastore.interface import PartitionTexts
from lodestar_server.spi.predicate import Domain, Range, TupleDomain
from lodestar_server.spi.types import BIGINT, VARCHAR

P = HiveColumnHandle("p", VARCHAR, ColumnKind.PARTITION_KEY)
Q = HiveColumnHandle("q", BIGINT, ColumnKind.PARTITION_KEY)


@pytest.mark.parametrize(
    ("domain", "wanted"),
    [
        (Domain.values(VARCHAR, ["b", "a"]), (("a", "b"), None)),
        (Domain.values(VARCHAR, ["a"]), (("a",), None)),
        # The empty text is written as NULL is; NULL and ranges are compared here.
        (Domain.values(VARCHAR, [""]), None),
        (Domain.only_null(VARCHAR), None),
        (Domain.of(VARCHAR, [Range.equal("a")], null_allowed=True), None),
        (Domain.of(VARCHAR, [Range("a", True)]), None),
        (Domain.not_null(VARCHAR), None),
        (Domain.values(VARCHAR, [str(number) for number in range(MOST_TEXTS + 1)]), None),
    ],
)
def test_what_a_metastore_is_told(domain: Domain, wanted: PartitionTexts | None) -> None:
    assert wanted_texts([P, Q], TupleDomain.of({P: domain})) == wanted


def test_numbers_can_be_written_in_several_ways() -> None:
    assert wanted_texts([P, Q], TupleDomain.of({Q: Domain.values(BIGINT, [7])})) is None
    both = TupleDomain.of({P: Domain.values(VARCHAR, ["a"]), Q: Domain.values(BIGINT, [7])})
    assert wanted_texts([P, Q], both) == (("a",), None)


@pytest.mark.parametrize("properties", [{}, {"partitioned_by": ["p"]}])
def test_the_scans_of_a_statement_read_the_same_files(tmp_path: Path, properties: dict[str, list[str]]) -> None:
    harness = hive(tmp_path)
    with harness.statement() as on:
        on.create_with_rows(table("default", "t", [("a", BIGINT), ("p", BIGINT)], **properties), [(1, 7)])
    (file,) = (tmp_path / name for name in visible_files(tmp_path))
    with harness.statement() as on:
        handle = on.require("default", "t")

        def paths(query_id: str) -> list[str]:
            session = replace(on.session, query_id=query_id)
            splits = on.connector.splits(on.handle, session, handle, [], TupleDomain.all())
            return [Path(split.location).name for split in splits]

        assert paths("first") == [file.name]
        shutil.copy(file, file.with_name("another"))
        assert paths("first") == [file.name]
        assert sorted(paths("second")) == sorted([file.name, "another"])
