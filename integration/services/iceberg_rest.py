"""Iceberg's own server of the REST catalog, from Maven Central: its tables are in a bucket, its names in SQLite."""

from __future__ import annotations

import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from integration.toolbox.java import maven_classpath, require_java
from integration.toolbox.process import Process, free_port

VERSION = "1.9.2"
ARTIFACTS = (
    f"org.apache.iceberg:iceberg-core:{VERSION}",
    f"org.apache.iceberg:iceberg-aws:{VERSION}",
    f"org.apache.iceberg:iceberg-aws-bundle:{VERSION}",
    "org.eclipse.jetty:jetty-servlet:11.0.25",
    "org.xerial:sqlite-jdbc:3.49.1.0",
    "org.apache.hadoop:hadoop-client-api:3.4.2",
    "org.apache.hadoop:hadoop-client-runtime:3.4.2",
    "commons-logging:commons-logging:1.2",
    "org.slf4j:slf4j-simple:2.0.17",
)
SERVER = (
    f"org.apache.iceberg:iceberg-open-api:{VERSION}:jar:test-fixtures",
    f"org.apache.iceberg:iceberg-core:{VERSION}:jar:tests",
)


def _variable(key: str) -> str:
    """How the server is told a property."""
    return "CATALOG_" + key.replace("-", "__").replace(".", "_").upper()


class IcebergRest:
    """`url` is for `iceberg.rest-catalog.uri`. `endpoint` and `region`: of the S3 that has the tables.

    `lent`: keys that it gives to whoever asks for a table, beside what it says of its S3. Raises: Skip.
    """

    def __init__(
        self,
        warehouse: str,
        endpoint: str,
        region: str,
        *,
        access_key: str = "anybody",
        secret_key: str = "anything",
        lent: Mapping[str, str] | None = None,
    ) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="iceberg-rest-", ignore_cleanup_errors=True)
        home = Path(self._directory.name)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        java = require_java(17) / "bin" / "java"
        path = ":".join(map(str, maven_classpath("iceberg-rest", ARTIFACTS, alone=SERVER)))
        self.process = Process(
            [java, "-Xmx512m", "-cp", path, "org.apache.iceberg.rest.RESTCatalogServer"],
            log=home / "server.log",
            environment={
                "CATALOG_REST_PORT": str(self.port),
                "CATALOG_URI": f"jdbc:sqlite:file:{home}/catalog.db",
                "CATALOG_WAREHOUSE": warehouse,
                "CATALOG_IO__IMPL": "org.apache.iceberg.aws.s3.S3FileIO",
                "CATALOG_S3_ENDPOINT": endpoint,
                "CATALOG_S3_PATH__STYLE__ACCESS": "true",
                "AWS_REGION": region,
                "AWS_ACCESS_KEY_ID": access_key,
                "AWS_SECRET_ACCESS_KEY": secret_key,
                **({"CATALOG_INCLUDE__CREDENTIALS": "true"} if lent else {}),
                **{_variable(key): value for key, value in (lent or {}).items()},
            },
        )

    def __enter__(self) -> Self:
        self.process.__enter__()
        try:
            self.process.wait_ready(self._answers, 60)
        except BaseException:
            self.process.stop()
            raise
        return self

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/v1/config", timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.stop()
        self._directory.cleanup()
