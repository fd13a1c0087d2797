"""A driver and a real server with a bad network between them: every row once, or an error; never a statement twice."""

import asyncio
import random
from contextlib import closing
from dataclasses import replace

import pytest

import lodestar
from lodestar.protocol.retries import RetryPolicy
from lodestar.settings import make_settings
from tests.fakes.scripted_http import relay

PATIENT = RetryPolicy(first_delay=0.001, longest_delay=0.01)


def connect(port, retries=PATIENT, kind=lodestar.Connection, **arguments):
    settings = make_settings(f"127.0.0.1:{port}", user="alice", catalog="tpch", schema="tiny", **arguments)
    return kind(replace(settings, retries=retries))


def fetch_all(network, sql):
    with connect(network.port) as connection:
        return connection.execute(sql).fetchall()


@pytest.fixture
def port(embedded):
    return int(embedded.url.rpartition(":")[2])


POLLED = "SET TIME ZONE LOCAL"
"""A query may be answered with its POST; a statement that changes something never is."""


def gets(fault):
    """Break polls only."""
    return lambda seen, number: fault(number) if seen.method == "GET" else None


@pytest.mark.parametrize("fault", ["refuse", "drop", "lose", "cut", "gateway"])
def test_every_second_poll_breaks(port, fault):
    with closing(relay(port, gets(lambda number: fault if number % 2 else None))) as network:
        rows = fetch_all(network, "SELECT orderkey FROM orders ORDER BY orderkey")
    assert len(rows) == 15_000
    assert rows == sorted(set(rows))


@pytest.mark.parametrize("seed", range(5))
def test_any_faults_at_any_time(port, seed):
    dice = random.Random(seed)
    faults = ["refuse", "drop", "lose", "cut", "gateway", None, None, None]
    with closing(relay(port, gets(lambda number: dice.choice(faults)))) as network:
        total = sum(row[0] for row in fetch_all(network, "SELECT orderkey, comment FROM lineitem"))
        assert fetch_all(network, "SELECT sum(orderkey) FROM lineitem") == [(total,)]


def test_arrow_segments_survive_too(port):
    pytest.importorskip("pyarrow")
    dice = random.Random(1)
    network = relay(port, gets(lambda number: dice.choice(["lose", "cut", None])))
    with closing(network), connect(network.port) as connection:
        table = connection.cursor(arrow=True).execute("SELECT * FROM lineitem").fetch_arrow_table()
    assert table.num_rows == 60_175


def test_the_asynchronous_driver_too(port):
    from lodestar.aio import AsyncConnection

    async def main(network):
        async with connect(network.port, kind=AsyncConnection) as connection:
            cursor = await connection.execute("SELECT orderkey FROM orders")
            return await cursor.fetchall()

    dice = random.Random(2)
    with closing(relay(port, gets(lambda number: dice.choice(["refuse", "lose", "cut", None])))) as network:
        assert len(asyncio.run(main(network))) == 15_000


def test_a_statement_whose_answer_is_lost_is_not_sent_again(port):
    with closing(relay(port, lambda seen, number: "lose" if seen.method == "POST" else None)) as network:
        with connect(network.port) as connection, pytest.raises(lodestar.TransportError) as caught:
            connection.execute("SELECT 1")
        assert caught.value.sent
        assert [seen.method for seen in network.seen] == ["POST"]


def test_a_statement_that_was_refused_is(port):
    with closing(relay(port, lambda seen, number: "refuse" if number < 3 else None)) as network:
        with connect(network.port) as connection:
            assert connection.execute("SELECT 1").fetchall() == [(1,)]
        assert [seen.method for seen in network.seen[:4]] == ["POST"] * 4


def test_patience_ends(port):
    with closing(relay(port, gets(lambda number: "refuse"))) as network:
        policy = RetryPolicy(max_attempts=3, first_delay=0.001)
        with connect(network.port, policy) as connection, pytest.raises(lodestar.TransportError) as caught:
            connection.execute(POLLED)
    assert (caught.value.status, caught.value.query_id is not None) == (503, True)


def test_the_time_of_a_statement_ends(port):
    with closing(relay(port, gets(lambda number: "refuse"))) as network:
        with connect(network.port) as connection, pytest.raises(lodestar.QueryTimeout):
            connection.execute(POLLED, timeout=0.05)
        assert network.seen[-1].method == "DELETE"
