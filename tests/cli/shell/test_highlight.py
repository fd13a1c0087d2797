from lodestar.cli.shell.highlight import styled_lines


def test_styles():
    assert styled_lines("select 'a' -- b\n, 1 from t") == [
        [("bold", "select"), ("", " "), ("ansigreen", "'a'"), ("", " "), ("ansibrightblack italic", "-- b")],
        [("ansibrightblack italic", ""), ("", ","), ("", " "), ("ansicyan", "1"), ("", " "), ("bold", "from"),
         ("", " "), ("", "t")],
    ]  # fmt: skip


def test_everything_behind_what_is_no_token_is_red():
    assert styled_lines("a ' b") == [[("", "a"), ("", " "), ("ansired", "'"), ("ansired", " "), ("ansired", "b")]]
