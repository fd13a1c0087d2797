import io
import logging

import orjson
import pytest

from lodestar_server.observability.logs import MAX_FIELD_LENGTH, JsonFormatter, TextFormatter

EVIL = 'x\n2026-01-01 INFO fake {"level":"INFO"}\r\n\x1b[31m\u2028'


def line(formatter, message, *, error=None, **facts):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    logger = logging.Logger("lodestar_server.query.x")
    logger.addHandler(handler)
    logger.info(message, extra=facts, exc_info=error)
    return stream.getvalue()


def test_text_is_one_line_with_its_facts():
    found = line(TextFormatter(), "query completed", query_id="q_1", rows=5, source=None)
    assert found.endswith("Z INFO query.x query completed query_id=q_1 rows=5\n")


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
def test_nothing_begins_a_line_of_its_own(formatter):
    found = line(formatter, EVIL, user=EVIL)
    assert found.count("\n") == 1
    assert "\x1b" not in found
    assert "\r" not in found


def test_json_parses_and_is_complete():
    found = orjson.loads(line(JsonFormatter(), EVIL, user=EVIL, rows=5))
    assert (found["message"], found["user"], found["rows"], found["level"]) == (EVIL, EVIL, 5, "INFO")


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
def test_fields_are_capped(formatter):
    assert len(line(formatter, "m", text="x" * 100_000)) < MAX_FIELD_LENGTH + 500


def test_errors_bring_their_stack():
    error = RuntimeError("why")
    assert "    RuntimeError: why" in line(TextFormatter(), "m", error=error)
    assert "RuntimeError: why" in orjson.loads(line(JsonFormatter(), "m", error=error))["stackTrace"]
