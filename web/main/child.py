"""What a process does at its start: it dies with its supervisor, loads quickly, and says when it is ready."""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys

from web.main.settings_load import READY_VARIABLE, SUPERVISOR_VARIABLE

EXIT_UNUSABLE = 78
"""Exit code of a process that no restart can help: wrong settings, a busy port (EX_CONFIG of sysexits.h)."""

_PR_SET_PDEATHSIG = 1
_SELDOM = (10_000, 20, 20)
_OFTEN = gc.get_threshold()
"""Python's own."""


def follow_supervisor() -> None:
    """Makes the kernel end this process when its supervisor dies, even by SIGKILL (Linux; see prctl(2)).

    Without a supervisor nothing happens. Elsewhere than on Linux the processes must be ended by hand.
    """
    supervisor = os.environ.get(SUPERVISOR_VARIABLE)
    if supervisor is None or not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(supervisor):  # it died before the call above
        sys.exit(EXIT_UNUSABLE)


def begin_to_load() -> None:
    """From here until `loaded` next to nothing becomes garbage, and to look for it takes a sixth of the start."""
    gc.set_threshold(*_SELDOM)


def loaded(*, often: bool = True) -> None:
    """What stands now stands until the end: the garbage collector need not look through it again.

    Seldom is right for pages, of which each makes many things and leaves none.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*(_OFTEN if often else _SELDOM))


def tell_ready() -> None:
    """Tells the supervisor that this process does its work now. Only the first call has an effect."""
    descriptor = os.environ.pop(READY_VARIABLE, None)
    if descriptor is not None:
        os.write(int(descriptor), b"1")
        os.close(int(descriptor))
