"""Settings of queries: what they may take, how long they are remembered, how their results reach clients."""

from __future__ import annotations

from collections.abc import Iterable

from lodestar_server.spi.properties import ConfigGroup, DataSize, Duration, config

_QUERY_PAGE = "Trino: admin/properties-query-management"
_PROTOCOL_PAGE = "Trino: admin/properties-client-protocol"


class QueryConfig(ConfigGroup):
    """Life of queries."""

    max_length: int = config(
        "query.max-length",
        default="1000000",
        minimum="0",
        maximum="1000000000",
        doc="Longest SQL text in characters; a longer one fails with QUERY_TEXT_TOO_LARGE.",
        source=_QUERY_PAGE,
    )
    max_history: int = config(
        "query.max-history",
        default="100",
        minimum="0",
        doc="How many finished queries are remembered.",
        source=_QUERY_PAGE,
    )
    min_expire_age: Duration = config(
        "query.min-expire-age",
        default="15m",
        doc="How long a finished query is remembered at least, unless max-history is exceeded.",
        source=_QUERY_PAGE,
    )
    client_timeout: Duration = config(
        "query.client.timeout",
        default="5m",
        minimum="1s",
        doc="A query whose client has not asked for so long is abandoned.",
        source=_QUERY_PAGE,
    )
    max_run_time: Duration = config(
        "query.max-run-time",
        default="100d",
        session="query_max_run_time",
        doc="Longest time a query may exist, queueing included.",
        source=_QUERY_PAGE,
    )
    max_execution_time: Duration = config(
        "query.max-execution-time",
        default="100d",
        session="query_max_execution_time",
        doc="Longest time a query may execute, without queueing, analysis and planning.",
        source=_QUERY_PAGE,
    )
    max_planning_time: Duration = config(
        "query.max-planning-time",
        default="10m",
        session="query_max_planning_time",
        doc="Longest time a query may be planned.",
        source=_QUERY_PAGE,
    )
    max_concurrent_queries: int = config(
        "query.max-concurrent-queries",
        default="1000",
        minimum="1",
        doc="How many queries run at once when there are no resource groups; never more than there are threads.",
        source=_QUERY_PAGE,
    )
    max_queued_queries: int = config(
        "query.max-queued-queries",
        default="5000",
        minimum="1",
        doc="How many queries wait; another one fails with QUERY_QUEUE_FULL.",
        source=_QUERY_PAGE,
    )
    worker_threads: int = config(
        "query.worker-threads",
        default="32",
        minimum="1",
        maximum="1000",
        doc="Threads that analyze, plan and drive statements, one each.",
        source="Lodestar",
    )
    speculative_start: bool = config(
        "query.speculative-start-enabled",
        default="true",
        doc="Start a read-only statement when it is posted instead of at the first poll, if a thread is free.",
        source="Lodestar",
    )


class ResultConfig(ConfigGroup):
    """How results reach clients."""

    compression_enabled: bool = config(
        "query-results.compression-enabled",
        default="true",
        doc="Compress documents with gzip for clients that offer it.",
        source="Trino: admin/properties-general",
    )
    alternate_header_name: str | None = config(
        "protocol.v1.alternate-header-name",
        default=None,
        pattern="[A-Za-z]+",
        doc="A second prefix of the protocol's headers, such as Presto.",
        source=_PROTOCOL_PAGE,
    )
    prepared_compression_threshold: int = config(
        "protocol.v1.prepared-statement-compression.length-threshold",
        default="2048",
        minimum="0",
        doc="Prepared statements of at least so many characters are sent compressed.",
        source=_PROTOCOL_PAGE,
    )
    prepared_compression_min_gain: int = config(
        "protocol.v1.prepared-statement-compression.min-gain",
        default="512",
        minimum="0",
        doc="Characters that compressing a prepared statement must save.",
        source=_PROTOCOL_PAGE,
    )
    info_url_template: str | None = config(
        "query.info-url-template",
        default=None,
        doc="Where documents say that a query is described; ${QUERY_ID} stands for its id.",
        source=_QUERY_PAGE,
    )
    target_page_size: DataSize = config(
        "query-results.target-page-size",
        default="1MB",
        minimum="1kB",
        maximum="64MB",
        doc="A document stops growing with the row that passes this size.",
        source="Trino: the fixed target of its client protocol",
    )

    arrow_enabled: bool = config(
        "query-results.arrow-enabled",
        default="true",
        doc="Send the results of queries as Arrow streams to clients that ask for the encoding `arrow`.",
        source="Lodestar",
    )

    def check(self) -> Iterable[str]:
        """Faults between settings."""
        if self.info_url_template is not None and "${QUERY_ID}" not in self.info_url_template:
            yield "query.info-url-template has no ${QUERY_ID}"
