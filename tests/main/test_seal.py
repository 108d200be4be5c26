"""The worker seals each document once; what cannot be sealed goes out without, and is told, and is sealed later."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from lms.audit.models import AuditEntry
from lms.credentials import awarding, changing, issuing, seal_reports, seals
from lms.credentials.models import Certificate, CertificateSeal
from lms.credentials.seals import SealRefused
from lms.database import Database
from lms.files import MemoryFiles
from tests.lms.credentials.award import ISSUER, MANUAL, Held, numbers, quick_keys
from tests.lms.facts import NOW, administrator
from tests.support import sealing
from tests.support.postgres import database, database_url, postgres, postgres_template, sqlite_template
from web.certificate_files import kept_document
from web.main.doctor import seal as doctor
from web.main.doctor.finding import Level
from web.main.seal import SealDuty
from web.main.settings import Settings
from web.pades import Pkcs12Sealer

__all__ = ["database", "database_url", "postgres", "postgres_template", "quick_keys", "sqlite_template"]
pytestmark = pytest.mark.usefixtures("quick_keys")


@pytest.fixture(autouse=True)
def read_here(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Seals are looked at in this process (tests/web/test_pades.py)."""
    monkeypatch.setattr(seal_reports, "read_apart", sealing.read_here)
    return


class Broken:
    """A sealer that refuses until it is mended; then it does what another does."""

    def __init__(self, other: Pkcs12Sealer) -> None:
        self.other, self.code, self.asked = other, "seal_expired", 0

    def seal(self, document: bytes) -> bytes:
        """Refuse, or seal."""
        self.asked += 1
        if self.code:
            raise SealRefused(self.code, "The certificate that seals is in force until yesterday only.")
        return self.other.seal(document)

    def look(self, document: bytes) -> seal_reports.SealReport:
        """As the other."""
        return self.other.look(document)


def given(database: Database) -> list[str]:
    """Two certificates; their numbers."""
    with database.writing() as session:
        held = Held(session)
        rule = awarding.create(session, held.planner, "case", MANUAL, NOW).id
        people = numbers(held.olena, held.petro)
        made = issuing.issue(session, ISSUER, held.planner, rule, people, NOW, reason="Заняття")
        return [each.number for each in made.certificates]


def sealer(folder: Path) -> Pkcs12Sealer:
    files = sealing.files(folder)
    return Pkcs12Sealer(files.key, files.password)


def test_each_document_is_sealed_once_and_a_new_edition_anew(database: Database, tmp_path: Path) -> None:
    first, second = given(database)
    store, later = MemoryFiles(), NOW + timedelta(minutes=1)
    duty = SealDuty(sealer(tmp_path), store)
    assert duty(database, NOW) == 2
    assert duty(database, later) == 0
    with database.reading() as session:
        sealed = seals.of(session, first, 1)
        assert sealed is not None
        assert (sealed.signer, sealed.sealed_at) == (f"{sealing.SIGNER}, Асоціація «Приклад»", NOW)
        assert "Signature is Valid." in sealing.told_by_poppler(kept_document(sealed.digest, store))
        assert set(seals.digests(session, [first, second, "none"])) == {first, second}
        fingerprint = session.scalars(select(CertificateSeal.signer_digest)).first()
        assert fingerprint is not None
        records = seals.Records(session)
        assert [records.is_ours(each) for each in (fingerprint, "", "0" * 64)] == [True, False, False]
        assert [records.is_kept(each) for each in (sealed.digest, "0" * 64)] == [True, False]
        logged = session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("certificate.seal%"))).all()
        assert logged == ["certificate.seal"] * 2
    with database.writing() as session:
        root = administrator(session)
        changing.renew(session, ISSUER, root, first, later)
        changing.revoke(session, ISSUER, root, second, "Помилка", later)
    assert duty(database, later) == 1
    with database.writing() as session:
        assert seals.of(session, first, 2) is not None
        edition = session.scalars(select(CertificateSeal.edition_id)).first()
        assert edition is not None
        seal = seal_reports.Seal("", "", "", None, None, True, False, False, True)
        assert not seals.keep(session, edition, "0" * 64, seal, later), "whoever is later changes nothing"


def test_a_refusal_is_told_and_nothing_waits_for_the_seal(database: Database, tmp_path: Path) -> None:
    given(database)
    broken, store = Broken(sealer(tmp_path)), MemoryFiles()
    duty = SealDuty(broken, store)
    assert duty(database, NOW) == 0
    assert duty(database, NOW + timedelta(seconds=50)) == 0
    assert broken.asked == 1, "what is wrong is wrong for all: it waits a minute"
    with database.reading() as session:
        trouble = seals.trouble(session, NOW)
        assert trouble is not None
        assert (trouble.documents, trouble.code, trouble.tried_at) == (1, "seal_expired", NOW)
        issued = session.scalars(select(Certificate.number)).all()
        assert len(issued) == 2
        assert [seals.of(session, number, 1) for number in issued] == [None, None]
    soon = NOW + timedelta(minutes=2)
    assert duty(database, soon) == 0
    with database.reading() as session:
        tried = session.execute(select(CertificateSeal.edition_id, CertificateSeal.tries)).all()
        assert sorted(tries for _edition, tries in tried) == [1, 1], "one that is refused does not hold up the others"
        logged = session.scalars(select(AuditEntry.action).where(AuditEntry.action == "certificate.seal_refused")).all()
        assert len(logged) == 2
    broken.code = ""
    assert duty(database, soon + timedelta(minutes=1)) == 0, "it waits longer each time"
    assert duty(database, soon + timedelta(minutes=2)) == 2
    with database.reading() as session:
        assert seals.trouble(session, soon) is None


def test_a_document_that_cannot_be_made_is_a_refusal_too(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(database)

    def fails(*_given: object) -> bytes:
        raise RuntimeError("no fonts")

    monkeypatch.setattr("web.main.seal.document_to_seal", fails)
    assert SealDuty(sealer(tmp_path), MemoryFiles())(database, NOW) == 0
    with database.reading() as session:
        trouble = seals.trouble(session, NOW)
        assert trouble is not None
        assert (trouble.code, trouble.says) == ("seal_document", "The document could not be made: no fonts")


def test_what_has_expired_is_not_sealed_any_more(database: Database, tmp_path: Path) -> None:
    given(database)
    duty = SealDuty(sealer(tmp_path), MemoryFiles())
    assert duty(database, NOW + timedelta(days=800)) == 0


def test_a_lost_file_is_told_in_the_log_and_the_document_goes_out_without_a_seal(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert kept_document("0" * 64, MemoryFiles()) == b""
    assert "is missing among the files" in caplog.text
    assert kept_document("", MemoryFiles()) == b""


def test_the_doctor_tells_of_key_password_term_and_time_server(tmp_path: Path) -> None:
    def told(**settings: object) -> list[tuple[Level, str]]:
        return [(each.level, each.what) for each in doctor.findings(Settings(data=tmp_path, **settings))]  # type: ignore[arg-type]

    def set_by(files: sealing.SealFiles, **more: object) -> list[tuple[Level, str]]:
        return told(seal_key=files.key, seal_password_file=files.password, **more)

    assert told() == []
    ((level, what),) = set_by(sealing.files(tmp_path / "good", days=200))
    assert level is Level.GOOD
    assert sealing.SIGNER in what
    ((level, what),) = set_by(sealing.files(tmp_path / "soon", days=10))
    assert level is Level.DOUBTFUL
    ((level, what),) = set_by(sealing.files(tmp_path / "expired", days=-1))
    assert level is Level.BROKEN
    assert "go out without a seal" in what
    ((level, what),) = set_by(sealing.files(tmp_path / "wrong", password="інший"))
    assert level is Level.BROKEN
    with sealing.time_server() as url:
        assert set_by(sealing.files(tmp_path / "timed", days=200), seal_time_server=url)[1][0] is Level.GOOD
    assert set_by(sealing.files(tmp_path / "away", days=200), seal_time_server=url)[1][0] is Level.BROKEN


def test_settings_that_cannot_be_meant_are_refused(tmp_path: Path) -> None:
    files = sealing.files(tmp_path)
    files.password.chmod(0o644)
    with pytest.raises(ValueError, match="everybody may read it"):
        Settings(seal_password_file=files.password)
    with pytest.raises(ValueError, match="no certificates in PEM"):
        Settings(seal_authorities=files.key)
    with pytest.raises(ValueError, match="not the address of a server"):
        Settings(seal_time_server="tsp.example.ua")
    (tmp_path / "authorities.pem").write_text(sealing.authority_pem())
    assert Settings(seal_authorities=tmp_path / "authorities.pem").seal_authorities is not None
