"""The names of the protocol's headers, under both prefixes, and session changes as response headers."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote_plus

from lodestar_server.protocol.failure import bad_request
from lodestar_server.protocol.prepared import compress_statement
from lodestar_server.session import SessionChanges

DEFAULT_PREFIX = "Trino"


class HeaderMap:
    """The headers of a request by lower-case name, values in order of their lines, stripped.

    Bytes above 127 are ISO-8859-1, as Trino reads them. Empty values stay: some headers tell empty from absent.
    """

    __slots__ = ("_values",)

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        values: dict[str, list[str]] = {}
        for name, value in raw:
            key = name.decode("latin-1").lower()
            text = value.decode("latin-1").strip()
            if key in values:
                values[key].append(text)
            else:
                values[key] = [text]
        self._values = values

    def lines(self, name: str) -> list[str]:
        """Every line's value; `name` in lower case."""
        return self._values.get(name, [])

    def first(self, name: str) -> str | None:
        """The first line's value, which may be empty; None without a line."""
        found = self._values.get(name)
        return found[0] if found else None

    def text(self, name: str) -> str | None:
        """The first line's value; None when absent or empty."""
        found = self._values.get(name)
        return (found[0] or None) if found else None

    def has_prefix(self, prefix: str) -> bool:
        """Whether any header begins so; `prefix` in lower case."""
        return any(name.startswith(prefix) for name in self._values)


def detect_prefix(headers: HeaderMap, alternate: str | None) -> str:
    """The prefix this request uses: `Trino`, or the configured alternate when its headers are there.

    Raises: RequestFault(400) when both are.
    """
    if alternate is None or not headers.has_prefix(f"x-{alternate.lower()}-"):
        return DEFAULT_PREFIX
    if headers.has_prefix("x-trino-"):
        raise bad_request(f"Both Trino and {alternate} headers detected")
    return alternate


def session_change_headers(
    changes: SessionChanges, prefix: str = DEFAULT_PREFIX, *, compression: tuple[int, int] | None = None
) -> list[tuple[str, str]]:
    """One (name, value) per line. Sent with every executing answer of a statement that succeeded.

    `compression` is (shortest length, least gain) in characters for prepared statements, None for never.
    """
    found: list[tuple[str, str]] = []

    def add(suffix: str, value: str) -> None:
        found.append((f"X-{prefix}-{suffix}", _one_line(value)))

    if changes.set_catalog is not None:
        add("Set-Catalog", changes.set_catalog)
    if changes.set_schema is not None:
        add("Set-Schema", changes.set_schema)
    if changes.set_path is not None:
        add("Set-Path", changes.set_path)
    if changes.set_authorization_user is not None:
        add("Set-Authorization-User", changes.set_authorization_user)
    if changes.reset_authorization_user:
        add("Reset-Authorization-User", "true")
    for role in changes.set_original_roles:
        add("Set-Original-Roles", str(role))
    for name, value in changes.set_session.items():
        add("Set-Session", f"{name}={form_encode(value)}")
    for name in changes.clear_session:
        add("Clear-Session", name)
    for catalog, role in changes.set_roles.items():
        add("Set-Role", f"{catalog}={form_encode(str(role))}")
    for name, sql in changes.added_prepare.items():
        text = sql if compression is None else compress_statement(sql, *compression)
        add("Added-Prepare", f"{form_encode(name)}={form_encode(text)}")
    for name in changes.deallocated_prepare:
        add("Deallocated-Prepare", form_encode(name))
    if changes.started_transaction_id is not None:
        add("Started-Transaction-Id", changes.started_transaction_id)
    if changes.clear_transaction:
        add("Clear-Transaction-Id", "true")
    return found


def split_list(lines: Iterable[str]) -> list[str]:
    """The items of a list header: lines and commas are the same; items are stripped, empty ones dropped."""
    return [item for line in lines for part in line.split(",") if (item := part.strip())]


def split_pairs(lines: Iterable[str], header: str) -> list[tuple[str, str]]:
    """The `name=value` items of a list header, not decoded. Raises: RequestFault(400)."""
    found = []
    for item in split_list(lines):
        name, equals, value = item.partition("=")
        if not equals or "=" in value:
            raise bad_request(f"Invalid {header} header")
        found.append((name.strip(), value.strip()))
    return found


def form_encode(text: str) -> str:
    """Form encoding as Java does it: letters, digits and `.-*_` stay, a blank becomes `+`."""
    return quote_plus(text, safe="*").replace("~", "%7E")


def url_decode(text: str, header: str) -> str:
    """Form decoding: `+` is a blank, `%XX` are UTF-8 bytes. Raises: RequestFault(400) for a `%` that is no code."""
    if "%" not in text:
        return text.replace("+", " ")
    bytes_ = bytearray()
    at = 0
    while at < len(text):
        character = text[at]
        if character == "%":
            code = text[at + 1 : at + 3]
            if len(code) < 2:
                raise bad_request(f"Invalid {header} header: {_DECODER}: Incomplete trailing escape (%) pattern")
            for digit in code:
                if digit not in _HEX_DIGITS:
                    detail = f'not a hexadecimal digit: "{digit}" = {ord(digit)}'
                    raise bad_request(
                        f"Invalid {header} header: {_DECODER}: Illegal hex characters in escape (%) pattern - {detail}"
                    )
            bytes_.append(int(code, 16))
            at += 3
        else:
            bytes_ += b" " if character == "+" else character.encode()
            at += 1
    return bytes_.decode("utf-8", "replace")


def _one_line(value: str) -> str:
    """A value that cannot end its header line; control characters in quoted identifiers would."""
    return value if value.isprintable() else "".join(c if c.isprintable() else " " for c in value)


_HEX_DIGITS = frozenset("0123456789abcdefABCDEF")
_DECODER = "java.lang.IllegalArgumentException: URLDecoder"
