"""Error codes of the tpch connector. Trino's has none: its generator is part of the process."""

from lodestar_server.spi.errors import ErrorType, connector_code

TPCH_GENERATOR_ERROR = connector_code("TPCH_GENERATOR_ERROR", 0x05F0_0000, ErrorType.EXTERNAL)
