"""Compare whole tpch tables with those of a running Trino, row by row.

python integration/conformance/tpch_rows.py http://127.0.0.1:8080 [schema] [table …]
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import trino

from lodestar_server.metadata.catalogs import CatalogManager, NodeContext
from lodestar_server.metadata.facade import Metadata, build_services
from lodestar_server.plugins.connectors.tpch.factory import FACTORY
from lodestar_server.session import Session
from lodestar_server.spi.names import QualifiedName
from lodestar_server.spi.page import PageSource
from lodestar_server.spi.session import Identity


def ours(metadata: Metadata, schema: str, table: str) -> Iterator[tuple[Any, ...]]:
    """Rows of our connector, read as pages (the hidden row number is asked for, so no file scan is answered)."""
    handle = metadata.require_table(QualifiedName("tpch", schema, table))
    columns = list(metadata.column_handles(handle).values())
    source = metadata.read(handle, columns, list(metadata.splits(handle, columns)))
    assert isinstance(source, PageSource)
    for page in source.pages():
        yield from zip(*(column.to_pylist() for column in page.columns), strict=True)


def theirs(connection: Any, schema: str, table: str, columns: list[str]) -> Iterator[tuple[Any, ...]]:
    """Rows of the Trino."""
    cursor = connection.cursor()
    cursor.execute(f'SELECT {", ".join(columns)} FROM tpch."{schema}".{table}')
    while rows := cursor.fetchmany(10_000):
        yield from map(tuple, rows)


def main() -> int:
    """Print one line per table; 1 when something differs."""
    address = urlsplit(sys.argv[1])
    schema = sys.argv[2] if len(sys.argv) > 2 else "tiny"
    connection = trino.dbapi.connect(host=address.hostname, port=address.port, user="conformance")
    from datetime import UTC, datetime

    with tempfile.TemporaryDirectory() as directory:
        node = NodeContext("node", "1", "test", Path(directory))
        catalogs = CatalogManager(node, factories={"tpch": lambda: FACTORY})
        services = build_services(catalogs)
        catalogs.create("tpch", "tpch", {})
        identity = Identity("conformance")
        session = Session("q", identity, identity, datetime.now(UTC))
        bad = 0
        with services.transactions.statement(None) as transaction:
            metadata = Metadata(services, session, transaction)
            names = sys.argv[3:] or sorted(name.table for name in metadata.list_tables("tpch", schema))
            for table in names:
                handle = metadata.require_table(QualifiedName("tpch", schema, table))
                columns = list(metadata.column_handles(handle))
                left = Counter(ours(metadata, schema, table))
                right = Counter(theirs(connection, schema, table, columns))
                same = left == right
                bad += not same
                print(f"{table}: {sum(left.values())} rows, {'equal' if same else 'DIFFERENT'}")
                if not same:
                    print("  only ours:", list((left - right).items())[:2])
                    print("  only theirs:", list((right - left).items())[:2])
        catalogs.shutdown()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
