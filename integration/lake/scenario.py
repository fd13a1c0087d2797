"""What each store is asked for through Hive and Iceberg: a table made, read, added to, thinned out and dropped."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from integration.toolbox.lodestar import Lodestar
from integration.toolbox.statements import Outcome, Statements

_TABLES = {
    "hive": "WITH (partitioned_by = ARRAY['day'])",
    "iceberg": "WITH (partitioning = ARRAY['day'])",
}


class Lake:
    """A server of ours with the catalogs `hive` and `iceberg` over one store."""

    def __init__(
        self,
        settings: Mapping[str, str],
        *,
        metastore: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """`metastore`: the location of the file metastores; None for the local file system."""
        catalogs = {}
        for name in _TABLES:
            catalog = {"connector.name": name, **settings}
            catalog["hive.metastore" if name == "hive" else "iceberg.catalog.type"] = (
                "file" if name == "hive" else "TESTING_FILE_METASTORE"
            )
            if name == "hive":
                catalog["hive.non-managed-table-writes-enabled"] = "true"
            catalogs[name] = catalog
        self.server = Lodestar(catalogs, environment=environment)
        for name, catalog in catalogs.items():
            if metastore is None:
                catalog["fs.local.enabled"] = "true"
                catalog["local.location"] = str(self.server.directory / f"metastore-{name}")
            catalog["hive.metastore.catalog.dir"] = f"{metastore or 'local://'}/{name}"
            self._rewrite(name, catalog)
        self._statements = Statements(self.server.url, user="lake")

    def _rewrite(self, name: str, catalog: Mapping[str, str]) -> None:
        path = Path(self.server.directory) / "etc" / "catalog" / f"{name}.properties"
        path.write_text("".join(f"{key}={value}\n" for key, value in catalog.items()))

    def __enter__(self) -> Lake:
        self.server.__enter__()
        return self

    def __exit__(self, *failure: Any) -> None:
        self._statements.close()
        self.server.__exit__(*failure)

    def ask(self, sql: str) -> list[list[Any]]:
        """Rows of a statement that has to work."""
        outcome = self._statements.run(sql)
        assert outcome.error is None, f"{sql}: {outcome.error_name}: {outcome.error and outcome.error['message']}"
        return outcome.rows

    def refused(self, sql: str) -> Outcome:
        """The outcome of a statement that must not work."""
        outcome = self._statements.run(sql)
        assert outcome.error is not None, sql
        return outcome


def check_life_of_a_table(lake: Lake, catalog: str, top: str) -> None:
    """CTAS, SELECT, INSERT, delete of a partition, DROP, in a schema whose location is below `top`."""
    schema = f"{catalog}.life"
    lake.ask(f"CREATE SCHEMA {schema} WITH (location = '{top}/{catalog}/life')")
    lake.ask(
        f"CREATE TABLE {schema}.t {_TABLES[catalog]} AS SELECT * FROM (VALUES "
        "(BIGINT '1', VARCHAR 'é', DATE '2026-01-01'), (2, NULL, DATE '2026-01-02'), (3, 'c', DATE '2026-01-02')) "
        "AS t (id, name, day)"
    )
    assert lake.ask(f"SELECT id, name, day FROM {schema}.t ORDER BY id") == [
        [1, "é", "2026-01-01"],
        [2, None, "2026-01-02"],
        [3, "c", "2026-01-02"],
    ]
    paths = [row[0] for row in lake.ask(f'SELECT DISTINCT "$path" FROM {schema}.t')]
    assert len(paths) == 2 and all(path.startswith(f"{top}/{catalog}/life/") for path in paths)
    lake.ask(f"INSERT INTO {schema}.t VALUES (4, 'd', DATE '2026-01-03'), (5, 'e', DATE '2026-01-01')")
    assert lake.ask(f"SELECT count(*), sum(id) FROM {schema}.t WHERE day <> DATE '2026-01-02'") == [[3, 10]]
    lake.ask(f"DELETE FROM {schema}.t WHERE day = DATE '2026-01-01'")
    assert lake.ask(f"SELECT id FROM {schema}.t ORDER BY id") == [[2], [3], [4]]
    lake.ask(
        f"CREATE TABLE {schema}.many AS SELECT n, cast(n AS varchar) AS s FROM UNNEST(sequence(1, 10000)) AS u (n)"
    )
    assert lake.ask(f"SELECT count(*), sum(n), max(s) FROM {schema}.many") == [[10000, 50005000, "9999"]]
    assert lake.ask(f"SELECT s FROM {schema}.many WHERE n = 7777") == [["7777"]]
    lake.ask(f"DROP TABLE {schema}.t")
    lake.ask(f"DROP TABLE {schema}.many")
    assert lake.ask(f"SHOW TABLES FROM {schema}") == []
    lake.ask(f"DROP SCHEMA {schema}")


def check_external_refusal(lake: Lake, catalog: str, location: str, *words: str) -> None:
    """A table at a place that cannot be reached fails as EXTERNAL, and says why."""
    schema = f"{catalog}.nowhere"
    lake.ask(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    outcome = lake.refused(
        f"CREATE TABLE {schema}.t WITH ({_place(catalog)} = '{location}/{catalog}/t') AS SELECT 1 AS a"
    )
    assert outcome.error is not None
    assert outcome.error["errorType"] == "EXTERNAL", outcome.error
    assert all(word in outcome.error["message"] for word in words), outcome.error["message"]


def _place(catalog: str) -> str:
    return "external_location" if catalog == "hive" else "location"
