import threading
from dataclasses import replace

import pytest
from tests.fakes.sink import KeepingSink, LocalEngine, new_session

from lodestar_server.query.recall import MAX_ANSWERS, MAX_TEXT_LENGTH
from lodestar_server.query.results import RowEncoding
from lodestar_server.session import QueryContext, RoleKind, SelectedRole
from lodestar_server.spi.errors import LodestarError


@pytest.fixture
def engine(tmp_path):
    made = LocalEngine(tmp_path)
    yield made
    made.close()


def context(**session):
    return QueryContext(replace(new_session(), **session), "UTC")


@pytest.fixture
def ask(engine):
    """Run a text, and what is recalled of it afterwards."""

    def run(text):
        sink = KeepingSink()
        engine.pipeline.run(text, context(), sink)
        return sink, engine.pipeline.recall(text, context(), RowEncoding.JSON_TEXT)

    return run


@pytest.mark.parametrize("text", ["SELECT 1", "select 'a' AS x, true, NULL, 1.5", "VALUES (1, 'a'), (2, 'b')"])
def test_literals_are_told_again(ask, text):
    first, answer = ask(text)
    again = KeepingSink()
    answer.tell(context(), again)
    assert again == first


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1 + 1 FROM tpch.tiny.region",
        "SELECT random()",
        "SELECT now()",
        "SELECT current_date",
        "SELECT TIMESTAMP '2020-01-01 00:00:00 Europe/Paris'",
        "SELECT '" + "x" * MAX_TEXT_LENGTH + "'",
        "SHOW CATALOGS",
    ],
)
def test_what_may_change_is_not(ask, text):
    assert ask(text)[1] is None


def test_execute_stands_for_something_else_in_each_session(engine):
    for literal in (7, 8):
        sink = KeepingSink()
        engine.pipeline.run("EXECUTE p", context(prepared_statements={"p": f"SELECT {literal}"}), sink)
        assert sink.rows == [f"[{literal}]"]
        assert engine.pipeline.recall("EXECUTE p", context(), RowEncoding.JSON_TEXT) is None


@pytest.mark.parametrize(
    "session",
    [
        {"roles": {"memory": SelectedRole(RoleKind.ALL)}},
        {"catalog_properties": {"memory": {"nosuch": "1"}}},
        {"transaction_id": "11111111-1111-1111-1111-111111111111"},
    ],
)
def test_a_session_with_something_to_check_is_not(engine, ask, session):
    assert ask("SELECT 1")[1] is not None
    assert engine.pipeline.recall("SELECT 1", context(**session), RowEncoding.JSON_TEXT) is None


def test_another_encoding_is_another_answer(engine, ask):
    assert ask("SELECT 2")[1] is not None
    assert engine.pipeline.recall("SELECT 2", context(), RowEncoding.ARROW) is None


def test_failures_are_not_kept(engine):
    for _ in range(2):
        with pytest.raises(LodestarError, match="cannot be resolved"):
            engine.pipeline.run("SELECT x", context(), KeepingSink())
    assert engine.pipeline.recall("SELECT x", context(), RowEncoding.JSON_TEXT) is None


def test_the_least_asked_for_goes(engine, ask):
    for number in range(MAX_ANSWERS + 1):
        ask(f"SELECT {number}")
    assert engine.pipeline.recall("SELECT 0", context(), RowEncoding.JSON_TEXT) is None
    assert engine.pipeline.recall("SELECT 1", context(), RowEncoding.JSON_TEXT) is not None


def test_many_at_once(ask):
    found = []
    threads = [threading.Thread(target=lambda: found.append(ask("SELECT 7")[0].rows)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [["[7]"]] * 8
