"""Base58 in Bitcoin's alphabet, multibase `z`, Multikeys of Ed25519 (W3C Controlled Identifiers, section 2.2.2)."""

from __future__ import annotations

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_ED25519_PUBLIC = b"\xed\x01"
"""Multicodec `ed25519-pub`, 0xed as a varint."""
MOST_LETTERS = 1000
"""Reading takes time that grows with the square of the length; keys and signatures have at most 90 letters."""


class MultibaseError(ValueError):
    """It is no text of this kind."""


def base58(data: bytes) -> str:
    """The bytes in base58; each zero byte at the beginning is a `1`."""
    number = int.from_bytes(data, "big")
    letters = []
    while number:
        number, rest = divmod(number, 58)
        letters.append(_ALPHABET[rest])
    zeros = len(data) - len(data.lstrip(b"\x00"))
    return "1" * zeros + "".join(reversed(letters))


def from_base58(text: str) -> bytes:
    """The bytes. Raises `MultibaseError`."""
    if len(text) > MOST_LETTERS:
        raise MultibaseError("It is too long for a key or a signature.")
    number = 0
    for letter in text:
        if letter not in _VALUES:
            raise MultibaseError("It holds a letter that base58 does not have.")
        number = number * 58 + _VALUES[letter]
    zeros = len(text) - len(text.lstrip("1"))
    return b"\x00" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")


def encode(data: bytes) -> str:
    """Multibase, base58btc: `z...`."""
    return "z" + base58(data)


def decode(text: str) -> bytes:
    """The bytes. Raises `MultibaseError` for any other base: the suite allows none."""
    if not text.startswith("z"):
        raise MultibaseError("It is not in multibase base58btc, which begins with z.")
    return from_base58(text[1:])


def multikey(public: bytes) -> str:
    """An Ed25519 public key of 32 bytes: `z6Mk...`."""
    if len(public) != 32:
        raise MultibaseError("An Ed25519 public key has 32 bytes.")
    return encode(_ED25519_PUBLIC + public)


def from_multikey(text: str) -> bytes:
    """The 32 bytes of an Ed25519 public key. Raises `MultibaseError`, also for keys of another kind."""
    data = decode(text)
    if len(data) != 34 or not data.startswith(_ED25519_PUBLIC):
        raise MultibaseError("It is no Ed25519 public key.")
    return data[2:]
