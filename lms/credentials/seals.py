"""The electronic seal on a certificate's document: what is asked of whoever puts it on, and which document was sealed.

Sealing is done outside (`DocumentSealer`): by a key in a file (`web.pades`), or by a service of a national provider
behind the same interface. It is done once for an edition, by the worker; what came of it is kept whole, because two
sealings of the same document differ (time, time stamp). A certificate never waits for its seal, and a document bears
either a whole seal or none (decision 42).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.credentials import documents, seal_reports
from lms.credentials.documents import Snapshot
from lms.credentials.models import Certificate, CertificateEdition, CertificateSeal, CertificateState
from lms.credentials.seal_reports import Seal, Sealing, SealReport

MOST_SAYS = 500


class SealRefused(Exception):  # noqa: N818 - an outcome that is told to administrators
    """The document could not be sealed. `code` is for pages, the sentence for administrators."""

    def __init__(self, code: str, says: str) -> None:
        super().__init__(says)
        self.code, self.says = code, says[:MOST_SAYS]


class DocumentSealer(Protocol):
    """Puts an electronic seal on PDFs. It blocks, may take seconds, and may ask others over the network.

    What comes back must be the document as it was given, byte for byte, and the seal after it (an incremental update,
    ISO 32000-2 section 7.5.6): so tags, words and attachments stay what they were. `sealed` holds every adapter to it.
    """

    def seal(self, document: bytes) -> bytes:
        """The sealed document. Raises `SealRefused`; never gives back a document without its seal."""

    def look(self, document: bytes) -> SealReport:
        """What whoever gets the document will find on it, by a verifier that knows this kind of seal."""


@dataclass(frozen=True, slots=True)
class Unsealed:
    """An edition whose document has no seal yet."""

    edition_id: int
    snapshot: Snapshot
    edition: int
    credential: str


@dataclass(frozen=True, slots=True)
class SealedDocument:
    """A document as it was sealed. `digest` names it among the files."""

    digest: str
    sealed_at: datetime
    signer: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why documents go out without a seal: the last refusal, and how many documents met one."""

    documents: int
    code: str
    says: str
    tried_at: datetime


def sealed(sealer: DocumentSealer, document: bytes) -> tuple[bytes, Seal]:
    """Seal a document and look at what came back. Raises `SealRefused` (also seal_broken, seal_rewrote)."""
    made = sealer.seal(document)
    if not made.startswith(document):
        raise SealRefused("seal_rewrote", "The sealing service gave back another document than it was given.")
    found = sealer.look(made)
    if len(found.seals) != 1 or not found.seals[0].intact:
        raise SealRefused("seal_broken", "What the sealing service put on the document is no seal that holds.")
    return made, found.seals[0]


def waiting(session: Session, now: datetime, *, after: int, most: int) -> list[Unsealed]:
    """Current editions in force without a seal, those that were never tried first. `after`: ids of editions above."""
    rows = session.execute(
        _unsealed(now, after).order_by(func.coalesce(CertificateSeal.tries, 0), CertificateEdition.id).limit(most)
    )
    return [
        Unsealed(edition.id, documents.from_dict(edition.snapshot), edition.number, edition.credential)
        for edition, _seal in rows
    ]


def latest(session: Session) -> int:
    """The highest id of an edition."""
    return session.scalar(select(func.max(CertificateEdition.id))) or 0


def keep(session: Session, edition_id: int, digest: str, seal: Seal, now: datetime) -> bool:
    """Keep what was sealed; False if somebody else was quicker: the first one counts, for good."""
    row = _row(session, edition_id, now)
    if row.digest:
        return False
    row.digest, row.sealed_at = digest, now
    row.signer, row.signer_digest, row.stamped = seal.signer[:300], seal.fingerprint, seal.stamped_at is not None
    row.code = row.says = ""
    after = {"edition": edition_id, "signer": row.signer, "stamped": row.stamped, "document": digest}
    record(session, "system", "certificate.seal", "certificate", row.certificate_id, now=now, after=after)
    return True


def note_refusal(session: Session, edition_id: int, refused: SealRefused, now: datetime) -> None:
    """Keep why it could not be sealed; it will be tried again. The log has the first of each reason."""
    row = _row(session, edition_id, now)
    if row.digest:
        return
    news = row.code != refused.code
    row.code, row.says, row.tries, row.tried_at = refused.code, refused.says, row.tries + 1, now
    if news:
        after = {"edition": edition_id, "code": refused.code, "says": refused.says}
        record(session, "system", "certificate.seal_refused", "certificate", row.certificate_id, now=now, after=after)


def of(session: Session, number: str, edition: int) -> SealedDocument | None:
    """The sealed document of an edition, for those who may have the certificate."""
    row = session.scalar(
        select(CertificateSeal)
        .join(CertificateEdition, CertificateEdition.id == CertificateSeal.edition_id)
        .join(Certificate, Certificate.id == CertificateEdition.certificate_id)
        .where(Certificate.number == number, CertificateEdition.number == edition, CertificateSeal.digest != "")
    )
    return SealedDocument(row.digest, row.sealed_at or row.tried_at, row.signer) if row is not None else None


def digests(session: Session, numbers: Sequence[str]) -> dict[str, str]:
    """Of the current editions of certificates, by number: the digests of the sealed documents."""
    rows = session.execute(
        select(Certificate.number, CertificateSeal.digest)
        .join(CertificateEdition, CertificateEdition.id == CertificateSeal.edition_id)
        .join(Certificate, Certificate.id == CertificateEdition.certificate_id)
        .where(
            Certificate.number.in_(numbers),
            CertificateEdition.number == Certificate.edition,
            CertificateSeal.digest != "",
        )
    )
    return {row.number: row.digest for row in rows}


class SealRecords(Protocol):
    """What is known here of seals."""

    def is_ours(self, fingerprint: str) -> bool:
        """Whether documents were sealed here with the certificate that has this SHA-256."""

    def is_kept(self, digest: str) -> bool:
        """Whether a sealed document with this SHA-256 was given out here."""


class NoRecords:
    """For a machine without a database."""

    def is_ours(self, fingerprint: str) -> bool:
        """No."""
        return False

    def is_kept(self, digest: str) -> bool:
        """No."""
        return False


class Records:
    """What the database knows."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def is_ours(self, fingerprint: str) -> bool:
        """Whether documents were sealed here with the certificate that has this SHA-256."""
        return bool(fingerprint) and self._is_there(CertificateSeal.signer_digest == fingerprint)

    def is_kept(self, digest: str) -> bool:
        """Whether a sealed document with this SHA-256 was given out here."""
        return self._is_there(CertificateSeal.digest == digest)

    def _is_there(self, what: ColumnElement[bool]) -> bool:
        return self._session.scalar(select(CertificateSeal.edition_id).where(what).limit(1)) is not None


def looker(records: SealRecords, authorities: Sequence[str], now: datetime) -> Callable[[bytes], SealReport]:
    """Looks at the seals of a PDF (`seal_reports.look`), and whether they are ours.

    To what is sealed here nothing is ever added, so not even that counts which a seal may allow (metadata, proofs). A
    seal that cannot be computed here is ours if the whole file is, byte for byte, one that was given out.
    """

    def look(data: bytes) -> SealReport:
        found = seal_reports.look(data, authorities, now)
        if found.sealing is Sealing.UNTOLD and records.is_kept(hashlib.sha256(data).hexdigest()):
            return replace(found, ours=True)
        if not found.seals or not all(records.is_ours(each.fingerprint) for each in found.seals):
            return found
        whole = all(each.whole for each in found.seals)
        return replace(found, ours=True, sealing=found.sealing if whole else Sealing.BROKEN)

    return look


def trouble(session: Session, now: datetime) -> Trouble | None:
    """What administrators have to know; None when every document could be sealed that was tried."""
    met = _unsealed(now, 0).where(CertificateSeal.code > "")
    last = session.execute(met.order_by(CertificateSeal.tried_at.desc()).limit(1)).first()
    if last is None:
        return None
    number = session.scalar(select(func.count()).select_from(met.subquery())) or 0
    return Trouble(number, last[1].code, last[1].says, last[1].tried_at)


def _unsealed(now: datetime, after: int) -> Select[CertificateEdition, CertificateSeal]:
    return (
        select(CertificateEdition, CertificateSeal)
        .join(
            Certificate,
            and_(Certificate.id == CertificateEdition.certificate_id, Certificate.edition == CertificateEdition.number),
        )
        .outerjoin(CertificateSeal, CertificateSeal.edition_id == CertificateEdition.id)
        .where(
            CertificateEdition.id > after,
            Certificate.state == CertificateState.ISSUED,
            or_(Certificate.valid_until.is_(None), Certificate.valid_until > now),
            or_(CertificateSeal.edition_id.is_(None), CertificateSeal.digest == ""),
        )
    )


def _row(session: Session, edition_id: int, now: datetime) -> CertificateSeal:
    row = session.get(CertificateSeal, edition_id, with_for_update=True)
    if row is None:
        edition = session.get_one(CertificateEdition, edition_id)
        row = CertificateSeal(edition_id=edition_id, certificate_id=edition.certificate_id, tries=0, tried_at=now)
        row.digest = row.signer = row.signer_digest = row.code = row.says = ""
        row.stamped = False
        session.add(row)
        session.flush()
    return row
