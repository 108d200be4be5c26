"""Sealing: what the database must not hold in the open (an expert's personal link, a stream key) is encrypted.

The key comes from outside the database (`web/main` derives it from the master key), so that a copied database opens
no door.
"""

from __future__ import annotations

import base64
from typing import Protocol

from cryptography.fernet import Fernet, InvalidToken


class UnsealError(Exception):
    """What was sealed cannot be opened: another key, or damaged."""


class Sealer(Protocol):
    """Seals and opens short texts."""

    def seal(self, text: str) -> bytes:
        """The text, encrypted and authenticated."""

    def open(self, sealed: bytes) -> str:
        """The text. Raises `UnsealError`."""


class FernetSealer:
    """AES-128-CBC with HMAC-SHA-256, by the Fernet recipe of `cryptography`. `key` is 32 bytes."""

    def __init__(self, key: bytes) -> None:
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def seal(self, text: str) -> bytes:
        """The text, encrypted and authenticated."""
        return self._fernet.encrypt(text.encode())

    def open(self, sealed: bytes) -> str:
        """The text. Raises `UnsealError`."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken as error:
            raise UnsealError("It was sealed with another key, or is damaged.") from error
