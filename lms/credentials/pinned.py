"""The JSON-LD contexts that we know, each with the digest of its published text. Nothing is ever fetched.

The files are copied from npm packages when Vikno is built (`make client`: `web/client/scripts/contexts.mjs`).
A context decides what the words of a credential mean, so that one which is not listed here is refused.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

CREDENTIALS = "https://www.w3.org/ns/credentials/v2"
OPEN_BADGES = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
FOLDER = Path(__file__).parent / "contexts"

PINNED: dict[str, tuple[str, str]] = {
    CREDENTIALS: (
        "credentials-v2.jsonld",
        # As in the Recommendation, section B.1 of Verifiable Credentials Data Model 2.0.
        "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734",
    ),
    OPEN_BADGES: ("open-badges-3.0.3.json", "ef2fa9c7846dce233cc166b43639027278be4ee44f00bb1d45c75de2dd0cd761"),
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json": (
        "open-badges-3.0.2.json",
        "00666ad080ba407687ed1846b7f5e7495f5019042b202a727de47c48a1755c53",
    ),
}
"""Address: file, SHA-256."""


class ContextsNotBuilt(RuntimeError):  # noqa: N818 - a state of the installation
    """The files are not there, or are not what was published."""


class UnknownContext(ValueError):  # noqa: N818 - an answer about somebody's file
    """A credential speaks in words that we do not know."""

    def __init__(self, url: str) -> None:
        super().__init__(f"The context {url[:200]} is not one of those that this verifier knows.")
        self.url = url


@cache
def context(url: str) -> dict[str, Any]:
    """The context as published. Raises `UnknownContext` or `ContextsNotBuilt`."""
    if url not in PINNED:
        raise UnknownContext(url)
    name, digest = PINNED[url]
    try:
        text = (FOLDER / name).read_bytes()
    except OSError as error:
        raise ContextsNotBuilt(f"{FOLDER / name} is missing. Run: make client") from error
    if hashlib.sha256(text).hexdigest() != digest:
        raise ContextsNotBuilt(f"{FOLDER / name} is not the published text. Run: make clean client")
    found: dict[str, Any] = json.loads(text)
    return found


def are_built() -> bool:
    """Whether credentials can be signed and checked here."""
    try:
        for url in PINNED:
            context(url)
    except ContextsNotBuilt:
        return False
    return True


def load(url: str, _options: object = None) -> dict[str, Any]:
    """A document loader for PyLD that knows these files only."""
    return {
        "contextUrl": None,
        "documentUrl": url,
        "contentType": "application/ld+json",
        "document": context(url),
    }
