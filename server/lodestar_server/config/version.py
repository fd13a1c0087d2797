"""What this server says it is."""

COMPATIBLE_VERSION = "476"
"""The Trino version whose behaviour clients may expect; what `/v1/info` and `version()` answer."""
