"""Settings of a memory catalog."""

from __future__ import annotations

from lodestar_server.spi.properties import ConfigGroup, DataSize, config

_SOURCE = "Trino: connector/memory"


class MemoryConfig(ConfigGroup):
    """What Trino's connector has."""

    max_data_per_node: DataSize = config(
        "memory.max-data-per-node", default="128MB", doc="Most that the tables of the catalog may hold", source=_SOURCE
    )
    splits_per_node: int | None = config(
        "memory.splits-per-node", default=None, minimum="1", doc="Pieces in which a table is read", source=_SOURCE
    )
    lazy_dynamic_filtering: bool = config(
        "memory.enable-lazy-dynamic-filtering", default="true", doc="Accepted; has no effect", source=_SOURCE
    )
