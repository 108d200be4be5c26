"""One certificate to look at and to try verifiers on: signed like every other, marked as a demonstration, nobody's."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.credentials import documents, integrity
from lms.credentials.documents import AchievementFacts
from lms.credentials.editions import write_edition
from lms.credentials.issuing import new_certificate
from lms.credentials.keys import Issuer, signers
from lms.credentials.models import Certificate, CertificateEdition, EditionReason

_ACTOR = "demo"


def certificate(session: Session, issuer: Issuer, now: datetime) -> CertificateEdition:
    """The demonstration of this issuer; made the first time. Raises `Conflict` (issuer_key_lost)."""
    issuer = replace(issuer, demo=True)
    kept = session.scalars(
        select(CertificateEdition)
        .join(Certificate, Certificate.id == CertificateEdition.certificate_id)
        .where(Certificate.demo, Certificate.person_id.is_(None), Certificate.rule_id.is_(None))
        .order_by(CertificateEdition.id.desc())
        .limit(20)
    )
    for edition in kept:
        if edition.snapshot["issuer"]["id"] == issuer.id and edition.snapshot["issuer"]["name"] == issuer.name:
            return edition
    keys = signers(session, issuer, now)
    made, snapshot = new_certificate(session, issuer, _words(issuer, now), None, now)
    made.issued_by = _ACTOR
    session.add(made)
    session.flush()
    edition = write_edition(session, keys, made, snapshot, EditionReason.ISSUED, _ACTOR, now)
    after = {"number": made.number, "reason": "demo"}
    record(session, _ACTOR, "certificate.issue", "certificate", made.id, now=now, after=after)
    return edition


def achievement(issuer: Issuer) -> AchievementFacts:
    """What it is given for."""
    return AchievementFacts(
        id=f"{issuer.site}/achievements/demo",
        version="1",
        kind="CertificateOfCompletion",
        name="Мобільний цифровий кейс",
        name_en="Mobile digital case",
        description="Серія консультацій для працівників ЦНАП.",
        description_en="A series of consultations for staff of service centres.",
        criteria="Присутність не менш як на 80 % занять серії, за затвердженими відомостями.",
        criteria_en="Present at no less than 80 % of the dates of the series, by approved attendance sheets.",
        hours="6",
        credits="0.2",
    )


def _words(issuer: Issuer, now: datetime) -> dict[str, Any]:
    salt = "demo"
    return {
        "holder": "Зразок Олена Іванівна",
        "holder_en": "Olena Zrazok",
        "achievement": achievement(issuer),
        "email_hash": documents.email_hash("olena@vikno.test", salt),
        "email_salt": salt,
        "share": "100",
        "required_share": "80",
        "activity_from": integrity.instant(now - timedelta(days=35)),
        "activity_to": integrity.instant(now - timedelta(days=7)),
        "signatory": "О. Зразок",
        "signatory_position": "Посада підписанта",
        "signatory_position_en": "Position of the signatory",
    }
