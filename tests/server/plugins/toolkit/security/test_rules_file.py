"""Files of rules: what they say, and everything that is wrong with them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lodestar_server.plugins.toolkit.security.rules import Expression, RoutinePrivilege, TablePrivilege
from lodestar_server.plugins.toolkit.security.rules_file import RulesError, read_rules
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.security import Principal, PrincipalKind
from lodestar_server.spi.session import Identity

ALICE, BOB = Identity("alice"), Identity("bob", groups=frozenset({"staff", "night"}))
T = SchemaTableName("s", "t")


def faults(document: Any, pointer: str = "") -> list[str]:
    with pytest.raises(RulesError) as raised:
        read_rules(json.dumps(document).encode(), pointer)
    return list(raised.value.faults)


def test_kinds_without_rules_have_their_own_defaults() -> None:
    rules = read_rules(b"{}")
    found = rules.table_rule(ALICE, T)
    assert found is not None and found.privileges == set(TablePrivilege)
    assert rules.owns_schema(ALICE, "s") and rules.sets_property(ALICE, "p")
    assert not rules.function_privileges(ALICE, T) and not rules.procedure_privileges(ALICE, T)
    assert not rules.authorizes(ALICE, Principal(PrincipalKind.USER, "bob"))


def test_empty_lists_allow_nothing() -> None:
    rules = read_rules(b'{"schemas": [], "tables": [], "session_properties": []}')
    assert rules.table_rule(ALICE, T) is None
    assert not rules.owns_schema(ALICE, "s") and not rules.sees_schema(ALICE, "s")
    assert not rules.sets_property(ALICE, "p")


def test_the_first_rule_that_matches_decides() -> None:
    rules = read_rules(
        b'{"schemas": [{"user": "alice", "owner": false}, {"schema": "s", "owner": true}],'
        b' "tables": [{"group": "ni.*", "table": "t|u", "privileges": ["select"]}, {"privileges": []}]}'
    )
    assert not rules.owns_schema(ALICE, "s") and rules.owns_schema(BOB, "s") and not rules.owns_schema(BOB, "st")
    found = [rules.table_rule(user, T) for user in (ALICE, BOB)]
    assert [one and one.privileges for one in found] == [frozenset(), {TablePrivilege.SELECT}]


def test_filters_and_masks_are_those_of_the_rule_that_decides() -> None:
    document = {
        "tables": [
            {"user": "bob", "privileges": ["SELECT"], "filter": "a > 1", "filter_environment": {"user": "sys"}},
            {"privileges": ["SELECT"], "filter": None, "columns": [{"name": "a", "mask": "0"}, {"name": "b"}]},
        ]
    }
    rules = read_rules(json.dumps(document).encode())
    of_bob, of_alice = rules.table_rule(BOB, T), rules.table_rule(ALICE, T)
    assert of_bob is not None and of_alice is not None
    assert (of_bob.filter, of_bob.masks) == (Expression("a > 1", "sys"), {})
    assert (of_alice.filter, of_alice.masks) == (None, {"a": Expression("0")})


def test_any_rule_opens_a_schema() -> None:
    rules = read_rules(
        b'{"schemas": [{"owner": false}], "tables": [{"privileges": []}, {"schema": "a", "privileges": ["INSERT"]}],'
        b' "procedures": [{"schema": "system", "privileges": ["EXECUTE"]}]}'
    )
    assert [one for one in ("a", "b", "system") if rules.sees_schema(ALICE, one)] == ["a", "system"]


def test_a_pattern_means_the_whole_name() -> None:
    rules = read_rules(b'{"functions": [{"user": "al", "privileges": ["EXECUTE"]}, {"privileges": ["OWNERSHIP"]}]}')
    assert rules.function_privileges(ALICE, T) == {RoutinePrivilege.OWNERSHIP}


def test_authorization_is_for_users_alone() -> None:
    rules = read_rules(b'{"authorization": [{"originalUser": "alice", "newUser": "b.*"}]}')
    assert rules.authorizes(ALICE, Principal(PrincipalKind.USER, "bob"))
    assert not rules.authorizes(ALICE, Principal(PrincipalKind.ROLE, "bob"))
    assert not rules.authorizes(BOB, Principal(PrincipalKind.USER, "bob"))


def test_rules_may_be_below_a_pointer() -> None:
    content = b'{"a/b": [{}, {"schemas": []}]}'
    assert not read_rules(content, "/a~1b/1").schemas
    with pytest.raises(RulesError, match="there is no object at '/a~1b/2'"):
        read_rules(content, "/a~1b/2")
    with pytest.raises(RulesError, match="does not begin with '/'"):
        read_rules(content, "a")


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ([], ["not an object"]),
        ({"roles": []}, ["'roles' is not known here"]),
        ({"schemas": {}}, ["'schemas' is not a list"]),
        ({"schemas": [1]}, ["schemas[0]: not an object"]),
        ({"schemas": [{"owner": 1}]}, ["schemas[0]: 'owner' is neither true nor false"]),
        ({"tables": [{}]}, ["tables[0]: 'privileges' is missing"]),
        (
            {"procedures": [{"privileges": ["OWNERSHIP"]}]},
            ["procedures[0]: privilege 'OWNERSHIP' is not one of EXECUTE, GRANT_EXECUTE"],
        ),
        ({"authorization": [{}]}, ["authorization[0]: 'new_user' is missing"]),
        (
            {"schemas": [{"role": "admin"}], "tables": [{"privileges": [], "columns": [{"allow": True}]}]},
            [
                "schemas[0]: File connector access control does not support role rules",
                "tables[0].columns[0]: 'name' is missing",
            ],
        ),
        (
            {
                "tables": [
                    {
                        "privileges": ["SELECT"],
                        "filter": 1,
                        "filter_environment": {"users": "u"},
                        "columns": [{"name": "a", "mask": "0", "mask_environment": "u"}],
                    }
                ]
            },
            [
                "tables[0].columns[0]: 'mask_environment' is not an object",
                "tables[0]: 'filter' is not a text",
                "tables[0].filter_environment: 'users' is not known here",
            ],
        ),
        (
            {"tables": [{"privileges": [], "columns": [{"name": "a"}, {"name": "a", "allow": False}]}]},
            ["tables[0]: column 'a' is there twice"],
        ),
    ],
)
def test_all_faults_are_told_with_their_places(document: Any, expected: list[str]) -> None:
    assert faults(document) == expected


@pytest.mark.parametrize("pattern", ["(", r"\p{L}+", "[a-z&&[^b]]", "[[a]b]"])
def test_patterns_that_mean_something_else_here_are_refused(pattern: str) -> None:
    (fault,) = faults({"schemas": [{"schema": pattern}]})
    assert fault.startswith(f"schemas[0]: 'schema' is not a regular expression that is supported: {pattern} (")
