"""Other issuers that are trusted here: their profiles and status lists, as files of the data folder.

An administrator puts them into `known-issuers`: `*.json`, each the JSON of an issuer's profile, or of one of its
status lists; `*.jwt` for a list that its issuer serves as a token. They are read when a process begins.
"""

from __future__ import annotations

from pathlib import Path

import structlog

from lms.credentials import statuses
from lms.credentials.profiles import Profiles

_log = structlog.get_logger("vikno.credentials")
FOLDER = "known-issuers"
_MOST = 200
_MOST_BYTES = 1024 * 1024


def read(data: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Profiles and status lists. A file that is neither is left out, and logged."""
    profiles: list[str] = []
    lists: list[str] = []
    paths = (path for path in (data / FOLDER).glob("*") if path.suffix in (".json", ".jwt"))
    for path in sorted(paths)[:_MOST]:
        try:
            if path.stat().st_size > _MOST_BYTES:
                raise ValueError("larger than 1 MB")
            text = path.read_text(encoding="utf-8")
            is_list = "BitstringStatusListCredential" in str(statuses.opened(text)[0].get("type"))
            Profiles([] if is_list else [text], [text] if is_list else [], None)
        except (OSError, ValueError, RecursionError) as error:
            _log.warning("a known issuer was left out", file=path.name, reason=str(error))
            continue
        (lists if is_list else profiles).append(text)
    return tuple(profiles), tuple(lists)
