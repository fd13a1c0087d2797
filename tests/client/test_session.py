import pytest

from lodestar.errors import InterfaceError
from lodestar.session import ClientSession, apply_headers, session_headers


def after(*headers, session=None):
    return apply_headers(
        session or ClientSession(user="alice"), [(f"x-trino-{name}", value) for name, value in headers]
    )


def test_headers_of_a_session():
    session = ClientSession(
        user="alice",
        catalog="c",
        schema="s",
        client_tags=("a", "b =c"),
        properties={"p": "1 GB, or =2", "c.q": "ü"},
        roles={"system": "ROLE{admin}"},
        prepared={"my st": "SELECT 1, 'x'"},
        extra_credentials={"k": "v"},
    )
    headers = session_headers(session)
    assert ("X-Trino-Session", "p=1%20GB%2C%20or%20%3D2") in headers
    assert ("X-Trino-Session", "c.q=%C3%BC") in headers
    assert ("X-Trino-Role", "system=ROLE%7Badmin%7D") in headers
    assert ("X-Trino-Prepared-Statement", "my%20st=SELECT%201%2C%20%27x%27") in headers
    assert ("X-Trino-Client-Tags", "a,b =c") in headers
    assert ("X-Trino-Transaction-Id", "NONE") in headers
    # Nothing is sent that is not set.
    assert all(value for _, value in headers)


@pytest.mark.parametrize(
    "session",
    [
        ClientSession(user="a\r\nX-Evil: 1"),
        ClientSession(user="a", catalog="c\x00"),
        ClientSession(user="a", client_tags=("a,b",)),
        ClientSession(user="пользователь"),
    ],
)
def test_values_that_no_header_carries(session):
    with pytest.raises(InterfaceError):
        session_headers(session)


def test_credentials_are_not_shown():
    assert "secret" not in repr(ClientSession(extra_credentials={"k": "secret"}))


def test_nothing_changes_without_headers():
    session = ClientSession(user="alice")
    assert apply_headers(session, [("content-type", "x"), ("x-trino-unknown", "y")]) is session


def test_names_are_raw():
    session = after(("set-catalog", "a,b"), ("set-schema", "s%20"), ("set-path", "a.b, c"))
    assert (session.catalog, session.schema, session.path) == ("a,b", "s%20", "a.b, c")


def test_properties():
    session = after(("set-session", "a=1+GB"), ("set-session", "b=x%2Cy, c="))
    assert session.properties == {"a": "1 GB", "b": "x,y", "c": ""}
    assert after(("clear-session", "a"), ("clear-session", "zzz"), session=session).properties == {"b": "x,y", "c": ""}


def test_prepared_statements():
    session = after(("added-prepare", "my+st=SELECT+%2B1"))
    assert session.prepared == {"my st": "SELECT +1"}
    assert after(("deallocated-prepare", "my+st"), session=session).prepared == {}


def test_transactions():
    session = after(("started-transaction-id", "a-b"))
    assert session.transaction_id == "a-b"
    assert after(("clear-transaction-id", "true"), session=session).transaction_id is None


def test_roles_and_users():
    session = after(("set-role", "system=ROLE%7Badmin%7D"), ("set-role", "c=NONE"))
    assert session.roles == {"system": "ROLE{admin}", "c": "NONE"}
    other = after(("set-authorization-user", "bob"), ("set-original-roles", "ROLE%7Badmin%7D"), session=session)
    assert (other.user, other.original_user, other.original_roles, other.roles) == (
        "bob",
        "alice",
        ("ROLE{admin}",),
        {},
    )
    third = after(("set-authorization-user", "carol"), session=other)
    assert (third.user, third.original_user) == ("carol", "alice")
    back = after(("reset-authorization-user", "true"), session=third)
    assert (back.user, back.original_user, back.original_roles) == ("alice", None, ())


def test_headers_may_come_again():
    headers = [("set-session", "a=1"), ("set-original-roles", "ROLE%7Bx%7D"), ("added-prepare", "s=SELECT+1")]
    assert after(*headers, session=after(*headers)) == after(*headers)
