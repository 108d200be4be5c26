"""When two names may mean the same: pure functions, blind to case, apostrophes and the alphabet."""

from __future__ import annotations

import re
import unicodedata

from lms.transliteration import transliterate

_APOSTROPHES = re.compile("['’ʼ`´\"«»“”„]")
_FOLDS = (
    ("shch", "sch"),
    ("zgh", "zg"),
    ("kh", "h"),
    ("gh", "h"),
    ("g", "h"),
    ("w", "v"),
    ("ye", "ie"),
    ("yi", "i"),
    ("ji", "i"),
    ("yu", "iu"),
    ("ya", "ia"),
    ("yo", "io"),
    ("y", "i"),
    ("j", "i"),
)
_DOUBLED = re.compile(r"(.)\1+")


def plain(text: str) -> str:
    """Lower case, single blanks, one kind of apostrophe: for comparing what is meant to be the same spelling."""
    text = unicodedata.normalize("NFKC", text)
    return " ".join(re.sub("['ʼ`´]", "’", text).split()).casefold()


def sound(text: str) -> str:
    """A key that is the same for a Ukrainian name and the usual ways to write it in Latin letters."""
    latin = unicodedata.normalize("NFKD", transliterate(_APOSTROPHES.sub("", unicodedata.normalize("NFC", text))))
    latin = "".join(letter for letter in latin if not unicodedata.combining(letter)).casefold()
    for written, folded in _FOLDS:
        latin = latin.replace(written, folded)
    return " ".join(_DOUBLED.sub(r"\1", word) for word in re.findall(r"[a-z0-9]+", latin))


def person_key(family_name: str, given_name: str) -> str:
    """The same for "Щербак Юлія", "Yuliia Shcherbak" and "Юлія  ЩЕРБАК": the order of the names does not matter."""
    return " ".join(sorted(sound(f"{family_name} {given_name}").split()))


_ORGANISATION_WORDS = {
    "tsnap": ("tsentr", "nadannia", "administrativnih", "posluh"),
}
_EMPTY_WORDS = frozenset({"m", "misto", "miskoi", "rada", "radi", "of", "the", "asc"})


def organisation_key(name: str) -> str:
    """The same for "ЦНАП м. Львова", "Цнап Львова" and "Центр надання адміністративних послуг м. Львова"."""
    words = sound(name).split()
    joined = " ".join(words)
    for short, long in _ORGANISATION_WORDS.items():
        joined = joined.replace(" ".join(sound(word) for word in long), sound(short))
    return " ".join(word for word in joined.split() if word not in _EMPTY_WORDS)


def phone_key(text: str) -> str:
    """The last nine digits: the same with and without the country's code; empty for what is no telephone number."""
    digits = re.sub(r"\D", "", text)
    return digits[-9:] if len(digits) >= 9 else ""
