"""system.runtime: nodes, queries, tasks, transactions, optimizer_rule_stats."""

from __future__ import annotations

from dataclasses import astuple
from datetime import UTC, datetime, timedelta

from lodestar_server.metadata.computed import Constraint, EngineTable, Rows
from lodestar_server.metadata.reading import MetadataReading
from lodestar_server.metadata.system_catalog.columns import columns_of
from lodestar_server.spi.names import SchemaTableName

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_PICOSECONDS_PER_MILLISECOND = 1_000_000_000


def instant(moment: datetime | None) -> tuple[int, str] | None:
    """An aware moment as a value of timestamp(3) with time zone, in UTC."""
    if moment is None:
        return None
    return ((moment - _EPOCH) // _MILLISECOND * _PICOSECONDS_PER_MILLISECOND, "UTC")


class NodesTable(EngineTable):
    """The nodes of the cluster."""

    name = SchemaTableName("runtime", "nodes")
    columns = columns_of("node_id varchar; http_uri varchar; node_version varchar; coordinator boolean; state varchar")

    def rows(self, metadata: MetadataReading, catalog: str, constraint: Constraint) -> Rows:
        """One per node."""
        return (astuple(node) for node in metadata.services.runtime.list_nodes())


class QueriesTable(EngineTable):
    """Queries, running and remembered."""

    name = SchemaTableName("runtime", "queries")
    columns = columns_of(
        "query_id varchar; state varchar; user varchar; source varchar; query varchar;"
        " resource_group_id array(varchar); queued_time_ms bigint; analysis_time_ms bigint; planning_time_ms bigint;"
        " created timestamp(3) with time zone; started timestamp(3) with time zone;"
        " last_heartbeat timestamp(3) with time zone; end timestamp(3) with time zone;"
        " error_type varchar; error_code varchar"
    )

    def rows(self, metadata: MetadataReading, catalog: str, constraint: Constraint) -> Rows:
        """One per query that the user may see."""
        for query in metadata.services.runtime.list_queries(metadata.session.user):
            yield (
                query.query_id,
                query.state,
                query.user,
                query.source,
                query.query,
                query.resource_group,
                query.queued_millis,
                query.analysis_millis,
                query.planning_millis,
                instant(query.created),
                instant(query.started),
                instant(query.last_heartbeat),
                instant(query.end),
                query.error_type,
                query.error_code,
            )


class TasksTable(EngineTable):
    """Tasks of these queries."""

    name = SchemaTableName("runtime", "tasks")
    columns = columns_of(
        "node_id varchar; task_id varchar; stage_id varchar; query_id varchar; state varchar; splits bigint;"
        " queued_splits bigint; running_splits bigint; completed_splits bigint; split_scheduled_time_ms bigint;"
        " split_cpu_time_ms bigint; split_blocked_time_ms bigint; raw_input_bytes bigint; raw_input_rows bigint;"
        " processed_input_bytes bigint; processed_input_rows bigint; output_bytes bigint; output_rows bigint;"
        " physical_input_bytes bigint; physical_written_bytes bigint; created timestamp(3) with time zone;"
        " start timestamp(3) with time zone; last_heartbeat timestamp(3) with time zone;"
        " end timestamp(3) with time zone"
    )

    def rows(self, metadata: MetadataReading, catalog: str, constraint: Constraint) -> Rows:
        """One per task of a query that the user may see."""
        for task in metadata.services.runtime.list_tasks(metadata.session.user):
            values = astuple(task)
            yield (*values[:-4], *(instant(moment) for moment in values[-4:]))


class TransactionsTable(EngineTable):
    """Transactions, one per running statement at least."""

    name = SchemaTableName("runtime", "transactions")
    columns = columns_of(
        "transaction_id varchar; isolation_level varchar; read_only boolean; auto_commit_context boolean;"
        " create_time timestamp(3) with time zone; idle_time_secs bigint; written_catalog varchar;"
        " catalogs array(varchar)"
    )

    def rows(self, metadata: MetadataReading, catalog: str, constraint: Constraint) -> Rows:
        """All of them."""
        for one in metadata.services.transactions.list_transactions():
            yield (
                one.transaction_id,
                one.isolation,
                one.read_only,
                one.autocommit,
                instant(one.created),
                one.idle_seconds,
                one.written_catalog,
                one.catalogs,
            )


class RuleStatsTable(EngineTable):
    """The optimizer's rules."""

    name = SchemaTableName("runtime", "optimizer_rule_stats")
    columns = columns_of(
        "rule_name varchar; invocations bigint; matches bigint; failures bigint; average_time double;"
        " time_distribution_percentiles map(double, double)"
    )

    def rows(self, metadata: MetadataReading, catalog: str, constraint: Constraint) -> Rows:
        """One per rule."""
        for rule in metadata.services.runtime.list_rule_stats():
            yield (
                rule.rule_name,
                rule.invocations,
                rule.matches,
                rule.failures,
                rule.average_time,
                tuple(rule.percentiles.items()),
            )
