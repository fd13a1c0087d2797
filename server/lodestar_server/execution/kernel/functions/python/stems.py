"""Stems of words by the Snowball algorithms."""

from __future__ import annotations

from functools import cache
from typing import Any

import pyarrow as pa

from lodestar_server.execution.kernel.functions.python.registry import value_function
from lodestar_server.execution.kernel.functions.python.texts import refused

_LANGUAGES = {
    "ca": "catalan",
    "da": "danish",
    "de": "german",
    "en": "english",
    "es": "spanish",
    "eu": "basque",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "hy": "armenian",
    "ir": "irish",
    "it": "italian",
    "lt": "lithuanian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "tr": "turkish",
}


@cache
def _stemmer(language: str) -> Any:
    import snowballstemmer  # loads every language, which costs more than most queries

    return snowballstemmer.stemmer(_LANGUAGES[language])


@value_function("trino_word_stem", ["VARCHAR", "VARCHAR"], "VARCHAR", pa.string())
def word_stem(word: str, language: str) -> str:
    """The stem in a language by its two letters."""
    if language not in _LANGUAGES:
        raise refused(f"Unknown stemmer language: {language}")
    return str(_stemmer(language).stemWord(word))
