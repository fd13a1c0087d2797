import base64

import pytest
import zstandard

PAIRS = [("X-Trino-Session", "query_priority=3,query_max_run_time=2h"), ("X-Trino-Session", "query_priority=4")]


def session(served, headers, sql="SELECT 1"):
    """The session that a statement with these headers gets."""
    lines = [("X-Trino-User", "alice"), *(headers.items() if isinstance(headers, dict) else headers)]
    answer = served.send("POST", "/v1/statement", lines, sql)
    assert answer.status == 200, answer.text
    return served.query(answer.json["id"]).session


def refusal(served, headers):
    lines = [("X-Trino-User", "alice"), *(headers.items() if isinstance(headers, dict) else headers)]
    answer = served.send("POST", "/v1/statement", lines, "SELECT 1")
    assert answer.status == 400
    return answer.text.removeprefix("Error 400 Bad Request: ")


def test_54_lines_and_lists_are_the_same(served):
    assert session(served, PAIRS).system_properties == {"query_priority": "4", "query_max_run_time": "2h"}
    assert session(served, {"x-trino-session": " a=1 , ,b=2,"}).system_properties == {"a": "1", "b": "2"}


def test_54_both_blanks_decode(served):
    found = session(served, {"X-Trino-Session": "a=x+y,b=x%20y,c=%C3%BC"}).system_properties
    assert found == {"a": "x y", "b": "x y", "c": "ü"}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("Session", "a", "Invalid X-Trino-Session header"),
        ("Session", "a=b=c", "Invalid X-Trino-Session header"),
        ("Session", "=b", "Invalid X-Trino-Session header"),
        ("Session", ".x=1", "Invalid X-Trino-Session header"),
        ("Session", "tpch.=1", "Invalid X-Trino-Session header"),
        (
            "Session",
            "a=%zz",
            "Invalid X-Trino-Session header: java.lang.IllegalArgumentException: URLDecoder: Illegal hex characters in "
            'escape (%) pattern - not a hexadecimal digit: "z" = 122',
        ),
        ("Role", "system=admin", "Invalid X-Trino-Role header"),
        ("Role", "system", "Invalid X-Trino-Role header"),
        ("Role", "system=ROLE%7Badmin%7D", "Access Denied: Cannot set role admin"),
        ("Prepared-Statement", "p", "Invalid X-Trino-Prepared-Statement header"),
        (
            "Prepared-Statement",
            "p=SELEC+1",
            "Invalid X-Trino-Prepared-Statement header: line 1:1: mismatched input 'SELEC 1'",
        ),
        (
            "Prepared-Statement",
            "p=%24zstd%3AAAAA",
            "Invalid X-Trino-Prepared-Statement header: a compressed statement cannot be read",
        ),
        ("Transaction-Id", "abc", "Invalid UUID string: abc"),
        ("Resource-Estimate", "FOO=1", "Unsupported resource name FOO"),
        (
            "Resource-Estimate",
            "PEAK_MEMORY=1h",
            "Unsupported format for resource estimate '1h': java.lang.IllegalArgumentException: Unknown unit: h",
        ),
        ("Extra-Credential", "internal$x=1", "Invalid extra credential name: internal$x"),
        ("Schema", "tiny", "Schema is set but catalog is not"),
    ],
)
def test_55_malformed_headers(served, name, value, message):
    assert refusal(served, {f"X-Trino-{name}": value}) == message


def test_56_empty_is_absent(served):
    names = "Catalog Schema Path Session Role Transaction-Id Client-Tags Resource-Estimate Extra-Credential Trace-Token"
    found = session(served, {f"X-Trino-{name}": "" for name in names.split()})
    assert (found.catalog, found.schema, found.path, found.transactions, found.trace_token) == (
        None,
        None,
        None,
        False,
        None,
    )
    assert (found.system_properties, found.roles, found.client_tags) == ({}, {}, frozenset())


def test_56_names_are_trimmed_and_lower(served):
    found = session(served, {"X-Trino-Catalog": " TPCH ", "X-Trino-Schema": "Tiny"})
    assert (found.catalog, found.schema) == ("tpch", "tiny")


def test_56_one_identity_only(served):
    lines = [("X-Trino-User", "bob")]
    assert refusal(served, lines) == "Header x-trino-user is there more than once"
    assert refusal(served, [("Authorization", "Basic YTo="), ("Authorization", "Basic Yjo=")]).startswith(
        "Header authorization"
    )
    assert session(served, [("X-Trino-User", "alice")]).user == "alice"


def test_57_tags_are_not_decoded(served):
    answer = served.post("SELECT 1", {"X-Trino-Client-Tags": "foo %20, b+c,,b+c"})
    document = served.send("GET", f"/v1/query/{answer.json['id']}", served.user).json
    assert document["session"]["clientTags"] == ["foo %20", "b+c"]


@pytest.mark.parametrize(
    ("value", "transactions", "transaction_id"),
    [
        (None, False, None),
        ("NONE", True, None),
        ("none", True, None),
        ("12345678-1234-1234-1234-123456789ABC", True, "12345678-1234-1234-1234-123456789abc"),
        ("1-2-3-4-5", True, "00000001-0002-0003-0004-000000000005"),
    ],
)
def test_58_transaction_ids(served, value, transactions, transaction_id):
    found = session(served, {} if value is None else {"X-Trino-Transaction-Id": value})
    assert (found.transactions, found.transaction_id) == (transactions, transaction_id)


def test_59_prepared_statements(served):
    frame = base64.urlsafe_b64encode(zstandard.ZstdCompressor().compress(b"SELECT 'long'")).decode()
    header = f"p%2C1=SELECT+%3F+%2B+1,P=%24zstd%3A{frame.replace('=', '%3D')},p%2C1=SELECT%207"
    assert session(served, {"X-Trino-Prepared-Statement": header}).prepared_statements == {
        "p,1": "SELECT 7",
        "P": "SELECT 'long'",
    }


@pytest.mark.parametrize(
    ("headers", "name", "message"),
    [
        ({"Session": "no_such=1"}, "INVALID_SESSION_PROPERTY", "Session property 'no_such' does not exist"),
        (
            {"Session": "QUERY_PRIORITY=1"},
            "INVALID_SESSION_PROPERTY",
            "Session property 'QUERY_PRIORITY' does not exist",
        ),
        ({"Session": "query_priority=x"}, "GENERIC_INTERNAL_ERROR", 'For input string: "x"'),
        (
            {"Session": "query_max_run_time="},
            "INVALID_SESSION_PROPERTY",
            "Session property 'query_max_run_time' is invalid: duration is empty",
        ),
        (
            {"Session": "join_distribution_type=abc"},
            "INVALID_SESSION_PROPERTY",
            "Session property 'join_distribution_type' is invalid: Invalid value [abc]. "
            "Valid values: [BROADCAST, PARTITIONED, AUTOMATIC]",
        ),
        ({"Time-Zone": "Nope/Zone"}, "NOT_SUPPORTED", "Time zone not supported: Nope/Zone"),
        ({"Time-Zone": ""}, "GENERIC_INTERNAL_ERROR", "Zone id is an empty string"),
        ({"Session": "time_zone_id=nope"}, "NOT_SUPPORTED", "Time zone not supported: nope"),
        ({"Original-User": "carol"}, "PERMISSION_DENIED", "Access Denied: User carol cannot impersonate user alice"),
    ],
)
def test_60_what_the_query_fails_with(served, headers, name, message):
    last = served.run("SELECT 1", {f"X-Trino-{key}": value for key, value in headers.items()})[-1].json
    assert (last["error"]["errorName"], last["error"]["message"]) == (name, message)


@pytest.mark.parametrize(
    ("headers", "zone"),
    [
        ({}, "UTC"),
        ({"Time-Zone": "Europe/Paris"}, "Europe/Paris"),
        ({"Time-Zone": "GMT+2"}, "+02:00"),
        ({"Time-Zone": "Europe/Paris", "Session": "time_zone_id=Asia%2FTokyo"}, "Asia/Tokyo"),
    ],
)
def test_60_the_effective_zone(served, headers, zone):
    first = served.run("SELECT 1", {f"X-Trino-{key}": value for key, value in headers.items()})[0].json
    assert served.query(first["id"]).context.time_zone == zone


def test_61_the_alternate_prefix(start_server):
    both = start_server(**{"protocol_v1_alternate-header-name": "Presto"})
    answer = both.send("POST", "/v1/statement", {"X-Presto-User": "p", "X-Presto-Catalog": "tpch"}, "SET SESSION a = b")
    assert both.query(answer.json["id"]).session.catalog == "tpch"
    last = both.follow(answer)[-1]
    assert (last.values("X-Presto-Set-Session"), last.values("X-Trino-Set-Session")) == (["a=b"], [])
    mixed = both.post("SELECT 1", {"X-Presto-User": "p"})
    assert (mixed.status, mixed.text) == (400, "Error 400 Bad Request: Both Trino and Presto headers detected")
    both.stop()


def test_61_other_prefixes_are_not_ours(served):
    assert served.send("POST", "/v1/statement", {"X-Presto-User": "p"}, "SELECT 1").status == 401
