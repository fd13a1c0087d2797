"""A real Hive Metastore over Derby, in a Java of its own, with its warehouse in a local directory."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from integration.toolbox.cache import cached
from integration.toolbox.java import maven_artifact, maven_classpath, require_java
from integration.toolbox.lanes import Skip
from integration.toolbox.process import Process, free_port

JAVA = 17
READY_SECONDS = 180
_HADOOP = "3.3.5"
_LOGGING = """\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss} %p %c{1} - %m%n%xEx{12}
rootLogger.level = error
rootLogger.appenderRef.console.ref = console
"""


@dataclass(frozen=True, slots=True)
class Release:
    """A version of the metastore: its server, and the distribution that has the scripts of its database."""

    version: str
    server: str
    distribution: str


HIVE_4 = Release(
    "4.0.1",
    "org.apache.hive:hive-standalone-metastore-server:4.0.1",
    "org.apache.hive:hive-standalone-metastore-server:4.0.1:tar.gz:bin",
)
HIVE_3 = Release(
    "3.1.3",
    "org.apache.hive:hive-standalone-metastore:3.1.3",
    "org.apache.hive:hive-standalone-metastore:3.1.3:tar.gz:bin",
)


class HiveMetastore:
    """`with HiveMetastore() as metastore: metastore.uri`. Raises: Skip when it cannot be had.

    `warehouse`: a directory of the local file system, one of its own without. The database can be kept (`home`), so
    that a second server is another door to the same tables when the first one is stopped.
    """

    def __init__(
        self,
        release: Release = HIVE_4,
        *,
        warehouse: Path | None = None,
        home: Path | None = None,
        settings: Mapping[str, str] | None = None,
        port: int | None = None,
    ) -> None:
        self._java = require_java(JAVA)
        self.release = release
        self._classpath = _classpath(release)
        self._scripts = _unpacked(release)
        self._directory = tempfile.TemporaryDirectory(prefix="metastore-", ignore_cleanup_errors=True)
        self.home = home or Path(self._directory.name)
        self.warehouse = warehouse or self.home / "warehouse"
        self.port = port or free_port()
        self.uri = f"thrift://127.0.0.1:{self.port}"
        self._configuration = self.home / "conf"
        self._settings = {
            "metastore.warehouse.dir": f"file:{self.warehouse}",
            "hive.metastore.warehouse.dir": f"file:{self.warehouse}",
            "javax.jdo.option.ConnectionURL": f"jdbc:derby:;databaseName={self.home / 'database'};create=true",
            "metastore.event.db.notification.api.auth": "false",
            "metastore.expression.proxy": "org.apache.hadoop.hive.metastore.DefaultPartitionExpressionProxy",
            "metastore.task.threads.always": "org.apache.hadoop.hive.metastore.events.EventCleanerTask",
            "hadoop.tmp.dir": str(self.home / "tmp"),
            **(settings or {}),
        }
        self.process = Process(
            [*self._command("org.apache.hadoop.hive.metastore.HiveMetaStore"), "-p", str(self.port)],
            log=self.home / f"metastore-{self.port}.log",
            cwd=self.home,
            environment=self._environment(),
        )

    def _environment(self) -> dict[str, str]:
        return {"METASTORE_HOME": str(self._scripts), "HIVE_HOME": str(self._scripts), "JAVA_HOME": str(self._java)}

    def _command(self, main: str) -> list[str]:
        classpath = os.pathsep.join([str(self._configuration), *map(str, self._classpath)])
        logging = f"-Dlog4j.configurationFile={self._configuration / 'log4j2.properties'}"
        opened = "--add-opens=java.base/java.net=ALL-UNNAMED"
        return [str(self._java / "bin" / "java"), "-Xmx512m", opened, logging, "-cp", classpath, main]

    def _write_configuration(self) -> None:
        self._configuration.mkdir(parents=True, exist_ok=True)
        self.warehouse.mkdir(parents=True, exist_ok=True)
        (self._configuration / "log4j2.properties").write_text(_LOGGING)
        lines = "".join(
            f"<property><name>{key}</name><value>{value}</value></property>\n" for key, value in self._settings.items()
        )
        (self._configuration / "metastore-site.xml").write_text(f"<configuration>\n{lines}</configuration>\n")

    def _make_database(self) -> None:
        if (self.home / "database").exists():
            return
        made = cached("metastore", f"database-{self.release.version}")
        if not made.exists():
            tool = "org.apache.hadoop.hive.metastore.tools.schematool.MetastoreSchemaTool"
            if self.release is HIVE_3:
                tool = "org.apache.hadoop.hive.metastore.tools.MetastoreSchemaTool"
            answer = subprocess.run(
                [*self._command(tool), "-initSchema", "-dbType", "derby"],
                env={**os.environ, **self._environment()},
                cwd=self.home,
                capture_output=True,
                text=True,
                check=False,
            )
            if answer.returncode:
                raise Skip(f"the database of Hive's metastore cannot be made: {answer.stderr.strip()[-300:]}")
            shutil.copytree(self.home / "database", made)
            return
        shutil.copytree(made, self.home / "database")

    def ready(self) -> bool:
        """It takes connections."""
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def start(self) -> Self:
        """Start, once more after a stop too."""
        self._write_configuration()
        self._make_database()
        self.process.__enter__()
        try:
            self.process.wait_ready(self.ready, READY_SECONDS)
        except BaseException:
            self.process.stop()
            raise
        return self

    def stop(self) -> None:
        """The tables stay."""
        self.process.stop()

    def close(self) -> None:
        """Stop it, and remove what is in a directory of its own."""
        self.process.stop()
        self._directory.cleanup()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _classpath(release: Release) -> list[Path]:
    return maven_classpath(
        f"metastore-{release.version}",
        [
            release.server,
            f"org.apache.hadoop:hadoop-client-api:{_HADOOP}",
            f"org.apache.hadoop:hadoop-client-runtime:{_HADOOP}",
            "commons-cli:commons-cli:1.5.0",
            "commons-logging:commons-logging:1.2",
            "commons-io:commons-io:2.11.0",
            "commons-collections:commons-collections:3.2.2",
        ],
        without=[
            "jdk.tools:jdk.tools",
            "org.apache.hadoop:hadoop-common",
            "org.apache.hadoop:hadoop-hdfs",
            "org.apache.hadoop:hadoop-distcp",
            "org.apache.hadoop:hadoop-mapreduce-client-core",
            "org.slf4j:slf4j-log4j12",
            "log4j:log4j",
        ],
        # The rules of Hive 4 about managed tables name a class of it.
        alone=[f"org.apache.hadoop:hadoop-hdfs:{_HADOOP}"],
    )


def _unpacked(release: Release) -> Path:
    home = cached("metastore", f"distribution-{release.version}")
    if not home.exists():
        archive = maven_artifact(release.distribution)
        partial = home.with_name(f"{home.name}.partial")
        with tarfile.open(archive) as tar:
            tar.extractall(partial, filter="data")
        (inside,) = partial.iterdir()
        inside.rename(home)
        partial.rmdir()
    return home
