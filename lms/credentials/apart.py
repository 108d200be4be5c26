"""`integrity.digest` for what strangers send in, in a process of its own that is given up on after some seconds.

The bounds of `canonical` come first; this is for whatever they do not foresee (Verifiable Credentials leave it to the
verifier, RDFC-1.0 section 7.1 warns of it).
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from lms.credentials.canonical import CanonicalError, TooComplex

PATIENCE_S = 15
"""Of the clock; `graph_child.MOST_SECONDS` of computing. Longer, for a machine that is busy."""


def digest(document: dict[str, Any], options: dict[str, Any]) -> bytes:
    """The 64 bytes that are signed. Raises `CanonicalError`, `TooComplex` for what takes too long."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "lms.credentials.graph_child"],
            input=json.dumps({"document": document, "options": options}).encode(),
            capture_output=True,
            timeout=PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TooComplex("Its graph is made so that checking it would take for ever.") from error
    if done.returncode != 0:
        raise TooComplex("Its graph is made so that checking it would take for ever.")
    told = json.loads(done.stdout)
    if "refused" in told:
        raise CanonicalError(told["refused"])
    return bytes.fromhex(told["digest"])
