import pytest

from lodestar_server.protocol.locales import locale_of_tag


@pytest.mark.parametrize(
    ("tag", "locale"),
    [
        ("en-US", "en_US"),
        ("de", "de"),
        ("DE-ch", "de_CH"),
        ("en_US", ""),
        ("xx-invalid", "xx__invalid"),
        ("zz-ZZ-x", "zz_ZZ"),
        ("*", ""),
        ("", ""),
        ("nope!", ""),
        ("zh-Hant-TW", "zh_TW_#Hant"),
        ("es-419", "es_419"),
    ],
)
def test_tags(tag, locale):
    assert locale_of_tag(tag) == locale
