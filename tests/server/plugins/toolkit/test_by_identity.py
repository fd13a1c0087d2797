from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.fakes.counting_connector import CountingConnector

from lodestar_server.plugins.toolkit.by_identity import ConnectorByIdentity
from lodestar_server.spi.connector import Connector, ConnectorMetadata
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.predicate import Domain
from lodestar_server.spi.procedures import Procedure
from lodestar_server.spi.session import ConnectorSession, Identity
from lodestar_server.spi.system_tables import SystemTable


class Recorder(CountingConnector):
    """A connector of one standing that also has a procedure and a system table."""

    def __init__(self, standing: Hashable) -> None:
        super().__init__({str(standing): ["t"]}, single_statement_writes=False)
        self.standing = standing
        self.called: list[str] = []

    def procedures(self) -> Sequence[Procedure]:
        """One that remembers who called."""
        return [Procedure("system", "p", (), lambda session, arguments: self.called.append(session.user))]

    def system_tables(self) -> Sequence[SystemTable]:
        """One that tells whose it is."""
        return [_Own(self)]


class _Own(SystemTable):
    name = SchemaTableName("system", "own")
    columns = ()

    def __init__(self, connector: Recorder) -> None:
        self._connector = connector

    def rows(self, session: ConnectorSession, constraint: dict[str, Domain]) -> Iterable[Sequence[Any]]:
        """The standing."""
        yield (self._connector.standing,)


class Catalog:
    """A catalog in which standings are given by a dictionary."""

    def __init__(self, standings: Mapping[str, str], kept: int = 32) -> None:
        self.standings = dict(standings)
        self.made: list[Recorder] = []
        self.connector = ConnectorByIdentity(
            lambda identity: self.standings[identity.user], self._make, Identity("keeper"), kept
        )

    def _make(self, standing: Hashable) -> tuple[Connector, Callable[[], None]]:
        made = Recorder(standing)
        self.made.append(made)
        return made, made.shutdown

    def open(self) -> list[Hashable]:
        """Standings whose connectors are there."""
        return [one.standing for one in self.made if not one.closed]


def session(user: str, **credentials: str) -> ConnectorSession:
    identity = Identity(user, extra_credentials=credentials)
    return ConnectorSession("q", identity, None, "UTC", "en", datetime.now(UTC), None, {})


STANDINGS = {"keeper": "k", "alice": "a", "bob": "b", "anna": "a"}


def test_each_standing_has_a_connector_and_equal_ones_share_it() -> None:
    catalog = Catalog(STANDINGS)
    for user, expected in [("alice", "a"), ("anna", "a"), ("bob", "b"), ("alice", "a"), ("keeper", "k")]:
        begun = catalog.connector.begin_transaction("READ UNCOMMITTED", False, True)
        assert catalog.connector.metadata(begun).list_schema_names(session(user)) == [expected]
        catalog.connector.commit(begun)
    assert [one.standing for one in catalog.made] == ["k", "a", "b"]


def test_a_transaction_keeps_its_standing() -> None:
    catalog = Catalog(STANDINGS)
    begun = catalog.connector.begin_transaction("READ UNCOMMITTED", False, False)
    metadata = catalog.connector.metadata(begun)
    assert metadata.schema_exists(session("alice"), "a")
    catalog.standings["alice"] = "b"
    assert metadata.schema_exists(session("alice"), "a")
    # Other credentials are another identity.
    assert metadata.schema_exists(session("alice", role="r"), "b")
    catalog.connector.commit(begun)
    a, b = catalog.made[1:]
    assert (a.begun, a.ended) == ([("READ UNCOMMITTED", False, False)], [("commit", 1)])
    assert b.ended == [("commit", 1)]


def test_after_a_failing_commit_the_rest_is_rolled_back() -> None:
    catalog = Catalog(STANDINGS)
    begun = catalog.connector.begin_transaction("READ UNCOMMITTED", False, False)
    metadata = catalog.connector.metadata(begun)
    for user in ("alice", "bob"):
        metadata.list_schema_names(session(user))
    keeper, a, b = catalog.made
    a.fails.add("commit")
    with pytest.raises(LodestarError, match="commit failed"):
        catalog.connector.commit(begun)
    assert [one.ended for one in (a, b, keeper)] == [[("commit", 1)], [("rollback", 1)], [("rollback", 1)]]


def test_a_rollback_reaches_all() -> None:
    catalog = Catalog(STANDINGS)
    begun = catalog.connector.begin_transaction("READ UNCOMMITTED", False, False)
    catalog.connector.metadata(begun).list_schema_names(session("alice"))
    catalog.connector.rollback(begun)
    catalog.connector.rollback(begun)
    assert [one.ended for one in catalog.made] == [[("rollback", 1)], [("rollback", 1)]]


def test_connectors_that_nobody_uses_go_the_oldest_first() -> None:
    users = [f"u{number}" for number in range(4)]
    catalog = Catalog({"keeper": "k"} | {user: user for user in users}, kept=3)
    running = catalog.connector.begin_transaction("READ UNCOMMITTED", False, True)
    catalog.connector.metadata(running).list_schema_names(session("u0"))
    for user in users[1:]:
        begun = catalog.connector.begin_transaction("READ UNCOMMITTED", False, True)
        catalog.connector.metadata(begun).list_schema_names(session(user))
        catalog.connector.commit(begun)
    assert catalog.open() == ["k", "u0", "u3"]
    catalog.connector.commit(running)
    catalog.connector.shutdown()
    assert catalog.open() == []


def test_procedures_and_system_tables_are_those_of_whoever_asks() -> None:
    catalog = Catalog(STANDINGS)
    (procedure,) = catalog.connector.procedures()
    (table,) = catalog.connector.system_tables()
    procedure.run(session("bob"), {})
    assert catalog.made[1].called == ["bob"] and catalog.made[0].called == []
    assert list(table.rows(session("anna"), {})) == [("a",)]


def test_every_question_with_a_session_is_handed_on() -> None:
    begun = Catalog(STANDINGS).connector
    metadata = begun.metadata(begun.begin_transaction("READ UNCOMMITTED", False, True))
    own = set(vars(type(metadata)))
    asked = {name for name in dir(ConnectorMetadata) if not name.startswith("_")}
    assert asked <= own
    assert not begun.single_statement_writes


def test_whatever_a_connector_may_answer_is_asked_of_one() -> None:
    asked = {name for name, _ in inspect.getmembers(Connector, inspect.isfunction)}
    assert asked <= vars(ConnectorByIdentity).keys()
    told = {name for name, value in vars(Connector).items() if not name.startswith("_") and not callable(value)}
    assert told <= vars(Catalog(STANDINGS).connector).keys()
