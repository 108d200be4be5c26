"""Names of languages, sign languages included, as Ukrainian and English write them in a sentence."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from babel import Locale

from web.i18n import mark as _
from web.i18n import translate

_SIGNED = {"ukl": _("Ukrainian Sign Language"), "ils": _("International Sign")}
"""CLDR names no sign languages."""


@cache
def language_name(tag: str, reader: str) -> str:
    """The language of a BCP 47 tag in the language of the reader: `англійська`, `English`."""
    if tag in _SIGNED:
        return translate(reader, _SIGNED[tag])
    return str(Locale.parse(reader).languages.get(tag, tag))


def language_names(tags: Iterable[str], reader: str) -> str:
    """Several of them, with commas."""
    return ", ".join(language_name(tag, reader) for tag in tags)
