"""A certificate as files: credential, token, baked pictures, document. The same for downloads and the command line."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from lms.credentials import baking
from lms.credentials.documents import Snapshot
from lms.credentials.seals import Unsealed
from lms.files import FileStore
from web import badges, certificate_documents

log = logging.getLogger(__name__)
VC_TYPE = "application/vc"
TOKEN_TYPE = "application/vc+jwt"  # noqa: S105 - a media type


@dataclass(frozen=True, slots=True)
class Given:
    """What files are made of: one edition."""

    snapshot: Snapshot
    edition: int
    credential: str
    token: str
    logo: bytes = b""
    """Of the project whose tag it bears, PNG."""
    sealed: bytes = b""
    """The document as it was sealed, once and for all; empty while it is not."""


def logo_of(snapshot: Snapshot, store: FileStore) -> bytes:
    """The logo that a certificate bears, as it was when it was issued; empty for none, and for one that is lost."""
    digest = snapshot.achievement.project.get("logo", "")
    if not digest:
        return b""
    try:
        return store.get(digest)
    except (KeyError, OSError):
        log.warning("The logo %s of certificate %s is missing among the files.", digest, snapshot.number)
        return b""


def kept_document(digest: str, store: FileStore) -> bytes:
    """A sealed document; empty for none, and for one that is lost: then the document goes out without a seal."""
    if not digest:
        return b""
    try:
        return store.get(digest)
    except (KeyError, OSError):
        log.error("The sealed document %s is missing among the files.", digest)
        return b""


def document_to_seal(edition: Unsealed, store: FileStore) -> bytes:
    """The document of an edition as it is to be sealed: it says so itself."""
    logo = logo_of(edition.snapshot, store)
    return certificate_documents.pdf(edition.snapshot, edition.credential, edition.edition, logo, sealed=True)


def _json(given: Given) -> bytes:
    return given.credential.encode()


def _token(given: Given) -> bytes:
    return given.token.encode()


def _png(given: Given) -> bytes:
    picture = badges.png(given.snapshot.achievement, demo=given.snapshot.demo)
    return baking.into_png(picture, given.credential)


def _svg(given: Given) -> bytes:
    picture = badges.svg(given.snapshot.achievement, demo=given.snapshot.demo)
    return baking.into_svg(picture, given.credential).encode()


def _pdf(given: Given) -> bytes:
    return given.sealed or certificate_documents.pdf(given.snapshot, given.credential, given.edition, given.logo)


FILES: dict[str, tuple[str, Callable[[Given], bytes]]] = {
    "certificate.pdf": (certificate_documents.PDF_TYPE, _pdf),
    "credential.json": (VC_TYPE, _json),
    "credential.jwt": (TOKEN_TYPE, _token),
    "badge.png": ("image/png", _png),
    "badge.svg": ("image/svg+xml", _svg),
}
"""By name: media type, and what makes it."""
