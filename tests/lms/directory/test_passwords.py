"""What a password costs to guess. All other tests use cheap ones."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
from argon2 import Type, extract_parameters
from lms.directory import passwords
made = passwords.make("горобина калина вікно")
for stored in (made, passwords._NOBODYS):
    found = extract_parameters(stored)
    # RFC 9106 section 4, the second recommended option: Argon2id, 3 passes over 64 MiB, 4 lanes.
    assert (found.type, found.time_cost, found.memory_cost, found.parallelism) == (Type.ID, 3, 64 * 1024, 4), found
    assert (found.hash_len, found.salt_len) == (32, 16), found
    assert not passwords.is_outdated(stored)
assert passwords.matches("горобина калина вікно", made)
assert not passwords.matches("горобина калина вікн", made)
assert not passwords.matches("nobody has this password", None)
assert passwords.is_outdated("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQxMjM0NTY3OA$" + "A" * 43)
"""


def test_passwords_are_dear_to_guess() -> None:
    """In a process of its own, in which nothing has made them cheap."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.fail(done.stderr)
