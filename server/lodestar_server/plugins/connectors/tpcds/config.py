"""Settings of a tpcds catalog, and its session properties."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from lodestar_server.spi.properties import ConfigGroup, DataSize, PropertyMetadata, config
from lodestar_server.spi.types import BOOLEAN, INTEGER

_SOURCE = "Trino: connector/tpcds"
NO_SEXISM = "is not supported: the generator knows the names of the specification only"


def _refuse_true(value: Any) -> bool:
    """Raises: ValueError."""
    if value:
        raise ValueError(NO_SEXISM)
    return False


class TpcdsConfig(ConfigGroup):
    """What Trino's connector has, and the cache of generated data."""

    splits_per_node: int | None = config(
        "tpcds.splits-per-node",
        default=None,
        minimum="1",
        doc="Accepted and shown; a table is made in parts of some 600,000 rows",
        source=_SOURCE,
    )
    split_count: int | None = config(
        "tpcds.split-count", default=None, minimum="1", doc="Accepted and shown; has no effect", source=_SOURCE
    )
    with_no_sexism: bool = config(
        "tpcds.with-no-sexism", default="false", doc="Only false: the names of the specification", source=_SOURCE
    )
    cache_directory: str | None = config(
        "tpcds.cache.directory",
        default=None,
        doc="Where generated tables are kept as Parquet; the catalog's data directory when unset",
        source="Lodestar",
    )
    cache_max_size: DataSize = config(
        "tpcds.cache.max-size",
        default="10GB",
        doc="Most that generated tables may take on disk; a table of more than half of it is made anew for each scan",
        source="Lodestar",
    )


def session_properties(settings: TpcdsConfig) -> Sequence[PropertyMetadata]:
    """As Trino 476 lists them."""
    return (
        PropertyMetadata(
            "split_count",
            "Number of split to be created. If not specified the number of splits is computed as "
            "'splits_per_node * <number of active nodes>'",
            INTEGER,
            settings.split_count,
        ),
        PropertyMetadata(
            "splits_per_node",
            "Number of splits created for each worker node",
            INTEGER,
            settings.splits_per_node or os.cpu_count() or 1,
        ),
        PropertyMetadata("with_no_sexism", "With no sexism", BOOLEAN, False, decode=_refuse_true),
    )
