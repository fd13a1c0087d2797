"""Parts of URLs, and their encoding."""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.functions.registry import ScalarCall, scalar, scalar_template
from lodestar_server.execution.kernel.sql import Sql

_PARTS = {"protocol": 1, "host": 2, "port": 3, "path": 4, "query": 5, "fragment": 6}
"""Groups of the pattern of plain URLs."""
_PLAIN = (
    r"^([A-Za-z][A-Za-z0-9+.-]*)://((?:[A-Za-z0-9]+\.)*[A-Za-z][A-Za-z0-9]*)(?::([0-9]{1,5}))?(/[A-Za-z0-9_.~/-]*)?"
    r"(?:\?([A-Za-z0-9_.~/=&:-]*))?(?:#([A-Za-z0-9_.~/-]*))?$"
)
"""Nothing to decode, and a host without doubts."""


def _part(name: str) -> None:
    @scalar(f"url_extract_{name}", total=True)
    def extract(call: ScalarCall) -> Sql:
        def read(url: Sql) -> Sql:
            plain = sql.fragment("regexp_extract({0}, {1}, {2})", url, sql.text(_PLAIN), sql.number(_PARTS[name]))
            if name == "port":
                plain = sql.fragment("TRY_CAST({0} AS BIGINT)", plain)
            matches = sql.fragment("regexp_matches({0}, {1})", url, sql.text(_PLAIN))
            return sql.case([(matches, plain)], sql.call(f"trino_url_extract_{name}", url))

        return sql.let(call.arguments[0], read)


for _name in _PARTS:
    _part(_name)

scalar_template("url_extract_parameter", "trino_url_extract_parameter({0}, {1})", total=False)
scalar_template("url_encode", "trino_url_encode({0})")


@scalar("url_decode")
def _url_decode(call: ScalarCall) -> Sql:
    return sql.let(call.arguments[0], lambda text: sql.call("trino_url_decode", text))
