from __future__ import annotations

import pytest

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
