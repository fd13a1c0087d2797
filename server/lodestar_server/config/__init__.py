"""Configuration: Trino's files and names, read into typed groups; every fault at once, with file, line and key."""

from lodestar_server.config.faults import ConfigurationFaults, Fault
from lodestar_server.config.loader import CatalogFile, Configuration, load_configuration
from lodestar_server.config.version import COMPATIBLE_VERSION

__all__ = [
    "COMPATIBLE_VERSION",
    "CatalogFile",
    "Configuration",
    "ConfigurationFaults",
    "Fault",
    "load_configuration",
]
