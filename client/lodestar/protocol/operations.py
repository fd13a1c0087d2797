"""What a cursor does, written once for blocking and asynchronous drivers.

An operation is a generator: it yields what it wants done (an `Effect`), is sent the response or thrown the
TransportError, and returns its result. Who drives it decides how to wait.
"""

from __future__ import annotations

import contextlib
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from lodestar.errors import QueryTimeout, TransportError
from lodestar.protocol.documents import PageData, Segment, fault_of_status
from lodestar.protocol.messages import HttpRequest, HttpResponse, header_lines
from lodestar.protocol.retries import RetryPolicy
from lodestar.protocol.statement import Phase, Statement


@dataclass(frozen=True, slots=True)
class Send:
    """Carry a request; the server may be silent for `seconds`."""

    request: HttpRequest
    seconds: float


@dataclass(frozen=True, slots=True)
class Begin:
    """Send a request and go on; the answer to this is a `Pending`, to be finished or closed."""

    request: HttpRequest
    seconds: float


class Pending(Protocol):
    """An answer on its way, in the form of whoever drives the operation."""

    def close(self) -> None:
        """Nobody waits for it any more."""


@dataclass(frozen=True, slots=True)
class Finish:
    """Wait for an answer on its way."""

    pending: Pending
    seconds: float


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait."""

    seconds: float


T = TypeVar("T")
Effect = Send | Begin | Finish | Pause
Operation = Generator[Effect, Any, T]


@dataclass(frozen=True, slots=True)
class Limits:
    """How patient an operation is. `deadline` is an instant of `clock`, None for no end."""

    policy: RetryPolicy
    request_seconds: float
    clock: Callable[[], float]
    deadline: float | None = None

    def seconds_left(self) -> float:
        """For one request. Raises: QueryTimeout."""
        if self.deadline is None:
            return self.request_seconds
        left = self.deadline - self.clock()
        if left <= 0:
            raise QueryTimeout("The time for the statement is over")
        return min(left, self.request_seconds)


def send(
    request: HttpRequest,
    limits: Limits,
    accept: Callable[[HttpResponse], T],
    *,
    ahead: Pending | None = None,
    accepted: tuple[int, ...] = (200, 204),
) -> Operation[T]:
    """Send until there is an answer that `accept` takes; a TransportError of `accept` is a fault like any other.

    `ahead` is the answer to this request when it was sent before. Other statuses than `accepted` are faults.

    Raises: TransportError when trying again makes no sense (any more), QueryTimeout, what `accept` raises.
    """
    attempt = 0
    failing_since: float | None = None
    while True:
        attempt += 1
        try:
            pending, ahead = ahead, None
            response: HttpResponse
            if pending is not None:
                response = yield Finish(pending, limits.seconds_left())
            else:
                response = yield Send(request, limits.seconds_left())
            if response.status not in accepted:
                raise fault_of_status(response, f"{request.method} {_shown(request.target)}")
            return accept(response)
        except TransportError as found:
            fault = found
        now = limits.clock()
        if limits.deadline is not None and now >= limits.deadline:
            raise QueryTimeout("The time for the statement is over") from fault
        failing_since = now if failing_since is None else failing_since
        delay = limits.policy.delay(
            attempt=attempt,
            failing_for=now - failing_since,
            repeatable=request.repeatable,
            sent=fault.sent,
            # A success that could not be read says nothing about the next try.
            status=None if fault.status in accepted else fault.status,
            retry_after=fault.retry_after_seconds,
        )
        if delay is None:
            raise fault
        if limits.deadline is not None and now + delay >= limits.deadline:
            raise QueryTimeout("The time for the statement is over") from fault
        yield Pause(delay)


def _shown(target: str) -> str:
    """A target for messages: slugs and segment identifiers are secrets."""
    parts = target.partition("?")[0].split("/")
    return "/".join(parts[:5]) if parts[1:3] == ["v1", "statement"] else "/".join(parts[:4])


def start(
    statement: Statement, limits: Limits, on_response: Callable[[HttpResponse], None]
) -> Operation[PageData | None]:
    """Send the statement; its rows when the answer has them already, to one that offers RESULT_AT_ONCE."""

    def accept(response: HttpResponse) -> PageData | None:
        data = statement.receive(response)
        on_response(response)
        return data

    try:
        return (yield from send(statement.start_request(), limits, accept))
    except BaseException:
        if statement.next_uri is None:
            statement.abandon()
        raise


def begin(request: HttpRequest, limits: Limits) -> Operation[Pending | None]:
    """Send a request whose answer is wanted soon. That it could not be sent shows when the answer is wanted."""
    try:
        pending: Pending = yield Begin(request, limits.seconds_left())
        return pending
    except (TransportError, QueryTimeout):
        return None


def advance(
    statement: Statement,
    limits: Limits,
    on_response: Callable[[HttpResponse], None],
    ahead: Pending | None = None,
) -> Operation[PageData | None]:
    """Ask for the next document; its rows, None when it has none. The statement must not be done.

    `ahead` is the answer when `statement.next_request()` was sent before.
    """

    def accept(response: HttpResponse) -> PageData | None:
        data = statement.receive(response)
        on_response(response)
        return data

    if statement.cancel_wanted:
        yield from cancel(statement, limits)
    try:
        return (yield from send(statement.next_request(), limits, accept, ahead=ahead))
    except TransportError as fault:
        fault.query_id = statement.query_id
        if statement.phase is not Phase.CANCELED:
            statement.abandon()
        raise
    except QueryTimeout as fault:
        fault.query_id = statement.query_id
        yield from cancel(statement, Limits(limits.policy, limits.request_seconds, limits.clock))
        raise


def cancel(statement: Statement, limits: Limits) -> Operation[None]:
    """Tell the server that nobody wants the rest. That it does not answer is no error: it will notice by itself."""
    request = statement.cancel()
    if request is not None:
        try:
            yield from send(request, limits, lambda response: None)
        except (TransportError, QueryTimeout):
            return


def heartbeat(statement: Statement, limits: Limits) -> Operation[bool]:
    """Tell the server that the rest is wanted. False when it makes no sense to tell it again."""
    uri = statement.next_uri
    if uri is None:
        return False
    try:
        response: HttpResponse = yield Send(statement.request("HEAD", uri), limits.seconds_left())
    except TransportError:
        return True
    return response.status not in (404, 405)


_MAX_REDIRECTS = 5


def fetch_segment(statement: Statement, segment: Segment, limits: Limits) -> Operation[bytes | bytearray]:
    """The bytes of a segment, as they were sent; a spooled one is acknowledged. Raises: TransportError."""
    if segment.inline is not None:
        try:
            data: bytes | bytearray = a2b_base64(segment.inline)
        except Base64Error:
            raise TransportError("A segment is not base64", query_id=statement.query_id) from None
        _check_size(segment, data)
        return data
    assert segment.uri is not None
    extra = header_lines(list(segment.headers))

    def accept(response: HttpResponse) -> HttpResponse:
        if response.status == 200:
            _check_size(segment, response.body)
        return response

    uri, redirected = segment.uri, 0
    while True:
        request = statement.segment_request(uri, extra)
        response = yield from send(request, limits, accept, accepted=(200, 302, 303, 307))
        if response.status == 200:
            break
        location, redirected = response.header("location"), redirected + 1
        if location is None or redirected > _MAX_REDIRECTS:
            raise TransportError("A segment is nowhere to be found", query_id=statement.query_id)
        uri = location
    if segment.ack_uri is not None:
        # Best effort: a server that does not hear it frees the segment later.
        with contextlib.suppress(TransportError):
            yield Send(statement.segment_request(segment.ack_uri, extra), min(2.0, limits.request_seconds))
    return response.body


def _check_size(segment: Segment, data: bytes | bytearray) -> None:
    if len(data) != segment.size_bytes:
        raise TransportError(f"A segment has {len(data)} bytes instead of {segment.size_bytes}")
