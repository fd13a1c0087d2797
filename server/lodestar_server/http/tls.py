"""TLS of the server's own socket: versions 1.2 and 1.3, key and certificates from one PEM file."""

from __future__ import annotations

import ssl

from lodestar_server.config import ConfigurationFaults, Fault
from lodestar_server.http.config import HttpConfig


def tls_context(config: HttpConfig) -> ssl.SSLContext:
    """Raises: ConfigurationFaults when the file cannot be read."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(config.keystore_path or "", password=config.keystore_key)
    except (OSError, ssl.SSLError):
        message = "cannot be read as a PEM file with a key and its certificates"
        raise ConfigurationFaults([Fault(message, "http-server.https.keystore.path")]) from None
    return context
