import pytest

from lodestar.cli.sql.statements import is_empty, split_statements

BODY = """create function f(x int) returns int
begin
  declare y int default if(x > 1, 2, 3);
  if x > 1 then set y = 1; elseif x = 0 then set y = 2;
  else set y = case when true then if(true, 1, 2) else 3 end; end if;
  case x when 1 then set y = 4; end case;
  while x < 1 do set x = x + 1; end while;
  again: loop leave again; end loop;
  repeat set y = y + 1; until y > 5 end repeat;
  return length(repeat('a', y));
end"""


@pytest.mark.parametrize(
    ("text", "statements", "rest"),
    [
        ("", [], ""),
        ("select 1", [], "select 1"),
        ("select 1;", ["select 1"], ""),
        ("select 1; select 2", ["select 1"], "select 2"),
        (" ;; select 1 ;;", ["select 1"], ""),
        ("select ';' ; select \";\" ; -- ;\n /* ; */ select 3;",
         ["select ';'", 'select ";"', "-- ;\n /* ; */ select 3"], ""),
        ("select 'open; select 2;", ["select 'open", "select 2"], ""),
        ("select 1 /* open; select 2;", ["select 1 /* open", "select 2"], ""),
        (f"{BODY}; select 1;", [BODY, "select 1"], ""),
        ("with function g() returns int begin return 3; end select g(); select 3;",
         ["with function g() returns int begin return 3; end select g()", "select 3"], ""),
        ("explain with function g() returns int if true then return 1; end if; select g();",
         ["explain with function g() returns int if true then return 1; end if", "select g()"], ""),
        ("create function f() returns int return repeat('a', 3); select 1;",
         ["create function f() returns int return repeat('a', 3)", "select 1"], ""),
        ("create function f() returns int begin return 1;", [], "create function f() returns int begin return 1;"),
        ("drop function f(int); show functions;", ["drop function f(int)", "show functions"], ""),
        ("start transaction; begin; end;", ["start transaction", "begin", "end"], ""),
    ],
)  # fmt: skip
def test_split(text, statements, rest):
    split = split_statements(text)
    assert [one.text for one in split.statements] == statements
    assert split.rest == rest


def test_vertical_delimiter():
    split = split_statements("select 1\\G select 2; select 3", vertical=True)
    assert [(one.text, one.delimiter) for one in split.statements] == [("select 1", "\\G"), ("select 2", ";")]
    assert split_statements("select 1\\G").rest == "select 1\\G"


@pytest.mark.parametrize(("text", "empty"), [("", True), (" \n-- x\n/* y */", True), ("-- x\n1", False), ("'", False)])
def test_empty(text, empty):
    assert is_empty(text) is empty
