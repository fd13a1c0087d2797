"""What else engines leave in one metastore: views, buckets, other formats; and the same questions to a Trino."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from integration.lake.interchange.engines import Peers, Refused

KEYS = (
    ("k bigint", ("7", "-1", "9223372036854775807", "NULL")),
    ("k integer", ("7", "-1", "0", "NULL")),
    ("k varchar", ("'a'", "''", "'żółw 🐢'", "NULL")),
    ("k date", ("DATE '2024-02-29'", "DATE '1969-12-31'", "NULL")),
)
SUMMARY = "SELECT count(*), sum(a), min(p), max(s), count(DISTINCT d) FROM {t}"
QUESTIONS = (
    "SHOW TABLES FROM hive.x LIKE 'asked%'",
    "DESCRIBE hive.x.asked",
    "SHOW CREATE TABLE hive.x.asked",
    "SHOW STATS FOR hive.x.asked",
    'SELECT * FROM hive.x."asked$partitions"',
    SUMMARY.format(t="hive.x.asked"),
    "SELECT p, count(*), avg(a) FROM hive.x.asked WHERE d > DATE '2024-01-03' GROUP BY p",
    'SELECT count(DISTINCT "$path"), count(DISTINCT "$partition") FROM hive.x.asked',
    "SELECT * FROM hive.x.asked_view",
    "SHOW CREATE VIEW hive.x.asked_view",
    "DESCRIBE ice.x.asked_ice",
    "SHOW CREATE TABLE ice.x.asked_ice",
    "SHOW STATS FOR ice.x.asked_ice",
    SUMMARY.format(t="ice.x.asked_ice"),
    'SELECT operation FROM ice.x."asked_ice$snapshots"',
    'SELECT content, file_format, record_count FROM ice.x."asked_ice$files"',
    'SELECT partition, record_count, file_count FROM ice.x."asked_ice$partitions"',
    "SELECT count(*) FROM ice.x.asked_ice FOR VERSION AS OF 'first'",
)
ROWS = (
    "SELECT n AS a, 'text ' || CAST(n % 3 AS varchar) AS s, DATE '2024-01-01' + n % 7 * INTERVAL '1' DAY AS d,"
    " 'p ' || CAST(n % 4 AS varchar) AS p FROM UNNEST(sequence(1, 100)) AS t (n)"
)


def run(peers: Peers, *, everything: bool) -> Iterator[str]:
    """What went wrong, a line each."""
    stories: list[Callable[[Peers], Iterator[str]]] = [_views, _buckets_of_spark, _other_formats]
    if everything:
        stories += [_buckets, _questions]
    for story in stories:
        try:
            yield from story(peers)
        except Refused as reason:
            yield f"{story.__name__}: refused {reason}"


def _outcome(engine: Any, sql: str) -> Any:
    """Rows in an order of their own, or the refusal."""
    try:
        return sorted(map(repr, engine.run(sql)))
    except Refused as reason:
        return str(reason)


def _differs(what: str, found: Any, right: Any) -> Iterator[str]:
    if found != right:
        yield f"{what}: {found} instead of {right}"


def _views(peers: Peers) -> Iterator[str]:
    spark, ours = peers.spark, peers.ours
    spark.run("CREATE TABLE x.seen (id INT, name STRING) STORED AS PARQUET")
    spark.run("INSERT INTO x.seen VALUES (1, 'one'), (2, NULL), (3, 'drei')")
    # Names without a schema stay where the view was made, not where it is.
    spark.run("CREATE DATABASE y")
    spark.run("USE x")
    spark.run(
        'CREATE VIEW y.good AS SELECT `id` number, nvl(upper(name), "it\'s") AS NAME FROM seen WHERE id == 1 OR id>2'
    )
    spark.run("CREATE VIEW x.half AS SELECT id / 2 AS h FROM x.seen")
    rows = spark.run("SELECT * FROM y.good")
    yield from _differs(
        "a view of Spark", _outcome(ours, "SELECT number, name FROM hive.y.good"), sorted(map(repr, rows))
    )
    reason = "HIVE_VIEW_TRANSLATION_ERROR: Failed to translate Hive view 'x.half': '/'"
    yield from _differs("a view that divides", _outcome(ours, "SELECT * FROM hive.x.half"), reason)


def _buckets_of_spark(peers: Peers) -> Iterator[str]:
    spark, ours = peers.spark, peers.ours
    spark.run("CREATE TABLE x.spread (k BIGINT, v STRING) USING parquet CLUSTERED BY (k) INTO 4 BUCKETS")
    spark.run("INSERT INTO x.spread SELECT id, concat('v', id) FROM range(12)")
    for key in range(12):
        found = _outcome(ours, f"SELECT v FROM hive.x.spread WHERE k = {key}")
        yield from _differs(f"Spark's buckets, key {key}", found, [f"['v{key}']"])
    found = _outcome(ours, "INSERT INTO hive.x.spread VALUES (1, 'x')")
    yield from _differs(
        "writing to Spark's buckets", found, "NOT_SUPPORTED: Inserting into Spark bucketed tables is not supported"
    )


def _other_formats(peers: Peers) -> Iterator[str]:
    peers.spark.run("CREATE TABLE ice.x.elsewhere (id INT) USING iceberg")
    found = _outcome(peers.ours, "SELECT * FROM hive.x.elsewhere")
    yield from _differs(
        "Iceberg's table in a catalog of Hive",
        found,
        "UNSUPPORTED_TABLE_TYPE: Cannot query Iceberg table 'x.elsewhere'",
    )


def _buckets(peers: Peers) -> Iterator[str]:
    """By Hive's hash: whoever writes, a reader that looks into one bucket only finds the row there."""
    writers = [peers.ours, *([peers.trino] if peers.trino else [])]
    for number, (column, keys) in enumerate(KEYS):
        for version in (1, 2):
            for writer in writers:
                table = f"buckets_{number}_{version}_{writer.name}"
                options = f"bucketed_by = ARRAY['k'], bucket_count = 5, bucketing_version = {version}"
                writer.run(f"CREATE TABLE hive.x.{table} ({column}, v integer) WITH ({options})")
                values = ", ".join(f"({key}, {i})" for i, key in enumerate(keys))
                writer.run(f"INSERT INTO hive.x.{table} VALUES {values}")
                for reader in writers:
                    for i, key in enumerate(keys):
                        where = "k IS NULL" if key == "NULL" else f"k = {key}"
                        found = _outcome(reader, f"SELECT v FROM hive.x.{table} WHERE {where}")
                        yield from _differs(f"{table}, {where}, read by {reader.name}", found, [f"[{i}]"])
                found = _outcome(peers.spark, f"SELECT v FROM x.{table}")
                yield from _differs(f"{table}, read by Spark", found, [f"[{i}]" for i in range(len(keys))])


def _questions(peers: Peers) -> Iterator[str]:
    """A warehouse that we have written, asked by both."""
    ours, trino = peers.ours, peers.trino
    assert trino is not None
    ours.run(f"CREATE TABLE hive.x.asked WITH (partitioned_by = ARRAY['p'], format = 'ORC') AS {ROWS}")
    ours.run("CREATE VIEW hive.x.asked_view AS SELECT p, max(a) AS most FROM hive.x.asked GROUP BY p")
    ours.run(
        "CREATE TABLE ice.x.asked_ice WITH (partitioning = ARRAY['p', 'month(d)'], sorted_by = ARRAY['a']) AS " + ROWS
    )
    ours.run("ALTER TABLE ice.x.asked_ice EXECUTE optimize")
    (first,) = ours.run('SELECT min_by(snapshot_id, committed_at) FROM ice.x."asked_ice$snapshots"')
    ours.run("DELETE FROM ice.x.asked_ice WHERE a % 10 = 3")
    ours.run("UPDATE ice.x.asked_ice SET s = 'changed' WHERE a < 5")
    for question in QUESTIONS:
        sql = question.replace("'first'", str(first[0]))
        yield from _differs(question, _outcome(ours, sql), _outcome(trino, sql))
