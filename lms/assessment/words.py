"""Words as people type them, and whether they fit a pattern. Pure, and never slower than length × length."""

from __future__ import annotations

import re
import unicodedata

_APOSTROPHES = str.maketrans(dict.fromkeys("'ʼ`´‘", "’"))
_ESCAPED = re.compile(r"\\(.)|(\*)", re.DOTALL)


def plain(text: str, *, case_sensitive: bool = False) -> str:
    """NFC, one blank for any white space, none around; all apostrophes are one; lower case if case does not matter."""
    told = " ".join(unicodedata.normalize("NFC", text).translate(_APOSTROPHES).split())
    return told if case_sensitive else unicodedata.normalize("NFC", told.casefold())


def fits(pattern: str, text: str, *, case_sensitive: bool = False) -> bool:
    """Whether a text fits a pattern in which `*` stands for anything, also for nothing, and `\\*` for a star."""
    pieces = [plain(piece, case_sensitive=case_sensitive) for piece in pieces_of(pattern)]
    told = plain(text, case_sensitive=case_sensitive)
    if len(pieces) == 1:
        return told == pieces[0]
    first, *middle, last = pieces
    if len(told) < len(first) + len(last) or not told.startswith(first) or not told.endswith(last):
        return False
    at, end = len(first), len(told) - len(last)
    for piece in middle:
        found = told.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def pieces_of(pattern: str) -> list[str]:
    """What stands between the stars: `a*b\\*` gives `a` and `b*`."""
    pieces = [""]
    at = 0
    for found in _ESCAPED.finditer(pattern):
        pieces[-1] += pattern[at : found.start()]
        at = found.end()
        if found.group(2):
            pieces.append("")
        else:
            pieces[-1] += found.group(1) if found.group(1) in "*\\" else found.group()
    pieces[-1] += pattern[at:]
    return pieces
