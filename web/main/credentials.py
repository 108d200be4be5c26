"""`vikno verify` and `vikno certificates`: checking files, a demonstration, new keys."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError

from lms.credentials import apart, checking, containers, demonstration, documents, keys, reissuing, seals, status_lists
from lms.credentials.models import KeyEnd
from lms.credentials.profiles import Profiles
from lms.credentials.records import Records
from lms.credentials.seal_reports import Sealing
from lms.credentials.seals import SealRefused, Unsealed
from lms.credentials.trust import NobodyKnown, Trust
from lms.credentials.verdicts import Report
from lms.database import Database
from lms.files import FolderFiles
from web.certificate_files import FILES, Given, document_to_seal
from web.main import known_issuers
from web.main.issuer import issuer_of
from web.main.seal import seal_authorities, sealer_of
from web.main.settings import Settings
from web.main.upgrading import upgraded

_SIGNS = {True: "ok  ", False: "NO  ", None: "?   "}


def write_demo(settings: Settings, folder: Path, warn: Callable[[str], None]) -> list[Path]:
    """The demonstration in every form; the database is made if there is none. The files.

    Without its seal, and with a warning, where it cannot be sealed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    database = upgraded(settings)
    with database.writing() as session:
        edition = demonstration.certificate(session, issuer_of(settings), datetime.now(UTC))
    database.close()
    snapshot = documents.from_dict(edition.snapshot)
    given = Given(snapshot, edition.number, edition.credential, edition.token)
    if (sealer := sealer_of(settings)) is not None:
        unsealed = Unsealed(edition.id, snapshot, edition.number, edition.credential)
        document = document_to_seal(unsealed, FolderFiles(settings.data / "files"))
        try:
            given = replace(given, sealed=seals.sealed(sealer, document)[0])
        except SealRefused as refused:
            warn(f"The document bears no seal: {refused.says}")
    written = []
    for name, (_media_type, make) in FILES.items():
        path = folder / name
        path.write_bytes(make(given))
        written.append(path)
    return written


def check_file(settings: Settings, file: Path, profiles: Sequence[Path], lists: Sequence[Path]) -> Report:
    """Check a file, by this installation's own records and by the profiles and status lists that were given.

    Raises `OSError` for files that cannot be read, `ValueError` for a profile or list that is none.
    """
    with _records(settings) as (records, sealed):
        known, known_lists = known_issuers.read(settings.data)
        given = [*known, *(_text(path) for path in profiles)]
        trust = Profiles(given, [*known_lists, *(_text(path) for path in lists)], records)
        now = datetime.now(UTC)
        seal = seals.looker(sealed, seal_authorities(settings), now)
        with file.open("rb") as opened:
            data = opened.read(containers.MOST_BYTES + 1)
        return checking.check(data, trust, now, apart.digest, seal)


def _text(path: Path) -> str:
    """UTF-8; of anything else is said that it is no profile or list."""
    return path.read_text(encoding="utf-8", errors="replace")


def rotate(settings: Settings, because: KeyEnd, since: datetime | None) -> int:
    """New keys, and every status list signed anew; how many lists."""
    database, issuer, now = upgraded(settings), issuer_of(settings), datetime.now(UTC)
    with database.writing() as session:
        # Also those of addresses where the site was before: one master key seals them all.
        own = [issuer.at(each) for each in keys.addresses(session, issuer)]
        for each in own:
            keys.rotate(session, each, "system", now, because=because, compromised_since=since)
        number = sum(status_lists.sign_all(session, each, now) for each in own)
    database.close()
    return number


def reissue(settings: Settings) -> Iterator[int]:
    """Sign anew, a batch in each transaction, what compromised keys signed; how many so far, after each batch."""
    database, issuer = upgraded(settings), issuer_of(settings)
    done, last = 0, 0
    try:
        while True:
            now = datetime.now(UTC)
            with database.reading() as session:
                numbers = reissuing.waiting(session, now, after=last, most=reissuing.BATCH)
            if not numbers:
                return
            with database.writing() as session:
                done += reissuing.reissue(session, issuer, numbers, "system", now)
            last = numbers[-1]
            yield done
    finally:
        database.close()


def as_json(report: Report) -> str:
    """For programs."""
    told = {
        "state": report.state.value,
        "genuine": report.genuine,
        "valid": report.valid,
        "form": report.form,
        "failed": report.failed.name.value if report.failed else None,
        "checks": [asdict(check) for check in report.checks],
        "seals": seals_told(report),
        "credential": facts(report.credential),
    }
    return json.dumps(told, ensure_ascii=False, indent=1)


def as_text(report: Report) -> str:
    """For people at a terminal."""
    lines = [f"{_SIGNS[check.ok]}{check.name.value}: {_printable(check.says)}" for check in report.checks]
    told = facts(report.credential)
    lines += [f"    {name}: {value}" for name, value in told.items() if value]
    if report.sealing is not None and report.sealing.sealing is Sealing.NONE:
        lines.append(f"{_SIGNS[None]}seal: {_UNSEALED}")
    lines.append(
        _VALID[_signed_by_a_key(report)] if report.valid else f"NOT VALID: {report.state.value.replace('_', ' ')}."
    )
    return "\n".join(lines)


_VALID = {
    False: "Genuine and valid.",
    True: "Genuine and valid, as far as a key can tell: who holds it, and so who issued this, is not known.",
}


def _signed_by_a_key(report: Report) -> bool:
    return any(check.code == "did_key" for check in report.checks)


_UNSEALED = "The document bears no seal: what is printed on it is not protected. Compare it with the credential."


def seals_told(report: Report) -> dict[str, Any] | None:
    """What was found of seals on a PDF; None for another file."""
    if report.sealing is None:
        return None
    told = [
        {
            **asdict(seal),
            "signed_at": seal.signed_at.isoformat() if seal.signed_at else None,
            "stamped_at": seal.stamped_at.isoformat() if seal.stamped_at else None,
        }
        for seal in report.sealing.seals
    ]
    return {"state": report.sealing.sealing.value, "ours": report.sealing.ours, "found": told}


def facts(credential: dict[str, Any]) -> dict[str, str]:
    """What the file says of itself."""
    issuer, subject = credential.get("issuer"), credential.get("credentialSubject")
    achievement = subject.get("achievement") if isinstance(subject, dict) else None
    told = {
        "id": credential.get("id"),
        "issuer": issuer.get("id") if isinstance(issuer, dict) else issuer,
        "issuer_name": issuer.get("name") if isinstance(issuer, dict) else "",
        "achievement": achievement.get("name") if isinstance(achievement, dict) else "",
        "valid_from": credential.get("validFrom"),
        "valid_until": credential.get("validUntil"),
    }
    return {name: _printable(value) for name, value in told.items()}


def _printable(value: object) -> str:
    """One line without control characters: a file must not steer somebody's terminal."""
    text = value if isinstance(value, str) else ""
    return "".join(letter if letter.isprintable() else " " for letter in text)[:600]


@contextmanager
def _records(settings: Settings) -> Iterator[tuple[Trust, seals.SealRecords]]:
    """The database's, if there is one of a version that knows certificates."""
    url = make_url(settings.sqlalchemy_url)
    if url.get_backend_name() == "sqlite" and not (url.database and Path(url.database).exists()):
        yield NobodyKnown(), seals.NoRecords()
        return
    database = Database(settings.sqlalchemy_url)
    try:
        with database.reading() as session:
            records, sealed = Records(session), seals.Records(session)
            try:
                records.keys("")
                sealed.is_ours("0")
            except DBAPIError:
                yield NobodyKnown(), seals.NoRecords()
            else:
                yield records, sealed
    finally:
        database.close()
