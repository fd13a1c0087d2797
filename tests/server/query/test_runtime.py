import asyncio
import itertools
from datetime import UTC, datetime, timedelta

import pytest
from tests.fakes.clock import ManualClock
from tests.fakes.pipeline import ScriptedPipeline

from lodestar_server.execution.spool.files import SpoolDirectory
from lodestar_server.metadata.runtime_source import KillOutcome, NodeInfo
from lodestar_server.protocol.requests import StatementRequest
from lodestar_server.query.config import QueryConfig
from lodestar_server.query.dispatch import QueryManager, QuerySettings
from lodestar_server.query.runtime import ServerRuntime
from lodestar_server.session import Session
from lodestar_server.spi.errors import ADMINISTRATIVELY_KILLED, LodestarError
from lodestar_server.spi.session import Identity

NODE = NodeInfo("n1", "http://10.0.0.1:8080", "476", True, "active")
BEGIN = datetime(2026, 1, 2, tzinfo=UTC)
_numbers = itertools.count()


@pytest.fixture
def serve(tmp_path):
    def build(**settings):
        clock = ManualClock()
        runtime = ServerRuntime(lambda: NODE)
        queries = QuerySettings(queries=QueryConfig(**settings))
        runtime.manager = QueryManager(ScriptedPipeline(), SpoolDirectory(tmp_path), queries, clock=clock)
        return runtime, clock

    return build


def register(runtime, text):
    identity = Identity("alice")
    session = Session(f"q_{next(_numbers)}", identity, identity, BEGIN, source="tests")
    return runtime.manager.register(StatementRequest(text, session))


async def run(runtime, text):
    query = register(runtime, text)
    runtime.manager.start(query)
    assert await query.wait_until(lambda: query.done or query.complete, asyncio.get_running_loop().time() + 5)
    return query


def test_before_the_engine_is_there():
    runtime = ServerRuntime(lambda: NODE)
    assert list(runtime.list_nodes()) == [NODE]
    assert [list(runtime.list_queries("a")), list(runtime.list_tasks("a")), list(runtime.list_rule_stats())] == [[]] * 3
    reason = LodestarError(ADMINISTRATIVELY_KILLED, "gone")
    assert runtime.kill_query("q", reason, "a") is KillOutcome.NOT_FOUND


async def test_queries_and_what_became_of_them(serve):
    runtime, clock = serve()
    await run(runtime, "SELECT nothing_known")
    clock.advance(2)
    register(runtime, "DROP TABLE t")
    clock.advance(3)
    failed, waiting = runtime.list_queries("bob")
    assert (failed.state, failed.error_type, failed.error_code) == ("FAILED", "USER_ERROR", "SYNTAX_ERROR")
    assert (failed.user, failed.source, failed.query) == ("alice", "tests", "SELECT nothing_known")
    assert failed.end == failed.created == BEGIN
    assert (waiting.state, waiting.started, waiting.end, waiting.error_code) == ("QUEUED", None, None, None)
    assert (waiting.queued_millis, waiting.resource_group) == (3000, ("global",))
    assert waiting.last_heartbeat - waiting.created == timedelta(0)


async def test_a_query_with_rows_has_a_task_for_each_stage(serve):
    runtime, _ = serve()
    query = await run(runtime, "SELECT 1")
    (task, *below) = runtime.list_tasks("alice")
    assert (task.node_id, task.task_id, task.stage_id) == ("n1", f"{query.id}.0.0.0", f"{query.id}.0")
    assert task.state == "FINISHED"
    assert [one.stage_id for one in below] == [f"{query.id}.1"] * (query.context.progress.total_splits > 0)


async def test_killing(serve):
    runtime, _ = serve()
    reason = LodestarError(ADMINISTRATIVELY_KILLED, "Query killed. Message: no")
    query = register(runtime, "DROP TABLE t")
    assert runtime.kill_query(query.id, reason, "bob") is KillOutcome.KILLED
    assert query.error is reason
    assert query.stopped
    assert runtime.kill_query(query.id, reason, "bob") is KillOutcome.NOT_RUNNING
    assert runtime.kill_query("other", reason, "bob") is KillOutcome.NOT_FOUND
