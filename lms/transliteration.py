"""Ukrainian names in Latin letters."""

from __future__ import annotations

_LETTERS = dict(
    zip(
        "абвгґдезиіклмнопрстуфь'’ʼ",
        ["a", "b", "v", "h", "g", "d", "e", "z", "y", "i", "k", "l", "m", "n", "o", "p", "r", "s", "t", "u", "f"]
        + [""] * 4,
        strict=True,
    )
) | {"ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ы": "y", "э": "e", "ъ": "", "ё": "io"}
_INITIAL = {"є": "ye", "ї": "yi", "й": "y", "ю": "yu", "я": "ya"}
_INSIDE = {"є": "ie", "ї": "i", "й": "i", "ю": "iu", "я": "ia"}


def transliterate(text: str) -> str:
    """Ukrainian in Latin letters, lower case, by resolution 55 of the Cabinet of Ministers of 27.01.2010."""
    text = text.lower().replace("зг", "zgh")
    letters: list[str] = []
    start = True
    for letter in text:
        letters.append((_INITIAL if start else _INSIDE).get(letter, _LETTERS.get(letter, letter)))
        if letter not in "'’ʼ":
            start = not letter.isalpha()
    return "".join(letters)
