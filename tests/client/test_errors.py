import pickle

import pytest

import lodestar
from lodestar.errors import error_of_query


@pytest.mark.parametrize(
    ("name", "kind", "found"),
    [
        ("SYNTAX_ERROR", "USER_ERROR", lodestar.ProgrammingError),
        ("TABLE_NOT_FOUND", "USER_ERROR", lodestar.ProgrammingError),
        ("PERMISSION_DENIED", "USER_ERROR", lodestar.ProgrammingError),
        ("DIVISION_BY_ZERO", "USER_ERROR", lodestar.DataError),
        ("NUMERIC_VALUE_OUT_OF_RANGE", "USER_ERROR", lodestar.DataError),
        ("CONSTRAINT_VIOLATION", "USER_ERROR", lodestar.IntegrityError),
        ("NOT_SUPPORTED", "USER_ERROR", lodestar.NotSupportedError),
        ("USER_CANCELED", "USER_ERROR", lodestar.OperationalError),
        ("GENERIC_INTERNAL_ERROR", "INTERNAL_ERROR", lodestar.InternalError),
        ("SERVER_STARTING_UP", "INTERNAL_ERROR", lodestar.OperationalError),
        ("EXCEEDED_LOCAL_MEMORY_LIMIT", "INSUFFICIENT_RESOURCES", lodestar.OperationalError),
        ("HIVE_METASTORE_ERROR", "EXTERNAL", lodestar.OperationalError),
        ("OF_TOMORROW", "OF_TOMORROW", lodestar.DatabaseError),
    ],
)
def test_classes(name, kind, found):
    error = error_of_query({"message": "m", "errorName": name, "errorType": kind, "errorCode": 1}, "q")
    assert type(error) is found
    assert isinstance(error, lodestar.DatabaseError)
    assert (error.error_name, error.error_type, error.query_id, str(error)) == (name, kind, "q", "m")


def test_errors_travel_between_processes():
    error = error_of_query(
        {"message": "m", "errorName": "SYNTAX_ERROR", "errorLocation": {"lineNumber": 2, "columnNumber": 3}}, "q"
    )
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), again.__dict__) == (type(error), error.__dict__)
    fault = pickle.loads(pickle.dumps(lodestar.TransportError("m", status=503, sent=False)))
    assert (fault.status, fault.sent, str(fault)) == (503, False, "m")


def test_the_tree_of_pep_249():
    assert issubclass(lodestar.InterfaceError, lodestar.Error)
    assert not issubclass(lodestar.InterfaceError, lodestar.DatabaseError)
    for name in ("DataError", "OperationalError", "IntegrityError", "InternalError", "ProgrammingError"):
        assert issubclass(getattr(lodestar, name), lodestar.DatabaseError)
        assert getattr(lodestar.Connection, name) is getattr(lodestar, name)
