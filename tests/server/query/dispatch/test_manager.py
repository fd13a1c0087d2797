import asyncio
import itertools
import logging
import traceback
from datetime import UTC, datetime

import pytest
from tests.fakes.clock import ManualClock
from tests.fakes.pipeline import ScriptedPipeline

from lodestar_server.execution.spool.files import SpoolDirectory
from lodestar_server.protocol.requests import StatementRequest
from lodestar_server.query.config import QueryConfig
from lodestar_server.query.dispatch import QueryManager, QuerySettings
from lodestar_server.query.state import QueryState
from lodestar_server.session import Session
from lodestar_server.spi.errors import SYNTAX_ERROR, LodestarError
from lodestar_server.spi.session import Identity


@pytest.fixture
def make(tmp_path):
    made = []

    def build(pipeline=None, **settings):
        clock = ManualClock()
        config = QueryConfig(**settings)
        manager = QueryManager(
            pipeline or ScriptedPipeline(), SpoolDirectory(tmp_path), QuerySettings(queries=config), clock=clock
        )
        made.append((manager, clock))
        return manager, clock

    return build


_numbers = itertools.count()


def request(text, **named):
    identity = Identity("alice")
    session = Session(f"q_{next(_numbers)}", identity, identity, datetime.now(UTC), **named)
    return StatementRequest(text, session)


async def run(manager, text):
    """A statement to its end, or to the end of its work."""
    query = manager.register(request(text))
    manager.start(query)
    assert await query.wait_until(lambda: query.done or query.complete, asyncio.get_running_loop().time() + 5)
    return query


async def test_one_runs_one_waits_one_is_turned_away(make):
    manager, _ = make(worker_threads=1, max_queued_queries=1)
    queries = [manager.register(request("SELECT SLOW")) for _ in range(3)]
    for query in queries:
        manager.start(query)
    first, second, third = queries
    assert third.error.code.name == "QUERY_QUEUE_FULL"
    assert third.error.message == 'Too many queued queries for "global"'
    assert second.state is QueryState.QUEUED
    manager.cancel(first)
    await second.wait_until(lambda: second.state is QueryState.RUNNING, asyncio.get_running_loop().time() + 5)
    assert second.state is QueryState.RUNNING
    manager.cancel(second)
    await manager.close()


async def test_a_query_that_waits_can_be_cancelled(make):
    manager, _ = make(worker_threads=1)
    first, second, third = (manager.register(request("SELECT SLOW")) for _ in range(3))
    for query in (first, second, third):
        manager.start(query)
    manager.cancel(second)
    manager.cancel(first)
    await third.wait_until(lambda: third.state is QueryState.RUNNING, asyncio.get_running_loop().time() + 5)
    assert third.state is QueryState.RUNNING
    assert "SELECT SLOW" in manager._pipeline.texts
    assert len(manager._pipeline.texts) == 2
    await manager.close()


async def test_early_start_only_with_a_free_thread(make):
    manager, _ = make(worker_threads=1)
    first, second = (manager.register(request("SELECT SLOW")) for _ in range(2))
    assert (first.early, second.early, second.started) == (True, False, False)
    await manager.close()


async def test_early_start_can_be_switched_off(make):
    manager, _ = make(speculative_start=False)
    assert not manager.register(request("SELECT 1")).started
    await manager.close()


@pytest.mark.parametrize(
    ("properties", "moved", "name", "message"),
    [
        ({"query_max_run_time": "5s"}, 6, "EXCEEDED_TIME_LIMIT", "Query exceeded maximum time limit of 5.00s"),
        (
            {"query_max_execution_time": "5s"},
            6,
            "EXCEEDED_TIME_LIMIT",
            "Query exceeded the maximum execution time limit of 5.00s",
        ),
        ({"query_max_cpu_time": "1s"}, 0, "EXCEEDED_CPU_LIMIT", "Exceeded CPU limit of 1.00s"),
    ],
)
async def test_limits(make, properties, moved, name, message):
    manager, clock = make()
    query = manager.register(request("SELECT SLOW", system_properties=properties))
    await query.wait_until(lambda: query.state is QueryState.RUNNING, asyncio.get_running_loop().time() + 5)
    manager.track()
    assert not query.done
    clock.advance(moved)
    query.context.progress.cpu_nanos = 2_000_000_000
    manager.track()
    assert (query.error.code.name, query.error.message) == (name, message)
    assert query.context.cancellation.reason is query.error
    await manager.close()


async def test_a_limit_holds_while_a_query_waits(make):
    manager, clock = make(worker_threads=1)
    manager.start(manager.register(request("SELECT SLOW")))
    waiting = manager.register(request("SELECT SLOW", system_properties={"query_max_run_time": "5s"}))
    manager.start(waiting)
    clock.advance(6)
    manager.track()
    assert waiting.error.code.name == "EXCEEDED_TIME_LIMIT"
    await manager.close()


async def test_dispatch_that_breaks_leaves_a_query_to_ask_about(make):
    manager, _ = make()
    manager.settings.access = None
    query = manager.register(request("SELECT 1"))
    assert manager.find(query.id) is query
    assert query.error.code.name == "GENERIC_INTERNAL_ERROR"
    await manager.close()


async def test_a_pipeline_that_forgets_to_finish(make):
    class Forgetful:
        def recall(self, text, context, encoding):
            return None

        def run(self, text, context, results):
            return None

    manager, _ = make(Forgetful())
    query = await run(manager, "SELECT 1")
    assert query.error.message == "The statement ended without a result"
    await manager.close()


async def test_draining_takes_no_more(make):
    manager, _ = make()
    manager.drain()
    query = manager.register(request("SELECT 1"))
    manager.start(query)
    assert query.error.code.name == "SERVER_SHUTTING_DOWN"
    await manager.close()


async def test_closing_fails_what_runs_and_frees_what_waits(make):
    manager, _ = make()
    slow, rows = manager.register(request("SELECT SLOW")), manager.register(request("SELECT 5000 ROWS OF 1000"))
    await rows.wait_until(lambda: rows.complete, asyncio.get_running_loop().time() + 5)
    assert manager.spool_budget.memory_used > 0
    await manager.close()
    assert slow.error.code.name == "SERVER_SHUTTING_DOWN"
    assert manager.spool_budget.memory_used == 0


async def test_waiting_for_idle(make):
    manager, _ = make()
    query = manager.register(request("SELECT SLOW"))
    waiting = asyncio.ensure_future(manager.wait_idle(30, asyncio.Event()))
    await asyncio.sleep(0)
    assert not waiting.done()
    manager.cancel(query)
    await asyncio.wait_for(waiting, 5)
    at_once = asyncio.Event()
    manager.register(request("SELECT SLOW"))
    at_once.set()
    await asyncio.wait_for(manager.wait_idle(30, at_once), 5)
    await manager.close()


async def test_a_completed_query_is_one_log_line_without_literals(make, caplog):
    manager, _ = make()
    with caplog.at_level(logging.INFO):
        query = await run(manager, "SELECT 'secret'")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        manager._write_log()
    (record,) = [record for record in caplog.records if record.getMessage() == "query completed"]
    assert (record.query_id, record.kind, record.error, record.user) == (query.id, "SELECT", "SYNTAX_ERROR", "alice")
    assert not any("secret" in str(value) for value in vars(record).values())
    await manager.close()


@pytest.mark.parametrize("text", ["CRASH", "GIVE UP"])
async def test_internal_errors_are_logged_with_their_cause(make, caplog, text):
    manager, _ = make()
    with caplog.at_level(logging.ERROR):
        query = await run(manager, text)
        await manager.close()
    (record,) = [record for record in caplog.records if record.getMessage() == "query failed inside"]
    assert record.query_id == query.id
    assert "secret" in "".join(traceback.format_exception(record.exc_info[1]))
    assert "secret" not in query.error.message


async def test_a_path_that_does_not_parse_is_the_failure_of_its_query(make):
    manager, _ = make()

    def check(text):
        raise LodestarError(SYNTAX_ERROR, f"no path: {text}")

    manager.settings.check_path = check
    with_path, without = manager.register(request("SELECT 1", path="a..b")), manager.register(request("SELECT 1"))
    manager.start(with_path)
    assert with_path.error.message == "no path: a..b"
    assert without.error is None
    await manager.close()


async def test_totals(make):
    manager, _ = make()
    ended = [await run(manager, sql) for sql in ("SELECT BROKEN", "VALUES x")]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert (manager.totals.submitted, manager.totals.failed) == (2, len(ended))
    assert manager.totals.by_error_type == {"USER_ERROR": 2}
    await manager.close()
