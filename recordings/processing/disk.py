"""Writing that goes on while we do."""

from __future__ import annotations

import ctypes
import sys
from typing import Final

_WRITE: Final = 2
"""SYNC_FILE_RANGE_WRITE: begin to write what is not being written yet, and do not wait for it."""
_LIBC: Final = ctypes.CDLL(None) if sys.platform == "linux" else None


def begin_writing(descriptor: int) -> None:
    """Have the system begin to put onto the disk what was written into a file.

    By itself Linux begins when there are gigabytes, and whoever then wants to be certain (fsync) waits for them. Only
    a hint: where it fails, it is that.
    """
    if _LIBC is not None:
        _LIBC.sync_file_range(descriptor, ctypes.c_int64(0), ctypes.c_int64(0), ctypes.c_uint(_WRITE))
