"""Binary values: digests, encodings, numbers as bytes."""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.functions.registry import ScalarCall, scalar, scalar_template
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.types import VARBINARY

for _digest in ("md5", "sha1", "sha256"):
    scalar_template(_digest, f"unhex({_digest}({{0}}))")

for _function in ("sha512", "murmur3", "xxhash64", "spooky_hash_v2_32", "spooky_hash_v2_64", "crc32", "to_base32"):
    scalar_template(_function, f"trino_{_function}({{0}})")

for _function in ("from_big_endian_32", "from_big_endian_64", "from_ieee754_32", "from_ieee754_64"):
    scalar_template(_function, f"trino_{_function}({{0}})", total=False)

for _function in ("hmac_md5", "hmac_sha1", "hmac_sha256", "hmac_sha512"):
    scalar_template(_function, f"trino_{_function}({{0}}, {{1}})", total=False)

scalar_template("to_ieee754_32", "trino_to_ieee754_32({0})")
scalar_template("to_ieee754_64", "trino_to_ieee754_64({0})")
scalar_template("to_big_endian_32", "unhex(right(lpad(hex({0}), 16, '0'), 8))")
scalar_template("to_big_endian_64", "unhex(lpad(hex({0}), 16, '0'))")
scalar_template("to_hex", "hex({0})")
scalar_template("to_base64", "base64({0})")
scalar_template("to_base64url", "translate(base64({0}), '+/', '-_')")


def _as_bytes(call: ScalarCall) -> Sql:
    """The argument, varchar or varbinary."""
    value = call.arguments[0]
    return value if call.types[0] == VARBINARY else sql.call("encode", value)


@scalar("from_hex")
def _from_hex(call: ScalarCall) -> Sql:
    if call.types[0] == VARBINARY:
        return sql.call("trino_from_hex", call.arguments[0])

    def decoded(text: Sql) -> Sql:
        # DuckDB raises for what is no digit, but takes a single one for a byte.
        plain = sql.attempt(sql.fragment("CASE WHEN strlen({0}) % 2 = 0 THEN unhex({0}) END", text))
        return sql.call("coalesce", plain, sql.fragment("trino_from_hex(encode({0}))", text))

    return sql.let(call.arguments[0], decoded)


@scalar("from_base64")
def _from_base64(call: ScalarCall) -> Sql:
    if call.types[0] == VARBINARY:
        return sql.call("trino_from_base64", call.arguments[0])

    def decoded(text: Sql) -> Sql:
        # DuckDB decodes what it would encode so; the rest is judged as Java does.
        plain = sql.attempt(sql.call("from_base64", text))
        judged = sql.fragment("trino_from_base64(encode({0}))", text)
        return sql.case([(sql.fragment("base64({0}) = {1}", plain, text), plain)], judged)

    return sql.let(call.arguments[0], decoded)


@scalar("from_base64url")
def _from_base64url(call: ScalarCall) -> Sql:
    return sql.call("trino_from_base64url", _as_bytes(call))


@scalar("from_base32")
def _from_base32(call: ScalarCall) -> Sql:
    return sql.call("trino_from_base32", _as_bytes(call))


scalar_template("char2hexint", "trino_char2hexint({0})")
scalar_template("uuid", "CAST(uuid() AS BLOB)")
