"""The session's locale from a language tag, in the form in which query documents show it."""

from __future__ import annotations

import re
from functools import lru_cache

_LANGUAGE = re.compile(r"[a-zA-Z]{2,8}", re.ASCII)
_SCRIPT = re.compile(r"[a-zA-Z]{4}", re.ASCII)
_REGION = re.compile(r"[a-zA-Z]{2}|\d{3}", re.ASCII)
_VARIANT = re.compile(r"[a-zA-Z0-9]{5,8}|\d[a-zA-Z0-9]{3}", re.ASCII)


@lru_cache(maxsize=256)
def locale_of_tag(tag: str) -> str:
    """`de-CH` → `de_CH`, `de` → `de`; what is no language tag gives the empty root locale. The rest is ignored."""
    subtags = tag.split("-")
    if not _LANGUAGE.fullmatch(subtags[0]):
        return ""
    language, rest = subtags[0].lower(), subtags[1:]
    script = region = ""
    if rest and _SCRIPT.fullmatch(rest[0]):
        script, rest = rest[0].title(), rest[1:]
    if rest and _REGION.fullmatch(rest[0]):
        region, rest = rest[0].upper(), rest[1:]
    variants = []
    while rest and _VARIANT.fullmatch(rest[0]):
        variants.append(rest[0])
        rest = rest[1:]
    found = language
    if region or variants:
        found += f"_{region}"
    if variants:
        found += "_" + "_".join(variants)
    if script:
        found += ("" if region or variants else "_") + f"_#{script}"
    return found
