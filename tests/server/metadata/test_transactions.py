"""The life of transactions: what each state answers, with Trino's words, and what connectors see of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fakes.catalogs import manager
from tests.fakes.counting_connector import CountingConnector

from lodestar_server.metadata.transactions import TransactionManager
from lodestar_server.spi.errors import LodestarError

NOBODY = "00000000-0000-0000-0000-000000000000"


class Clock:
    """Seconds that only move when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def one() -> CountingConnector:
    return CountingConnector({"s": ["t"]}, single_statement_writes=False)


@pytest.fixture
def two() -> CountingConnector:
    return CountingConnector({"s": ["t"]}, single_statement_writes=False)


@pytest.fixture
def auto() -> CountingConnector:
    return CountingConnector({"s": ["t"]})


@pytest.fixture
def transactions(
    tmp_path: Path, clock: Clock, one: CountingConnector, two: CountingConnector, auto: CountingConnector
) -> TransactionManager:
    catalogs = manager(tmp_path)
    catalogs.add("one", "counting", one)
    catalogs.add("two", "counting", two)
    catalogs.add("auto", "counting", auto)
    return TransactionManager(catalogs, now=clock)


def fails(action: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(LodestarError) as caught:
        action()
    return caught.value.code.name, caught.value.message


def test_a_catalog_begins_with_its_first_use(transactions: TransactionManager, one: CountingConnector) -> None:
    with transactions.statement(None) as transaction:
        assert one.begun == []
        transaction.enter("one")
        transaction.enter("one")
        assert one.begun == [("READ UNCOMMITTED", False, True)]
    assert one.ended == [("commit", 1)]
    assert transactions.list_transactions() == []


def test_a_failed_statement_rolls_back(transactions: TransactionManager, one: CountingConnector) -> None:
    with pytest.raises(ZeroDivisionError), transactions.statement(None) as transaction:
        transaction.enter("one")
        raise ZeroDivisionError
    assert one.ended == [("rollback", 1)]


def test_isolation_and_access_reach_the_connector(transactions: TransactionManager, one: CountingConnector) -> None:
    started = transactions.start(None, isolation="SERIALIZABLE", read_only=True)
    with transactions.statement(started.transaction_id) as transaction:
        transaction.enter("one")
    assert one.begun == [("SERIALIZABLE", True, False)]
    assert one.ended == []
    transactions.commit(started.transaction_id)
    assert one.ended == [("commit", 1)]


def test_without_a_transaction(transactions: TransactionManager) -> None:
    expected = ("NOT_IN_TRANSACTION", "No transaction in progress")
    assert fails(lambda: transactions.commit(None)) == expected
    assert fails(lambda: transactions.roll_back(None)) == expected


def test_an_unknown_transaction(transactions: TransactionManager) -> None:
    expected = (
        "UNKNOWN_TRANSACTION",
        f"Unknown transaction ID: {NOBODY}. Possibly expired? Commands ignored until end of transaction block",
    )
    assert fails(lambda: transactions.statement(NOBODY)) == expected
    assert fails(lambda: transactions.commit(NOBODY)) == expected
    transactions.roll_back(NOBODY)


def test_a_failed_transaction(transactions: TransactionManager, one: CountingConnector) -> None:
    current = transactions.start(None).transaction_id
    with pytest.raises(ZeroDivisionError), transactions.statement(current) as transaction:
        transaction.enter("one")
        raise ZeroDivisionError
    assert one.ended == [("rollback", 1)]
    assert fails(lambda: transactions.statement(current)) == (
        "TRANSACTION_ALREADY_ABORTED",
        "Current transaction is aborted, commands ignored until end of transaction block",
    )
    assert fails(lambda: transactions.commit(current)) == (
        "TRANSACTION_ALREADY_ABORTED",
        "Current transaction has already been aborted",
    )
    assert fails(lambda: transactions.commit(current))[0] == "UNKNOWN_TRANSACTION"
    assert one.ended == [("rollback", 1)]


def test_a_failed_transaction_can_be_rolled_back(transactions: TransactionManager) -> None:
    current = transactions.start(None).transaction_id
    transactions.fail(current)
    transactions.roll_back(current)
    assert transactions.list_transactions() == []


def test_starting(transactions: TransactionManager) -> None:
    assert fails(lambda: transactions.start(NOBODY)) == ("NOT_SUPPORTED", "Nested transactions not supported")
    assert fails(lambda: transactions.start(None, client_supports_transactions=False)) == (
        "INCOMPATIBLE_CLIENT",
        "Client does not support transactions",
    )


def test_one_catalog_may_be_written(transactions: TransactionManager) -> None:
    started = transactions.start(None)
    started.check_write("one")
    started.check_write("one")
    started.enter("two")
    assert fails(lambda: started.check_write("two")) == (
        "MULTI_CATALOG_WRITE_CONFLICT",
        "Multi-catalog writes not supported in a single transaction. Already wrote to catalog one",
    )
    assert started.info.written_catalog == "one"
    assert started.info.catalogs == ("one", "two")


def test_some_catalogs_are_written_in_autocommit_only(transactions: TransactionManager) -> None:
    started = transactions.start(None)
    assert fails(lambda: started.check_write("auto")) == (
        "AUTOCOMMIT_WRITE_CONFLICT",
        "Catalog only supports writes using autocommit: auto",
    )
    with transactions.statement(None) as transaction:
        transaction.check_write("auto")


def test_a_read_only_transaction(transactions: TransactionManager) -> None:
    started = transactions.start(None, read_only=True)
    assert fails(lambda: started.check_write("one")) == (
        "READ_ONLY_VIOLATION",
        "Cannot execute write in a read-only transaction",
    )


def test_what_was_read_commits_before_what_was_written(
    transactions: TransactionManager, one: CountingConnector, two: CountingConnector
) -> None:
    two.fails.add("commit")
    current = transactions.start(None)
    current.check_write("one")
    current.enter("two")
    assert fails(lambda: transactions.commit(current.transaction_id)) == ("GENERIC_INTERNAL_ERROR", "commit failed")
    assert two.ended == [("commit", 1)]
    assert one.ended == [("rollback", 1)]


def test_a_failing_rollback_hides_nothing(
    transactions: TransactionManager, one: CountingConnector, two: CountingConnector
) -> None:
    one.fails.add("rollback")
    with pytest.raises(ZeroDivisionError), transactions.statement(None) as transaction:
        transaction.enter("one")
        transaction.enter("two")
        raise ZeroDivisionError
    assert two.ended == [("rollback", 1)]


def test_idle_transactions_expire(transactions: TransactionManager, clock: Clock, one: CountingConnector) -> None:
    idle, busy = transactions.start(None), transactions.start(None)
    with transactions.statement(idle.transaction_id) as transaction:
        transaction.enter("one")
    with transactions.statement(busy.transaction_id):
        clock.now += 301
        assert {info.idle_seconds for info in transactions.list_transactions()} == {0, 301}
        assert transactions.expire(300) == 1
    assert one.ended == [("rollback", 1)]
    assert fails(lambda: transactions.statement(idle.transaction_id))[0] == "UNKNOWN_TRANSACTION"
    with transactions.statement(busy.transaction_id):
        pass


def test_unknown_catalogs(transactions: TransactionManager) -> None:
    started = transactions.start(None)
    assert started.find_catalog("nosuch") is None
    assert fails(lambda: started.enter("nosuch")) == ("CATALOG_NOT_FOUND", "Catalog 'nosuch' not found")
