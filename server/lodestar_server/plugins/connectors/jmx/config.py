"""Settings of a jmx catalog."""

from __future__ import annotations

import re

from lodestar_server.spi.properties import ConfigGroup, Duration, config

_SOURCE = "Trino: connector/jmx"


class JmxConfig(ConfigGroup):
    """What is remembered."""

    dump_tables: str = config(
        "jmx.dump-tables",
        default="",
        doc="Beans whose values are kept in the schema history, separated by commas; a comma in a name is written \\,",
        source=_SOURCE,
    )
    dump_period: Duration = config(
        "jmx.dump-period", default="10s", minimum="1ms", doc="Time between two samples", source=_SOURCE
    )
    max_entries: int = config(
        "jmx.max-entries", default="86400", minimum="1", doc="Samples that are kept of each bean", source=_SOURCE
    )

    @property
    def tables(self) -> tuple[str, ...]:
        """`dump_tables` as names in lower case."""
        parts = re.split(r"(?<!\\),", self.dump_tables)
        return tuple(part.strip().replace("\\,", ",").lower() for part in parts if part.strip())
