"""Numbers of certificates: short enough to dictate, too many to guess, and a slip of the pen is noticed.

Twelve of 31 letters and figures that nobody takes for one another, in three groups: `7KQM-2FXD-93PA`. The last one is
a check: the sum of all values, each times its place, is a multiple of 31. As 31 is prime and there are fewer places,
any one wrong letter and any two exchanged ones are found.
"""

from __future__ import annotations

import secrets

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
LENGTH = 12
GROUP = 4
_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}
_LOOKALIKES = str.maketrans("АВСЕНКМРТХУІ", "ABCEHKMPTXYI")
"""Cyrillic capitals that look like Latin ones: somebody reads the number off paper, the keyboard is Ukrainian."""


def new() -> str:
    """A random number, 54 bits of chance."""
    return complete("".join(secrets.choice(ALPHABET) for _ in range(LENGTH - 1)))


def complete(beginning: str) -> str:
    """The number that begins with these eleven letters, with its check and in groups."""
    return shown(beginning + _check(beginning))


def shown(plain: str) -> str:
    """In groups."""
    return "-".join(plain[start : start + GROUP] for start in range(0, len(plain), GROUP))


def typed(text: str) -> str:
    """What somebody typed, as a number in groups: any case, any dashes and spaces, also with Cyrillic lookalikes."""
    plain = "".join(character for character in text[:60].upper() if character.isalnum()).translate(_LOOKALIKES)
    return shown(plain)


def is_right(number: str) -> bool:
    """Whether the check fits: a number that does not was never issued."""
    plain = number.replace("-", "")
    return len(plain) == LENGTH and set(plain) <= _VALUES.keys() and plain[-1] == _check(plain[:-1])


def _check(beginning: str) -> str:
    total = sum(place * _VALUES[letter] for place, letter in enumerate(beginning, 1))
    # place 12 times its value makes the sum a multiple of 31
    return ALPHABET[-total * pow(LENGTH, -1, len(ALPHABET)) % len(ALPHABET)]
