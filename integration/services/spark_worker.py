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


def delete_by_equality(spark: Any, table: str, column: str, value: Any) -> None:
    """Iceberg's other kind of deletes, which Spark's SQL never writes: rows with this value in a column of integers."""
    java = spark._jvm
    iceberg = java.org.apache.iceberg
    loaded = iceberg.spark.Spark3Util.loadIcebergTable(spark._jsparkSession, table)
    schema = loaded.schema().select([column])
    ids = spark.sparkContext._gateway.new_array(java.int, 1)
    ids[0] = loaded.schema().findField(column).fieldId()
    factory = iceberg.data.GenericAppenderFactory(loaded.schema(), loaded.spec(), ids, schema, None)
    form = iceberg.FileFormat.fromString(loaded.properties().getOrDefault("write.format.default", "parquet"))
    files = iceberg.io.OutputFileFactory.builderFor(loaded, 1, 1).format(form).build()
    writer = factory.newEqDeleteWriter(files.newOutputFile(), form, None)
    record = iceberg.data.GenericRecord.create(schema)
    record.setField(column, value)
    writer.write(record)
    writer.close()
    loaded.newRowDelta().addDeletes(writer.toDeleteFile()).commit()


def answer(spark: Any, wanted: Any) -> list[list[Any]]:
    """The rows of a statement, or nothing after the call of a function: (its name, its arguments)."""
    if isinstance(wanted, tuple):
        name, arguments = wanted
        {"delete_by_equality": delete_by_equality}[name](spark, *arguments)
        return []
    return [[plain(one) for one in row] for row in spark.sql(wanted).collect()]


def serve(connection: Connection) -> None:
    """Statements until the other side goes."""
    spark = session(connection.recv())
    connection.send("ready")
    while True:
        try:
            wanted = connection.recv()
        except EOFError:
            return
        try:
            connection.send(("rows", answer(spark, wanted)))
        except Exception as error:
            connection.send(("error", str(error)))


if __name__ == "__main__":
    os.environ["TZ"] = "UTC"
    time.tzset()
    with Client(sys.argv[1], family="AF_UNIX") as peer:
        serve(peer)
