from datetime import UTC, datetime

import pytest

from lodestar_server.protocol.failure import RequestFault
from lodestar_server.protocol.headers import HeaderMap
from lodestar_server.protocol.requests import Caller, RequestRules, read_request, read_statement
from lodestar_server.session import Capability
from lodestar_server.spi.errors import PERMISSION_DENIED, SYNTAX_ERROR, LodestarError

START = datetime(2026, 1, 2, tzinfo=UTC)


def check_statement(text):
    if text == "SELEC":
        raise LodestarError(SYNTAX_ERROR, "line 1:1: no statement")


def check_role(user, role):
    if role != "admin":
        raise LodestarError(PERMISSION_DENIED, f"Access Denied: Cannot set role {role}")


RULES = RequestRules(
    server_time_zone="Europe/Rome",
    default_catalog="lake",
    default_schema="main",
    default_path="lake.functions",
    check_statement=check_statement,
    check_role=check_role,
)


def read(*lines, rules=RULES, prefix="Trino"):
    """A session from `Name: value` lines without their prefix."""
    pairs = [line.partition(":") for line in lines]
    headers = HeaderMap([(f"x-{prefix}-{name}".lower().encode(), value.strip().encode()) for name, _, value in pairs])
    caller = Caller("alice", groups=frozenset({"staff"}))
    return read_request("SELECT 1", headers, caller, rules, query_id="q", start=START, prefix=prefix)


def refusal(*lines, **named):
    with pytest.raises(RequestFault) as caught:
        read(*lines, **named)
    assert caught.value.status == 400
    return caught.value.message


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"a\xed\xa0\x80b", "a\ufffdb"),
        (b"\xed\xbf\xbf\xed\xa0\x80", "\ufffd\ufffd"),
        (b"a\xffb", "a\ufffdb"),
        (b"\xe2\x82", "\ufffd"),
        (b"\xf0\x9f\x98x", "\ufffdx"),
        ("\u20ac\U0001f600".encode(), "\u20ac\U0001f600"),
    ],
)
def test_what_is_no_utf8_is_replaced_as_java_does(body, text):
    assert read_statement(body, None) == text


def test_what_a_client_leaves_out():
    session = read().session
    assert (session.catalog, session.schema, session.path) == ("lake", "main", "lake.functions")
    assert (session.time_zone, session.locale, session.start) == ("Europe/Rome", "en_US", START)
    assert (session.user, session.identity.groups) == ("alice", frozenset({"staff"}))
    assert (session.transactions, session.transaction_id) == (False, None)
    bare = read(rules=RequestRules()).session
    assert (bare.catalog, bare.schema, bare.path, bare.time_zone) == (None, None, None, "UTC")


def test_a_client_that_names_a_catalog_gets_no_default_schema():
    session = read("Catalog: TPCH").session
    assert (session.catalog, session.schema) == ("tpch", None)
    assert refusal("Schema: tiny") == "Schema is set but catalog is not"


def test_other_users_have_none_of_the_callers_groups():
    session = read("User: bob", "Original-User: alice").session
    assert (session.user, session.identity.groups) == ("bob", frozenset())
    assert (session.original_identity.user, session.original_identity.groups) == ("alice", frozenset({"staff"}))


def test_session_properties():
    session = read("Session: a=1, b=x%2Cy+z", "Session: c.d=2,e.f.g=3").session
    assert session.system_properties == {"a": "1", "b": "x,y z"}
    assert session.catalog_properties == {"c": {"d": "2"}, "e.f": {"g": "3"}}


@pytest.mark.parametrize("text", [".a=1", "a.=1", "=1"])
def test_session_properties_without_a_name(text):
    assert refusal(f"Session: {text}") == "Invalid X-Trino-Session header"


def test_the_prefix_of_the_request_is_named_in_refusals():
    assert refusal("Session: a.=1", prefix="Presto") == "Invalid X-Presto-Session header"


def test_roles():
    roles = read("Role: system=ROLE{admin}, hive=ALL, lake=NONE, x=ROLE%7Ba+b%7D").session.roles
    assert {name: str(role) for name, role in roles.items()} == {
        "system": "ROLE{admin}",
        "hive": "ALL",
        "lake": "NONE",
        "x": "ROLE{a b}",
    }
    assert {*read("Role: SYSTEM=ALL, Hive=ALL").session.roles} == {"system", "Hive"}
    assert refusal("Role: hive=SOME") == "Invalid X-Trino-Role header"
    assert "Cannot set role other" in refusal("Role: system=ROLE{other}")
    assert read("Original-Roles: ROLE{a},ROLE{b}").session.original_roles == {"a", "b"}


def test_prepared_statements_must_parse():
    assert read("Prepared-Statement: p=SELECT+1%3F").session.prepared_statements == {"p": "SELECT 1?"}
    told = refusal("Prepared-Statement: p=SELEC")
    assert told == "Invalid X-Trino-Prepared-Statement header: line 1:1: no statement"


@pytest.mark.parametrize(
    ("text", "transactions", "transaction"),
    [
        ("NONE", True, None),
        ("none", True, None),
        ("0A1b2c3d-0-0-0-1", True, "0a1b2c3d-0000-0000-0000-000000000001"),
    ],
)
def test_transactions(text, transactions, transaction):
    session = read(f"Transaction-Id: {text}").session
    assert (session.transactions, session.transaction_id) == (transactions, transaction)


def test_transactions_that_are_none():
    assert refusal("Transaction-Id: x") == "Invalid UUID string: x"


def test_credentials():
    assert read("Extra-Credential: a=%3D,b=2").session.identity.extra_credentials == {"a": "=", "b": "2"}
    assert refusal("Extra-Credential: internal$x=1") == "Invalid extra credential name: internal$x"


def test_resource_estimates_in_seconds_and_bytes():
    estimates = read("Resource-Estimate: execution_time=2m, PEAK_MEMORY=1kB").session.resource_estimates
    assert sorted(estimates.values()) == [120.0, 1024.0]
    assert refusal("Resource-Estimate: rows=1") == "Unsupported resource name rows"
    assert refusal("Resource-Estimate: cpu_time=x").startswith("Unsupported format for resource estimate 'x': ")


def test_lists_keep_their_order_and_unknown_capabilities_are_no_fault():
    request = read("Client-Tags: b, a ,b,,", "Client-Capabilities: PATH,NEW,path")
    assert request.tags == ("b", "a")
    assert request.capabilities == ("PATH", "NEW", "path")
    assert request.session.capabilities == {Capability.PATH}


@pytest.mark.parametrize(
    ("body", "kind", "text"),
    [
        ("SELECT 'é'".encode(), None, "SELECT 'é'"),
        ("SELECT 'é'".encode("latin-1"), "text/plain; charset=ISO-8859-1", "SELECT 'é'"),
        ("SELECT 1".encode("utf-16-be"), "text/plain;charset=UTF-16", "SELECT 1"),
        ("SELECT 1".encode("utf-16"), "text/plain;charset=UTF-16", "SELECT 1"),
        (b"SELECT '\xff'", "text/plain", "SELECT '\ufffd'"),
    ],
)
def test_bodies(body, kind, text):
    assert read_statement(body, kind) == text


@pytest.mark.parametrize(("body", "kind"), [(b"", None), (b"SELECT 1", "text"), (b"SELECT 1", "text/plain;charset=no")])
def test_bodies_that_are_no_text(body, kind):
    with pytest.raises(RequestFault) as caught:
        read_statement(body, kind)
    assert caught.value.status == 400
