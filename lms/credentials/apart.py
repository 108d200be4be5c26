"""`integrity.digest` for what strangers send in, in a process of its own that is given up on after some seconds.

The bounds of `canonical` come first; this is for whatever they do not foresee (Verifiable Credentials leave it to the
verifier, RDFC-1.0 section 7.1 warns of it).
"""

from __future__ import annotations

import json
from typing import Any

from lms.credentials import confined
from lms.credentials.canonical import CanonicalError, TooComplex

PATIENCE_S = 15
"""Of the clock; `graph_child.MOST_SECONDS` of computing. Longer, for a machine that is busy."""


def digest(document: dict[str, Any], options: dict[str, Any]) -> bytes:
    """The 64 bytes that are signed. Raises `CanonicalError`, `TooComplex` for what takes too long."""
    try:
        given = json.dumps({"document": document, "options": options}).encode()
        told = json.loads(confined.ask("lms.credentials.graph_child", given, PATIENCE_S))
    except (confined.TookTooLong, confined.NotDone) as error:
        raise TooComplex("Its graph is made so that checking it would take for ever.") from error
    if "refused" in told:
        raise CanonicalError(told["refused"])
    return bytes.fromhex(told["digest"])
