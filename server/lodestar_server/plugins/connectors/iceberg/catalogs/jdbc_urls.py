"""JDBC's addresses of databases as SQLAlchemy's."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from sqlalchemy import URL

_DRIVERS = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql", "mariadb": "mysql+pymysql"}
_PASSED = frozenset({"sslmode", "sslrootcert", "sslcert", "sslkey", "application_name", "connect_timeout"})
_RENAMED = {"ApplicationName": "application_name", "connectTimeout": "connect_timeout"}


def engine_url(address: str, user: str | None, password: str | None) -> URL:
    """The user of the settings beats the one of the address. Raises: ValueError with a message that tells no secret."""
    from sqlalchemy import URL

    kind, mark, rest = address.removeprefix("jdbc:").partition(":")
    if not address.startswith("jdbc:") or not mark:
        raise ValueError("Invalid JDBC URL: it begins with jdbc:postgresql:, jdbc:mysql: or jdbc:sqlite:")
    if kind == "sqlite":
        return URL.create("sqlite", database=rest.removeprefix("file:").partition("?")[0])
    if kind not in _DRIVERS:
        raise ValueError(f"No database of kind '{kind}' is known; use jdbc:postgresql:, jdbc:mysql: or jdbc:sqlite:")
    parts = urlsplit(rest if rest.startswith("//") else f"///{rest}")
    try:
        port = parts.port
    except ValueError:
        raise ValueError("Invalid JDBC URL: it names no single host and port") from None
    given = dict(parse_qsl(parts.query, keep_blank_values=True))
    user = user or given.pop("user", None) or parts.username
    password = password or given.pop("password", None) or parts.password
    return URL.create(
        _DRIVERS[kind],
        username=user,
        password=password,
        host=parts.hostname or "localhost",
        port=port,
        database=unquote(parts.path.lstrip("/")) or None,
        query=_query(kind, given),
    )


def _query(kind: str, given: dict[str, str]) -> dict[str, str]:
    made = {}
    for key, value in given.items():
        name = _RENAMED.get(key, key)
        if key in ("user", "password"):
            continue
        if kind == "postgresql" and name in _PASSED:
            made[name] = value
        elif kind == "postgresql" and key == "currentSchema":
            made["options"] = f"-csearch_path={value}"
        else:
            raise ValueError(f"Parameter '{key}' of the JDBC URL is not supported")
    return made
