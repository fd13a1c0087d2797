"""Apache Spark as another engine on the same tables: one long-lived process that takes statements."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from subprocess import CalledProcessError
from types import TracebackType
from typing import Any, Self

from integration.toolbox.environments import python_with
from integration.toolbox.java import maven_artifact, require_java
from integration.toolbox.lanes import Skip
from integration.toolbox.process import NotReady, Process

VERSION = "3.5.6"
JAVA = 17
ICEBERG = "1.10.0"
READY_SECONDS = 180
STATEMENT_SECONDS = 300
_JARS = (
    f"org.apache.iceberg:iceberg-spark-runtime-3.5_2.12:{ICEBERG}",
    f"org.apache.spark:spark-avro_2.12:{VERSION}",
    # Hive's class of lines of JSON, which Spark does not bring along.
    "org.apache.hive.hcatalog:hive-hcatalog-core:2.3.9",
)
_WORKER = Path(__file__).with_name("spark_worker.py")


class SparkError(Exception):
    """What Spark answers to a statement that it does not run."""


class Spark:
    """`with Spark(metastore="thrift://…", warehouse=path) as spark: spark.run(sql)`. Raises: Skip.

    `spark_catalog` is the metastore's tables of Hive, `ice` its tables of Iceberg. The time zone is UTC.
    """

    def __init__(self, *, metastore: str, warehouse: Path, settings: Mapping[str, str] | None = None) -> None:
        java = require_java(JAVA)
        jars = [maven_artifact(one) for one in _JARS]
        python = _python()
        self._directory = tempfile.TemporaryDirectory(prefix="spark-", ignore_cleanup_errors=True)
        home = Path(self._directory.name)
        place = f"file:{warehouse}"
        self._settings = {
            "spark.jars": ",".join(map(str, jars)),
            "spark.driver.memory": "1g",
            "spark.driver.extraJavaOptions": f"-Duser.timezone=UTC -Dderby.system.home={home}",
            "spark.ui.enabled": "false",
            "spark.sql.shuffle.partitions": "2",
            "spark.sql.session.timeZone": "UTC",
            "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
            "spark.sql.parquet.int96RebaseModeInWrite": "CORRECTED",
            "spark.sql.avro.datetimeRebaseModeInWrite": "CORRECTED",
            "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
            "spark.sql.parquet.int96RebaseModeInRead": "CORRECTED",
            "spark.sql.warehouse.dir": place,
            "spark.hadoop.hive.metastore.uris": metastore,
            "spark.hadoop.hive.exec.dynamic.partition.mode": "nonstrict",
            "spark.local.dir": str(home / "local"),
            "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
            "spark.sql.catalog.ice": "org.apache.iceberg.spark.SparkCatalog",
            "spark.sql.catalog.ice.type": "hive",
            "spark.sql.catalog.ice.uri": metastore,
            "spark.sql.catalog.ice.warehouse": place,
            # Others change the tables between two statements.
            "spark.sql.catalog.ice.cache-enabled": "false",
            **(settings or {}),
        }
        self._listener = Listener(str(home / "statements"), family="AF_UNIX")
        self._connection: Connection | None = None
        self._process = Process(
            [python, _WORKER, home / "statements"],
            log=home / "spark.log",
            cwd=home,
            environment={
                "JAVA_HOME": str(java),
                "PYTHONPATH": "",
                "SPARK_LOCAL_IP": "127.0.0.1",
                "PYSPARK_PYTHON": str(python),
            },
        )

    def run(self, sql: str) -> list[list[Any]]:
        """Rows. Raises: SparkError."""
        return self._ask(sql)

    def delete_by_equality(self, table: str, column: str, value: Any) -> None:
        """Iceberg's deletes by equality, which Spark's SQL never writes. Raises: SparkError."""
        self._ask(("delete_by_equality", (table, column, value)))

    def _ask(self, wanted: Any) -> list[list[Any]]:
        if self._connection is None:
            raise SparkError("Spark is not running")
        try:
            self._connection.send(wanted)
            if not self._connection.poll(STATEMENT_SECONDS):
                raise SparkError(f"no answer after {STATEMENT_SECONDS} s: {wanted}")
            kind, answer = self._connection.recv()
        except (OSError, EOFError) as error:
            raise SparkError(f"Spark is gone: {self._process.tail()}") from error
        if kind == "error":
            raise SparkError(answer)
        rows: list[list[Any]] = answer
        return rows

    def __enter__(self) -> Self:
        self._process.__enter__()
        try:
            # The worker connects at once and says that it is ready when its Java is.
            self._connection = self._accepted()
            self._connection.send(self._settings)
            self._process.wait_ready(self._connection.poll, READY_SECONDS)
            self._connection.recv()
        except (EOFError, OSError) as error:
            tail = self._process.tail()
            self.__exit__(None, None, None)
            raise NotReady(f"Spark did not start\n{tail}") from error
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def _accepted(self) -> Connection:
        socket: Any = self._listener._listener._socket  # type: ignore[attr-defined]
        socket.settimeout(READY_SECONDS)
        return self._listener.accept()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is not None:
            self._connection.close()
        self._listener.close()
        self._process.stop()
        self._directory.cleanup()


def _python() -> Path:
    try:
        return python_with(f"pyspark=={VERSION}", name="spark")
    except (OSError, CalledProcessError) as error:
        raise Skip(f"PySpark cannot be had: {error}") from error
