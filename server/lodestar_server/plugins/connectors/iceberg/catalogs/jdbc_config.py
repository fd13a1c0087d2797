"""Settings of `iceberg.catalog.type=jdbc`."""

from __future__ import annotations

from enum import Enum

from lodestar_server.spi.properties import ConfigGroup, config

_SOURCE = "Trino: object-storage/metastores"


class SchemaVersion(Enum):
    """Of the catalog's tables: V1 has a column that tells tables from views."""

    V0 = "V0"
    V1 = "V1"


class JdbcCatalogConfig(ConfigGroup):
    """The database that knows the tables."""

    driver_class: str | None = config(
        "iceberg.jdbc-catalog.driver-class",
        default=None,
        doc="Accepted; the address says which database it is",
        source=_SOURCE,
    )
    url: str | None = config(
        "iceberg.jdbc-catalog.connection-url",
        default=None,
        secret=True,
        doc="jdbc:postgresql://host/database, jdbc:mysql://host/database or jdbc:sqlite:/path",
        source=_SOURCE,
    )
    user: str | None = config("iceberg.jdbc-catalog.connection-user", default=None, doc="User name", source=_SOURCE)
    password: str | None = config(
        "iceberg.jdbc-catalog.connection-password", default=None, secret=True, doc="The user's password", source=_SOURCE
    )
    catalog_name: str | None = config(
        "iceberg.jdbc-catalog.catalog-name", default=None, doc="Name of the catalog in the database", source=_SOURCE
    )
    warehouse: str | None = config(
        "iceberg.jdbc-catalog.default-warehouse-dir",
        default=None,
        doc="Location of schemas without one of their own",
        source=_SOURCE,
    )
    schema_version: SchemaVersion = config(
        "iceberg.jdbc-catalog.schema-version", default="V1", doc="Form of the catalog's tables", source=_SOURCE
    )
