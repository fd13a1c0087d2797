import pytest

from lodestar_server.protocol.failure import RequestFault
from lodestar_server.protocol.headers import HeaderMap, detect_prefix, form_encode, split_list, split_pairs, url_decode


def headers(*pairs):
    return HeaderMap([(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs])


def test_names_have_no_case_and_values_are_latin_1():
    found = HeaderMap([(b"X-Trino-User", b" b\xc3\xb3b "), (b"x-trino-user", b"c")])
    assert (found.first("x-trino-user"), found.lines("x-trino-user")) == ("bÃ³b", ["bÃ³b", "c"])
    assert (found.first("nope"), found.text("nope"), found.lines("nope")) == (None, None, [])


def test_empty_is_told_from_absent():
    found = headers(("X-Trino-Source", ""))
    assert (found.first("x-trino-source"), found.text("x-trino-source")) == ("", None)


@pytest.mark.parametrize("text", ["a b", "ü€😀", "a+b%=&,~*", "x" * 100, ""])
def test_encoding_and_decoding(text):
    assert url_decode(form_encode(text), "X") == text


@pytest.mark.parametrize("text", ["%", "%4", "%zz", "a%g1", "%é1"])
def test_codes_that_are_none(text):
    with pytest.raises(RequestFault) as caught:
        url_decode(text, "X-Trino-Session")
    assert caught.value.status == 400


def test_bytes_that_are_no_utf8_are_replaced():
    assert url_decode("%ff", "X") == "�"


def test_lists():
    assert split_list(["a, b", "", ",c ,,"]) == ["a", "b", "c"]
    assert split_pairs(["a=b, c="], "X") == [("a", "b"), ("c", "")]


def test_prefixes():
    assert detect_prefix(headers(("X-Presto-User", "p")), None) == "Trino"
    assert detect_prefix(headers(("X-Presto-User", "p")), "Presto") == "Presto"
    assert detect_prefix(headers(("X-Trino-User", "p")), "Presto") == "Trino"
    with pytest.raises(RequestFault, match="Both Trino and Presto headers detected"):
        detect_prefix(headers(("X-Trino-User", "p"), ("X-Presto-Source", "s")), "Presto")
