"""Where rules are: a file, or what an HTTP server answers. Source: Trino HttpBasedAccessControlRulesProvider."""

from __future__ import annotations

from pathlib import Path

from lodestar_server.plugins.toolkit.security.rules_file import RulesError

ANSWER_SECONDS = 10.0
"""A statement may wait for new rules; longer than this it does not."""
_MAX_BYTES = 16 << 20


def is_address(place: str) -> bool:
    """An HTTP address, not a path."""
    return place.startswith(("http://", "https://"))


def read_source(place: str, seconds: float = ANSWER_SECONDS) -> bytes:
    """The text of the rules. Raises: RulesError."""
    if is_address(place):
        return _fetched(place, seconds)
    try:
        return Path(place).read_bytes()
    except OSError as fault:
        raise RulesError([f"cannot be read: {fault.strerror or fault}"]) from None


def _fetched(address: str, seconds: float) -> bytes:
    from http.client import HTTPException
    from urllib.error import HTTPError, URLError
    from urllib.request import ProxyHandler, build_opener

    opener = build_opener(ProxyHandler({}))  # not by way of whatever the environment names
    try:
        with opener.open(address, timeout=seconds) as response:
            status = response.status
            content: bytes = response.read(_MAX_BYTES + 1)
            if len(content) <= _MAX_BYTES and response.length:
                raise RulesError([f"Request to '{address}' failed: {response.length} bytes are missing"])
    except HTTPError as fault:
        with fault:
            status, content = fault.code, b""
    except (OSError, HTTPException, ValueError) as fault:
        reason = fault.reason if isinstance(fault, URLError) else fault
        raise RulesError([f"Request to '{address}' failed: {reason}"]) from None
    if status != 200:
        raise RulesError([f"Request to '{address}' returned unexpected status code: '{status}'"])
    if len(content) > _MAX_BYTES:
        raise RulesError([f"Request to '{address}' returned more than {_MAX_BYTES} bytes"])
    return content
