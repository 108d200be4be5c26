"""Seals the documents of certificates: the sealer of the settings, and the duty that uses it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from lms.credentials import seals
from lms.credentials.seals import DocumentSealer, SealRefused, Unsealed
from lms.database import Database
from lms.files import FileStore, FolderFiles
from web.certificate_files import document_to_seal
from web.main.settings import Settings

_log = structlog.get_logger("vikno.seal")
_AT_ONCE = 5
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_OVERLAP = 1000
"""Editions looked at again: transactions may end in another order than that of their numbers."""
_WHOLE_EVERY = timedelta(hours=1)
_WAIT, _MOST_WAIT = timedelta(minutes=1), timedelta(minutes=15)


def sealer_of(settings: Settings) -> DocumentSealer | None:
    """Who seals here; None where nothing is set."""
    if settings.seal_key is None:
        return None
    from web.pades import Pkcs12Sealer

    return Pkcs12Sealer(settings.seal_key, settings.seal_password_file, settings.seal_time_server)


def seal_authorities(settings: Settings) -> tuple[str, ...]:
    """Whose seals are trusted: PEM."""
    return (settings.seal_authorities.read_text(),) if settings.seal_authorities is not None else ()


def seal_documents(settings: Settings) -> Callable[[Database, datetime], int]:
    """The worker's duty."""
    sealer = sealer_of(settings)
    if sealer is None:
        return lambda _database, _now: 0
    return SealDuty(sealer, FolderFiles(settings.data / "files"))


class SealDuty:
    """Seals some documents at a time. No transaction is open while a document is made or a server asked.

    After a refusal it waits, a minute at first and then longer: what is wrong (a password, a certificate, a server) is
    wrong for all. A document that alone is refused goes to the end of the row.
    """

    def __init__(self, sealer: DocumentSealer, store: FileStore) -> None:
        self._sealer, self._store = sealer, store
        self._done_up_to, self._looked_whole = 0, _LONG_AGO
        self._wait, self._not_before = _WAIT, _LONG_AGO

    def __call__(self, database: Database, now: datetime) -> int:
        """How many were sealed."""
        if now < self._not_before:
            return 0
        whole = now - self._looked_whole >= _WHOLE_EVERY
        with database.reading() as session:
            latest = seals.latest(session)
            after = 0 if whole else max(0, self._done_up_to - _OVERLAP)
            found = seals.waiting(session, now, after=after, most=_AT_ONCE)
        done = 0
        for one in found:
            try:
                done += self._seal(database, one, now)
            except SealRefused as refused:
                self._put_off(database, one, refused, now)
                return done
        self._wait = _WAIT
        if len(found) < _AT_ONCE:
            self._done_up_to = latest
            if whole:
                self._looked_whole = now
        return done

    def _seal(self, database: Database, one: Unsealed, now: datetime) -> int:
        document, seal = seals.sealed(self._sealer, self._document(one))
        digest = self._store.put(document)
        with database.writing() as session:
            return int(seals.keep(session, one.edition_id, digest, seal, now))

    def _document(self, one: Unsealed) -> bytes:
        try:
            return document_to_seal(one, self._store)
        except Exception as error:
            _log.exception("the document of a certificate could not be made", number=one.snapshot.number)
            raise SealRefused("seal_document", f"The document could not be made: {error}") from error

    def _put_off(self, database: Database, one: Unsealed, refused: SealRefused, now: datetime) -> None:
        _log.error("a certificate goes out without its seal", number=one.snapshot.number, reason=refused.says)
        with database.writing() as session:
            seals.note_refusal(session, one.edition_id, refused, now)
        self._not_before = now + self._wait
        self._wait = min(self._wait * 2, _MOST_WAIT)
