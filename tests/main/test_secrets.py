"""The key file: private, made once, never replaced."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from web.main.secrets import SecretError, derive, master_key


def test_the_key_is_private_and_stays(tmp_path: Path) -> None:
    data = tmp_path / "data"
    key = master_key(data)
    assert len(key) == 32
    assert stat.S_IMODE((data / "secret.key").stat().st_mode) == 0o600
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert master_key(data) == key
    assert [file.name for file in data.iterdir()] == ["secret.key"]


def test_processes_that_start_together_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(lambda _: master_key(tmp_path), range(64)))) == 1


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    master_key(tmp_path)
    (tmp_path / "secret.key").chmod(0o644)
    with pytest.raises(SecretError, match="chmod 600"):
        master_key(tmp_path)


def test_a_damaged_key_is_not_replaced(tmp_path: Path) -> None:
    file = tmp_path / "secret.key"
    file.write_bytes(b"short")
    file.chmod(0o600)
    with pytest.raises(SecretError, match="5 bytes instead of 32"):
        master_key(tmp_path)
    assert file.read_bytes() == b"short"


def test_purposes_have_unrelated_keys() -> None:
    keys = {derive(b"m" * 32, purpose) for purpose in ("token", "control", "events", "session")}
    assert len(keys) == 4
    assert all(len(key) == 32 for key in keys)
    assert derive(b"m" * 32, "token") == derive(b"m" * 32, "token")
