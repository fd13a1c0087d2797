import pytest

from lodestar_server.protocol.failure import RequestFault, error_object, failure_of
from lodestar_server.spi.errors import SYNTAX_ERROR, LodestarError


def test_unknown_exceptions_keep_their_text_to_the_log():
    failure = failure_of(RuntimeError("/secret/path"), "q_1")
    assert failure.code.name == "GENERIC_INTERNAL_ERROR"
    assert "secret" not in str(error_object(failure.error))
    assert "q_1" in failure.error.message
    assert isinstance(failure.cause, RuntimeError)


def test_known_errors_stay_what_they_are():
    error = LodestarError(SYNTAX_ERROR, "no")
    assert failure_of(error, "q").error is error
    assert error_object(error)["failureInfo"]["type"] == "io.trino.sql.parser.ParsingException"


@pytest.mark.parametrize(
    ("status", "message", "body"),
    [
        (404, "Query not found", b"Error 404 Not Found: Query not found"),
        (404, "", b""),
        (410, "x", b"Error 410 Gone: x"),
    ],
)
def test_bodies_of_refusals(status, message, body):
    assert RequestFault(status, message).body() == body
