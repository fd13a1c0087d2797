"""What a metastore refuses, as errors of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lodestar_server.plugins.toolkit.metastore.errors import HIVE_METASTORE_ERROR
from lodestar_server.spi.errors import LodestarError

Wanted = Callable[[], LodestarError]


@contextmanager
def refusals(*, missing: Wanted | None = None, existing: Wanted | None = None) -> Iterator[None]:
    """`missing`, `existing`: the errors for an object that is not there, or is. All else is HIVE_METASTORE_ERROR."""
    from thriftpy2.thrift import TException

    try:
        yield
    except TException as fault:
        kind = type(fault).__name__
        if missing is not None and kind in ("NoSuchObjectException", "UnknownTableException", "UnknownDBException"):
            raise missing() from fault
        if existing is not None and kind == "AlreadyExistsException":
            raise existing() from fault
        raise LodestarError(HIVE_METASTORE_ERROR, text_of(fault)) from fault


def text_of(fault: BaseException) -> str:
    """What the metastore says."""
    return str(getattr(fault, "message", None) or fault) or type(fault).__name__


def is_missing(fault: BaseException) -> bool:
    """The object is not there."""
    return type(fault).__name__ in ("NoSuchObjectException", "UnknownTableException", "UnknownDBException")


def is_unknown_method(fault: BaseException) -> bool:
    """The metastore is older than the call."""
    from thriftpy2.thrift import TApplicationException

    return isinstance(fault, TApplicationException) and fault.type == TApplicationException.UNKNOWN_METHOD
