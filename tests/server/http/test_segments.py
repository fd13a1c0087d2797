"""Segments over HTTP: the encoding is agreed on, bytes wait for the client's word, identifiers are secrets."""

import base64

import pyarrow as pa
import pytest

from lodestar_server.query.results import OutputColumn, QueryPhase
from lodestar_server.spi.types import BIGINT

ASK = {"X-Trino-Query-Data-Encoding": "json+zstd,arrow"}


def rows(count):
    def run(context, results):
        results.describe("SELECT", None)
        results.begin([OutputColumn("n", BIGINT)], spoolable=True)
        results.enter(QueryPhase.RUNNING)
        results.append(pa.record_batch({"o0": pa.array(range(count), pa.int64())}))
        results.finish()

    return run


@pytest.fixture
def run(served):
    def start(count, headers=ASK):
        served.pipeline.extra[f"ARROW {count}"] = rows(count)
        return served.run(f"ARROW {count}", headers)

    return start


def segments(answers):
    return [one for answer in answers for one in answer.json.get("data", {}).get("segments", ())]


def numbers(data):
    with pa.ipc.open_stream(pa.py_buffer(data)) as reader:
        return reader.read_all().column("n").to_pylist()


def test_small_results_are_in_the_document(run):
    answers = run(3)
    assert {answer.header("X-Trino-Query-Data-Encoding") for answer in answers} == {"arrow"}
    [segment] = segments(answers)
    assert (segment["type"], segment["metadata"]["rowsCount"], segment["metadata"]["rowOffset"]) == ("inline", 3, 0)
    data = base64.b64decode(segment["data"])
    assert (len(data), numbers(data)) == (segment["metadata"]["segmentSize"], [0, 1, 2])


def test_large_ones_are_fetched_and_acknowledged(run, served):
    found = segments(run(3_000_000))
    assert {one["type"] for one in found} == {"spooled"}
    assert [one["metadata"]["rowOffset"] for one in found] == [
        sum(one["metadata"]["rowsCount"] for one in found[:place]) for place in range(len(found))
    ]
    total = []
    for one in found:
        answer = served.get(one["uri"])
        assert (answer.status, len(answer.body)) == (200, one["metadata"]["segmentSize"])
        total += numbers(answer.body)
        assert served.get(one["uri"]).body == answer.body
        assert [served.get(one["ackUri"]).status for _ in range(2)] == [200, 200]
        gone = served.get(one["uri"])
        assert (gone.status, "Segment not found or expired" in gone.text) == (500, True)
    assert total == list(range(3_000_000))


def test_identifiers_are_secrets(run, served):
    uri = segments(run(100_000))[0]["uri"]
    other = uri[:-1] + ("0" if uri[-1] != "0" else "1")
    for wrong in (other, uri + "x", uri.replace(".1.", ".2.")):
        assert served.get(wrong).status == 500
    assert served.get(uri.rpartition(".")[0]).status == 404
    assert served.get(uri).status == 200


def test_who_does_not_ask_gets_rows(served):
    answers = served.run("SELECT 1", {"X-Trino-Query-Data-Encoding": "json+zstd,json"})
    assert {answer.header("X-Trino-Query-Data-Encoding") for answer in answers} == {None}
    assert [answer.json["data"] for answer in answers if "data" in answer.json] == [[[1]]]


def test_segments_outlive_the_memory_of_their_query(timed):
    timed.pipeline.extra["ARROW"] = rows(100_000)
    [one] = segments(timed.run("ARROW", ASK))
    query_id = one["uri"].rpartition("/")[2].partition(".")[0]
    for _ in range(3):
        timed.run("SELECT 1")
    timed.clock.advance(11)
    timed.track()
    assert timed.query(query_id) is None
    assert len(numbers(timed.get(one["uri"]).body)) == 100_000
    # Until the client has it, or asks for nothing any more.
    timed.clock.advance(50)
    timed.track()
    assert timed.get(one["uri"]).status == 200
    timed.clock.advance(61)
    timed.track()
    assert timed.get(one["uri"]).status == 500
