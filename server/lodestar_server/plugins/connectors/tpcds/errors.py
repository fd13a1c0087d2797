"""Error codes of the tpcds connector. Trino's has none: its generator is part of the process."""

from lodestar_server.spi.errors import ErrorType, connector_code

TPCDS_GENERATOR_ERROR = connector_code("TPCDS_GENERATOR_ERROR", 0x05F1_0000, ErrorType.EXTERNAL)
