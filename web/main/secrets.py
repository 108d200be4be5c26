"""The one secret of an installation, and the keys derived from it."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from lms.sealing import FernetSealer

FILE_NAME = "secret.key"
_LENGTH = 32


class SecretError(Exception):
    """The key file cannot be used; the text says why and what to do."""


def master_key(data: Path) -> bytes:
    """The installation's 32 random bytes from `data/secret.key`, made at the first call (mode 0600).

    Safe to call from several processes at once: whoever links the finished file first wins.
    Raises `SecretError` when the file is damaged or others than its owner may read it.
    """
    path = data / FILE_NAME
    if not path.exists():
        _create(path)
    if mode := stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise SecretError(f"Others may read {path} (mode {mode | 0o600:04o}). Close it: chmod 600 {path}")
    key = path.read_bytes()
    if len(key) != _LENGTH:
        raise SecretError(
            f"{path} is damaged: {len(key)} bytes instead of {_LENGTH}. Put it back from a backup; "
            "a new one would end every sign-in and every link that was sent out."
        )
    return key


def derive(master: bytes, purpose: str) -> bytes:
    """32 bytes for one purpose (`token`, `control`, `events`, `session` ...) by HKDF-SHA256 (RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=_LENGTH, salt=None, info=b"vikno " + purpose.encode()).derive(master)


def target_sealer(master: bytes) -> FernetSealer:
    """Seals addresses and keys of servers to stream to. The web processes seal, live composers open."""
    return FernetSealer(target_key(master))


def target_key(master: bytes) -> bytes:
    """The key of `target_sealer`."""
    return derive(master, "stream-targets")


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{FILE_NAME}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_LENGTH))
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # unlike rename, never replaces a key that another process made meanwhile
    except FileExistsError:
        return
    finally:
        draft.unlink()
