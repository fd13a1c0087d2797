"""Lodestar for SQLAlchemy.

    engine = create_engine("lodestar://user@host:8080/catalog/schema")
    engine = create_async_engine("lodestar+asyncio://user@host:8080/catalog/schema")

The URL's query is that of `lodestar.connect`: `?secure=true&source=nightly&session.query_max_run_time=1m`.

- **Catalogs.** `Table(…, schema="catalog.schema")`, or the option `lodestar_catalog="catalog"`, also for inspectors.
- **Properties.** `Table(…, lodestar_with={"format": "ORC", "partitioned_by": ["day"]})`, on columns too. The
  `CreateView` of SQLAlchemy 2.1 takes `lodestar_with`, `lodestar_comment` and `lodestar_security="INVOKER"`.
- **Types.** Trino's beyond SQLAlchemy's own are here. `DateTime`, `Time` and `Float` are made to lose nothing
  (`TIMESTAMP(6)`, `TIME(6)`, `DOUBLE`); `TIMESTAMP(3)` and its like say exactly what they are.
- **Left out.** Keys, foreign keys, unique and check constraints and indexes of models are not sent, because Trino has
  none. Nothing generates keys: give every row its own. A NOT NULL that only a key implies is left out with the key.
- **Transactions.** Autocommit is the default, as it is Trino's, and most connectors write in no other way; others are
  asked for by `isolation_level`.
- **Plans.** `connection.scalar(explain(select(…)))`.
- **Migrations.** Alembic finds `sqlalchemy_lodestar.migrations` by itself.
"""

from __future__ import annotations

from sqlalchemy_lodestar.explain import explain
from sqlalchemy_lodestar.types import (
    ARRAY,
    HYPERLOGLOG,
    INTERVAL_DAY_TO_SECOND,
    INTERVAL_YEAR_TO_MONTH,
    IPADDRESS,
    JSON,
    MAP,
    OPAQUE,
    ROW,
    TIME,
    TIMESTAMP,
    TINYINT,
)

__all__ = [
    "ARRAY",
    "HYPERLOGLOG",
    "INTERVAL_DAY_TO_SECOND",
    "INTERVAL_YEAR_TO_MONTH",
    "IPADDRESS",
    "JSON",
    "MAP",
    "OPAQUE",
    "ROW",
    "TIME",
    "TIMESTAMP",
    "TINYINT",
    "explain",
]
