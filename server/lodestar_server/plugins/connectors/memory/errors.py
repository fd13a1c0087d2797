"""Error codes of the memory connector. Source: Trino MemoryErrorCode."""

from lodestar_server.spi.errors import ErrorType, connector_code

MISSING_DATA = connector_code("MISSING_DATA", 0x0502_0000, ErrorType.EXTERNAL)
MEMORY_LIMIT_EXCEEDED = connector_code("MEMORY_LIMIT_EXCEEDED", 0x0502_0001, ErrorType.EXTERNAL)
