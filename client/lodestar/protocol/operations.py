"""What a cursor does, written once for blocking and asynchronous drivers.

An operation is a generator: it yields what it wants done (`Send`, `Pause`), is sent the response or thrown the
TransportError, and returns its result. Who drives it decides how to wait.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeVar

from lodestar.errors import QueryTimeout, TransportError
from lodestar.protocol.documents import PageData, fault_of_status
from lodestar.protocol.messages import HttpRequest, HttpResponse
from lodestar.protocol.retries import RetryPolicy
from lodestar.protocol.statement import Phase, Statement


@dataclass(frozen=True, slots=True)
class Send:
    """Carry a request; the server may be silent for `seconds`."""

    request: HttpRequest
    seconds: float


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait."""

    seconds: float


T = TypeVar("T")
Operation = Generator[Send | Pause, Any, T]


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


def send(request: HttpRequest, limits: Limits, accept: Callable[[HttpResponse], T]) -> Operation[T]:
    """Send until there is an answer that `accept` takes; a TransportError of `accept` is a fault like any other.

    Raises: TransportError when trying again makes no sense (any more), QueryTimeout, what `accept` raises.
    """
    attempt = 0
    failing_since: float | None = None
    while True:
        attempt += 1
        try:
            response: HttpResponse = yield Send(request, limits.seconds_left())
            if response.status not in (200, 204):
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
            status=None if fault.status in (200, 204) else fault.status,
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


def start(statement: Statement, limits: Limits, on_response: Callable[[HttpResponse], None]) -> Operation[None]:
    """Send the statement."""

    def accept(response: HttpResponse) -> PageData | None:
        data = statement.receive(response)
        on_response(response)
        return data

    try:
        yield from send(statement.start_request(), limits, accept)
    except BaseException:
        if statement.next_uri is None:
            statement.abandon()
        raise


def advance(
    statement: Statement, limits: Limits, on_response: Callable[[HttpResponse], None]
) -> Operation[PageData | None]:
    """Ask for the next document; its rows, None when it has none. The statement must not be done."""

    def accept(response: HttpResponse) -> PageData | None:
        data = statement.receive(response)
        on_response(response)
        return data

    if statement.cancel_wanted:
        yield from cancel(statement, limits)
    try:
        return (yield from send(statement.next_request(), limits, accept))
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
