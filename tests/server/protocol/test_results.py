import orjson

from lodestar_server.protocol.results import (
    DATA_KEY,
    DocumentFigures,
    DocumentUris,
    StageFigures,
    document_head,
    document_tail,
    queued_document,
)
from lodestar_server.session import QueryWarning
from lodestar_server.spi.errors import DIVISION_BY_ZERO, Location, LodestarError


def test_pieces_make_a_document():
    uris = DocumentUris("http://h/ui", "http://h/next", "http://h/partial")
    stage = StageFigures("0", "RUNNING", sub_stages=(StageFigures("1", "FINISHED", total_splits=3),))
    figures = DocumentFigures("RUNNING", scheduled=True, progress_percentage=12.345, total_splits=3, root_stage=stage)
    tail = document_tail(figures, warnings=(QueryWarning(1, "W", 'say "so"'),), update_type="INSERT", update_count=0)
    document = orjson.loads(document_head("q", uris, b"[]") + DATA_KEY + b"[[1],[2]]," + tail)
    keys = ["id", "infoUri", "partialCancelUri", "nextUri", "columns", "data", "stats", "warnings"]
    assert list(document) == [*keys, "updateType", "updateCount"]
    assert (document["data"], document["updateCount"]) == ([[1], [2]], 0)
    assert document["warnings"] == [{"warningCode": {"code": 1, "name": "W"}, "message": 'say "so"'}]
    assert abs(document["stats"]["progressPercentage"] - 12.345) < 0.01
    assert document["stats"]["rootStage"]["subStages"][0]["done"] is True


def test_error_locations_begin_at_one():
    for location, there in ((Location(1, 1), True), (Location(0, 5), False), (None, False)):
        error = LodestarError(DIVISION_BY_ZERO, "Division by zero", location=location)
        document = orjson.loads(b"{" + document_tail(DocumentFigures("FAILED"), error=error))
        assert ("errorLocation" in document["error"]) is there
        assert ("errorLocation" in document["error"]["failureInfo"]) is there


def test_queued_documents_tell_their_times():
    uris = DocumentUris("i", "n")
    assert orjson.loads(queued_document("q", uris, 0, 0))["stats"]["elapsedTimeMillis"] == 0
    assert orjson.loads(queued_document("q", uris, 5, 7))["stats"]["elapsedTimeMillis"] == 7
