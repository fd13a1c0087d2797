"""What time does to queries: abandoned by their clients, over their limits, forgotten. Decisions only."""

from __future__ import annotations

from collections import OrderedDict, deque
from datetime import datetime

from lodestar_server.query.dispatch.query import Query
from lodestar_server.query.state import QueryState
from lodestar_server.session.system_properties import SystemProperties
from lodestar_server.spi.errors import ABANDONED_QUERY, EXCEEDED_CPU_LIMIT, EXCEEDED_TIME_LIMIT, LodestarError
from lodestar_server.spi.properties import Duration

_REMEMBERED_DELAYS = 1000


class QueryHistory:
    """Finished queries in the order of their end: at most `max_count`, and older than `min_age` seconds to go.

    As in Trino: a query leaves when there are more than `max_count` and it is old enough; whether it is old enough is
    asked again as time passes. Unlike in Trino there is an end to it: more than `HARD_LIMIT` are never kept.
    """

    HARD_LIMIT = 10_000

    def __init__(self, max_count: int, min_age: float) -> None:
        self._max_count, self._min_age = max_count, min_age
        self._ended: OrderedDict[str, float] = OrderedDict()

    def remember(self, query_id: str, now: float) -> list[str]:
        """A query has ended; the ids of those to forget."""
        self._ended[query_id] = now
        return self.expire(now)

    def expire(self, now: float) -> list[str]:
        """The ids of queries to forget now."""
        found = []
        while len(self._ended) > self._max_count:
            query_id, ended = next(iter(self._ended.items()))
            if now - ended < self._min_age and len(self._ended) <= self.HARD_LIMIT:
                break
            del self._ended[query_id]
            found.append(query_id)
        return found


class Attention:
    """How long the server has really listened. Time in which its event loop was late, because the machine had more to
    do than it could, does not count against a client: its request may be among those that wait to be read."""

    def __init__(self) -> None:
        self._late: deque[tuple[float, float]] = deque(maxlen=_REMEMBERED_DELAYS)

    def missed(self, until: float, seconds: float) -> None:
        """The loop did nothing else for so long before a moment."""
        self._late.append((until, seconds))

    def since(self, moment: float, now: float) -> float:
        """Seconds of attention between two moments."""
        return now - moment - sum(min(late, until - moment) for until, late in self._late if until > moment)


def abandoned_error(query: Query, now: float) -> LodestarError:
    """The client has gone."""
    return LodestarError(
        ABANDONED_QUERY,
        f"Query {query.id} was abandoned by the client, as it may have exited or stopped checking for query results. "
        f"Query results have not been accessed since {_instant(query.instant(query.last_heartbeat))}: "
        f"currentTime {_instant(query.instant(now))}",
    )


def overdue_error(query: Query, properties: SystemProperties, now: float) -> LodestarError | None:
    """The limit of time or CPU that a query has passed, if any."""
    session = query.session
    timeline = query.timeline
    limit: Duration = properties.value(session, "query_max_run_time")
    if timeline.elapsed(now) > limit:
        return LodestarError(EXCEEDED_TIME_LIMIT, f"Query exceeded maximum time limit of {limit}")
    executing = timeline.executing(now)
    limit = properties.value(session, "query_max_execution_time")
    if executing is not None and executing > limit:
        return LodestarError(EXCEEDED_TIME_LIMIT, f"Query exceeded the maximum execution time limit of {limit}")
    planning = timeline.planning(now)
    limit = properties.value(session, "query_max_planning_time")
    if planning is not None and timeline.state is QueryState.PLANNING and planning > limit:
        return LodestarError(EXCEEDED_TIME_LIMIT, f"Query exceeded the maximum planning time limit of {limit}")
    limit = properties.value(session, "query_max_cpu_time")
    if query.context is not None and query.context.progress.cpu_nanos / 1e9 > limit:
        return LodestarError(EXCEEDED_CPU_LIMIT, f"Exceeded CPU limit of {limit}")
    return None


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
