"""Hadoop's mini cluster from Maven Central, and the XML files that lead to it."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from xml.sax.saxutils import escape

from integration.toolbox.java import maven_artifact, require_java
from integration.toolbox.process import Process, free_port

VERSION = "3.4.2"
ARTIFACTS = (
    f"org.apache.hadoop:hadoop-client-minicluster:{VERSION}",
    f"org.apache.hadoop:hadoop-client-api:{VERSION}",
    f"org.apache.hadoop:hadoop-client-runtime:{VERSION}",
    "org.slf4j:slf4j-api:1.7.36",
    "org.slf4j:slf4j-simple:1.7.36",
    "commons-logging:commons-logging:1.2",
)
SERVICE = "lake"
_PROGRAM = Path(__file__).with_name("MiniCluster.java")


class MiniCluster:
    """`authority` is the name node's; `resources` are files for `hive.config.resources`. Raises: Skip.

    The files name a service of two name nodes, the first of which is down, and a mount table over it.
    """

    def __init__(self) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="hdfs-", ignore_cleanup_errors=True)
        self.directory = Path(self._directory.name)
        self.port = free_port()
        self.authority = f"127.0.0.1:{self.port}"
        self.resources = self._write_resources()
        java = require_java(11) / "bin" / "java"
        path = ":".join(str(maven_artifact(one)) for one in ARTIFACTS)
        options = ["-Xmx512m", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", path]
        self.process = Process(
            [java, *options, _PROGRAM, self.directory / "data", str(self.port)], log=self.directory / "hdfs.log"
        )

    def _write_resources(self) -> tuple[Path, Path]:
        core = {
            "fs.defaultFS": f"hdfs://{SERVICE}",
            "mounted": f"hdfs://{SERVICE}/mounted",
            f"fs.viewfs.mounttable.{SERVICE}.link./warehouse": "${mounted}",
        }
        hdfs = {
            "dfs.nameservices": SERVICE,
            f"dfs.ha.namenodes.{SERVICE}": "nn1,nn2",
            f"dfs.namenode.rpc-address.{SERVICE}.nn1": f"127.0.0.1:{free_port()}",
            f"dfs.namenode.rpc-address.{SERVICE}.nn2": self.authority,
        }
        return (
            _write_settings(self.directory / "core-site.xml", core),
            _write_settings(self.directory / "hdfs-site.xml", hdfs),
        )

    def __enter__(self) -> Self:
        self.process.__enter__()
        try:
            self.process.wait_ready(lambda: "the cluster is active" in self.process.tail(), 90)
        except BaseException:
            self.process.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.stop()
        self._directory.cleanup()


def _write_settings(path: Path, settings: Mapping[str, str]) -> Path:
    lines = [
        f"<property><name>{escape(name)}</name><value>{escape(value)}</value></property>"
        for name, value in settings.items()
    ]
    path.write_text("\n".join(["<configuration>", *lines, "</configuration>"]))
    return path
