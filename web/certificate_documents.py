"""A certificate as a document: tagged PDF (PDF/UA-1 and PDF/A-3a), Ukrainian and English, the credential attached.

The attachment `credential.json` is a convention of ours; no standard says how a PDF carries an Open Badge.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any

import segno
import typst
from babel.dates import format_date

from lms.credentials.documents import Snapshot
from web.templating import local

FONTS = Path(str(files("font_manrope"))) / "files"
TEMPLATE = Path(__file__).parent / "documents" / "certificate.typ"
MOST_CRITERIA = 700
SEALED, SEALED_EN = "Скріплено електронною печаткою", "Sealed electronically."
PDF_TYPE = "application/pdf"


def verify_url(snapshot: Snapshot, edition: int) -> str:
    """What the QR code leads to. The edition goes along, so that paper with a former name says that it was replaced."""
    return f"{snapshot.id}?e={edition}"


def pdf(snapshot: Snapshot, credential: str, edition: int, logo: bytes = b"", *, sealed: bool = False) -> bytes:
    """The document; `logo`: of its project, PNG; `sealed`: it is about to be sealed, and says so.

    Both languages stand on one page, each marked as what it is for screen readers.
    """
    return typst.compile(
        TEMPLATE,
        format="pdf",
        font_paths=[FONTS],
        ignore_system_fonts=True,
        pdf_standards=["ua-1", "a-3a"],
        sys_inputs={
            "data": json.dumps(
                contents(snapshot, edition) | ({"seal": SEALED, "seal_en": SEALED_EN} if sealed else {})
            ),
            "credential": credential,
            "logo": json.dumps(list(logo)),
        },
    )


def contents(snapshot: Snapshot, edition: int) -> dict[str, Any]:
    """The words of the document."""
    achievement = snapshot.achievement
    url = verify_url(snapshot, edition)
    return {
        "title": f"Сертифікат {snapshot.number}: {achievement.name}",
        "description": f"{snapshot.holder}. {achievement.name}",
        "issuer": snapshot.issuer.name,
        "demo": "ЗРАЗОК, НЕ ДІЙСНИЙ ДОКУМЕНТ / DEMONSTRATION, NOT A DOCUMENT" if snapshot.demo else "",
        "kind": "СЕРТИФІКАТ",
        "kind_en": "CERTIFICATE",
        "says": "Цим засвідчується, що",
        "says_en": "This is to certify that",
        "holder": snapshot.holder,
        "holder_en": snapshot.holder_en,
        "holder_size": _size(snapshot.holder, 28, 30),
        "did": "виконав(-ла) умови та отримав(-ла) сертифікат",
        "did_en": "has met the criteria of",
        "name": f"«{achievement.name}»",
        "name_en": achievement.name_en,
        "name_size": _size(achievement.name, 18, 60),
        "criteria": _shortened(achievement.criteria),
        "criteria_en": _shortened(achievement.criteria_en),
        "criteria_size": 9 if max(len(achievement.criteria), len(achievement.criteria_en)) <= 350 else 7.5,
        "criteria_short": max(len(achievement.criteria), len(achievement.criteria_en)) <= 160,
        "facts": _facts(snapshot),
        "funder": f"За підтримки: {achievement.funder}" if achievement.funder else "",
        "funder_en": f"With the support of: {achievement.funder_en}" if achievement.funder_en else "",
        "project": _project(achievement.project),
        "statement": achievement.project.get("statement", ""),
        "statement_en": achievement.project.get("statement_en", ""),
        "logo_alt": achievement.project.get("logo_alt", ""),
        "issuer_size": _size(snapshot.issuer.name, 11, 110),
        "holder_en_size": _size(snapshot.holder_en, 13, 60),
        "name_en_size": _size(achievement.name_en, 11, 110),
        "signatory": snapshot.signatory,
        "position": snapshot.signatory_position,
        "position_en": snapshot.signatory_position_en,
        "number": snapshot.number,
        "qr": qr(url),
        "qr_alt": f"QR-код: перевірити сертифікат {snapshot.number}",
        "url": url,
        "url_shown": snapshot.id,
        "check": "Перевірити без реєстрації:",
        "check_en": "checked there by anybody without an account; the signed credential (Open Badges 3.0) is attached.",
        "seal": "",
        "seal_en": "",
        "attached": "Підписаний сертифікат, Open Badges 3.0 / Signed credential, Open Badges 3.0",
    }


def _project(project: Mapping[str, str]) -> str:
    if not project:
        return ""
    number = f", № {project['number']}" if project.get("number") else ""
    return f"Проєкт «{project['name']}»{number}"


def qr(url: str) -> str:
    """The address as a QR code, SVG, error level Q: a quarter of it may be damaged (ISO/IEC 18004)."""
    out = BytesIO()
    segno.make(url, error="q", micro=False).save(out, kind="svg", border=2, dark="#12264d", light="#ffffff")
    return out.getvalue().decode()


def _facts(snapshot: Snapshot) -> list[list[str]]:
    found = [["Реєстраційний номер / Number", snapshot.number], ["Видано / Issued", _day(snapshot.awarded_at)]]
    if snapshot.activity_from and snapshot.activity_to:
        period = f"{_day(snapshot.activity_from)} – {_day(snapshot.activity_to)}"
        found.append(["Період / Period", period])
    if snapshot.share:
        found.append(["Відвідано / Attended", f"{snapshot.share} %"])
    found += [["Результат тесту / Test result", f"{_decimal(each['value'])} %"] for each in snapshot.results[:1]]
    achievement = snapshot.achievement
    if achievement.hours:
        found.append(["Обсяг, годин / Hours", _decimal(achievement.hours)])
    if achievement.credits:
        found.append(["Кредитів ЄКТС / ECTS credits", _decimal(achievement.credits)])
    if snapshot.valid_until:
        found.append(["Дійсний до / Valid until", _day(snapshot.valid_until)])
    return found


def _decimal(number: str) -> str:
    """The document is Ukrainian first: with a comma."""
    return str(number).replace(".", ",")


def _shortened(text: str) -> str:
    """What fits on the page; all of it stands in the credential and on the page that the code leads to."""
    return textwrap.shorten(text, MOST_CRITERIA, placeholder=" …")


def _day(moment: str) -> str:
    return format_date(local(datetime.fromisoformat(moment)).date(), "dd.MM.y", locale="uk")


def _size(text: str, largest: int, letters: int) -> float:
    """So large that it stays on few lines: a long name must not push the rest off the page."""
    shrunk = largest * float(letters / max(letters, len(text))) ** 0.8
    return float(max(min(11.0, largest * 0.7), round(shrunk, 1)))
