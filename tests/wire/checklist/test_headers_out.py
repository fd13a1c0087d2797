from lodestar_server.query.results import SessionChanges
from lodestar_server.session import RoleKind, SelectedRole
from lodestar_server.spi.errors import NOT_SUPPORTED, LodestarError


def answers(served, name, changes, *, fail=False):
    def action(context, results):
        results.describe(None, "SET SESSION")
        results.begin([], spoolable=False)
        results.change_session(changes)
        if fail:
            raise LodestarError(NOT_SUPPORTED, "no")
        results.finish()

    served.pipeline.extra[name] = action
    return served.run(name)


def test_62_on_every_executing_answer_after_success(served):
    found = answers(served, "CHANGE", SessionChanges(set_session={"a": "1"}))
    executing = [answer for answer in found if "columns" in answer.json]
    assert executing
    assert all(answer.values("X-Trino-Set-Session") == ["a=1"] for answer in executing)
    assert not any(answer.values("X-Trino-Set-Session") for answer in found if answer not in executing)


def test_62_never_after_a_failure(served):
    found = answers(served, "CHANGE AND FAIL", SessionChanges(set_session={"a": "1"}), fail=True)
    assert found[-1].json["error"]["errorName"] == "NOT_SUPPORTED"
    assert not any(name.lower().startswith("x-trino-") for answer in found for name, _ in answer.headers)


def test_63_each_value_on_its_line_encoded_where_it_must_be(served):
    changes = SessionChanges(
        set_catalog="a,b",
        set_schema="s",
        set_path='"A".b, c',
        set_session={"x": "a b=ü,*~", "c.y": "1"},
        clear_session=["p", "q"],
        set_roles={"system": SelectedRole(RoleKind.ROLE, "x"), "hive": SelectedRole(RoleKind.NONE)},
        added_prepare={"st 1": "SELECT ? + 1\n"},
        deallocated_prepare=["a b"],
        started_transaction_id="12345678-1234-1234-1234-123456789abc",
        clear_transaction=True,
        set_authorization_user="bob",
        set_original_roles=[SelectedRole(RoleKind.ROLE, "r1"), SelectedRole(RoleKind.ROLE, "r2")],
        reset_authorization_user=True,
    )
    last = answers(served, "CHANGE EVERYTHING", changes)[-1]
    found = [(name.removeprefix("X-Trino-"), value) for name, value in last.headers if name.startswith("X-Trino-")]
    assert sorted(found) == sorted(
        [
            ("Set-Catalog", "a,b"),
            ("Set-Schema", "s"),
            ("Set-Path", '"A".b, c'),
            ("Set-Session", "x=a+b%3D%C3%BC%2C*%7E"),
            ("Set-Session", "c.y=1"),
            ("Clear-Session", "p"),
            ("Clear-Session", "q"),
            ("Set-Role", "system=ROLE%7Bx%7D"),
            ("Set-Role", "hive=NONE"),
            ("Added-Prepare", "st+1=SELECT+%3F+%2B+1%0A"),
            ("Deallocated-Prepare", "a+b"),
            ("Started-Transaction-Id", "12345678-1234-1234-1234-123456789abc"),
            ("Clear-Transaction-Id", "true"),
            ("Set-Authorization-User", "bob"),
            ("Set-Original-Roles", "ROLE{r1}"),
            ("Set-Original-Roles", "ROLE{r2}"),
            ("Reset-Authorization-User", "true"),
        ]
    )


def test_63_a_value_cannot_add_a_header(served):
    last = answers(served, "CHANGE EVIL", SessionChanges(set_schema="x\r\nSet-Cookie: a=b"))[-1]
    assert last.values("Set-Cookie") == []
    assert last.values("X-Trino-Set-Schema") == ["x  Set-Cookie: a=b"]


def test_63_long_statements_are_compressed(served):
    sql = "SELECT " + ", ".join(f"column_{n}" for n in range(400))
    last = answers(served, "CHANGE LONG", SessionChanges(added_prepare={"p": sql}))[-1]
    (value,) = last.values("X-Trino-Added-Prepare")
    assert value.startswith("p=%24zstd%3A")
    posted = served.post("SELECT 1", {"X-Trino-Prepared-Statement": value})
    assert served.query(posted.json["id"]).session.prepared_statements == {"p": sql}
