"""Runs Spark in an environment of its own: takes statements over a socket, answers with plain Python values.

usage: spark_worker.py SOCKET (settings as JSON come first over the socket)
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from multiprocessing.connection import Client, Connection
from typing import Any

EPOCH = datetime(1970, 1, 1)


def plain(value: Any) -> Any:
    """Rows as dictionaries, bytes as bytes."""
    if isinstance(value, tuple) and hasattr(value, "__fields__"):
        return {name: plain(one) for name, one in zip(value.__fields__, value, strict=True)}
    if isinstance(value, bytearray):
        return bytes(value)
    if isinstance(value, Mapping):
        return {plain(key): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return value


def session(settings: Mapping[str, str]) -> Any:
    """A Spark in this process's own Java. It exists in its environment only."""
    from pyspark.sql import SparkSession
    from pyspark.sql.types import TimestampType

    # PySpark goes through the local time zone, which some moments do not survive.
    TimestampType.fromInternal = lambda _, micros: None if micros is None else EPOCH + timedelta(microseconds=micros)
    building = SparkSession.builder.master("local[2]").appName("interchange")
    for key, value in settings.items():
        building = building.config(key, value)
    made = building.enableHiveSupport().getOrCreate()
    made.sparkContext.setLogLevel("ERROR")
    return made


def serve(connection: Connection) -> None:
    """Statements until the other side goes."""
    spark = session(connection.recv())
    connection.send("ready")
    while True:
        try:
            sql = connection.recv()
        except EOFError:
            return
        try:
            connection.send(("rows", [[plain(one) for one in row] for row in spark.sql(sql).collect()]))
        except Exception as error:
            connection.send(("error", str(error)))


if __name__ == "__main__":
    os.environ["TZ"] = "UTC"
    time.tzset()
    with Client(sys.argv[1], family="AF_UNIX") as peer:
        serve(peer)
