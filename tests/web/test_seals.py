"""Seals on pages: the sealed document is handed out and checked by anybody; administrators hear of trouble."""

from __future__ import annotations

import asyncio
import dataclasses
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from lms.credentials import seal_reports, seals
from lms.credentials.seals import SealRefused
from lms.database import Database
from lms.demo_directory import STAFF
from tests.lms.credentials.award import quick_keys
from tests.lms.facts import NOW
from tests.support import sealing
from tests.web.test_certificates import Given
from tests.web.visitor import ADMINISTRATOR, ORGANISER
from web.certificate_files import document_to_seal
from web.main.seal import SealDuty
from web.pades import Pkcs12Sealer

__all__ = ["quick_keys"]
pytestmark = pytest.mark.usefixtures("quick_keys")


class Refusing:
    """A seal whose term is over."""

    def seal(self, document: bytes) -> bytes:
        """Never."""
        raise SealRefused("seal_expired", "The certificate that seals is in force until 2026-01-01 only.")

    def look(self, document: bytes) -> seal_reports.SealReport:
        """There is nothing to look at."""
        return seal_reports.look(document, [], NOW)


def seal(app: FastAPI, database: Database, number: str, folder: Path) -> None:
    """As the worker does, this one only."""
    files, store = sealing.files(folder), app.state.site.config.files
    with database.writing() as session:
        waiting = seals.waiting(session, NOW, after=0, most=1000)
        (one,) = (each for each in waiting if each.snapshot.number == number)
        document, found = seals.sealed(Pkcs12Sealer(files.key, files.password), document_to_seal(one, store))
        assert seals.keep(session, one.edition_id, store.put(document), found, NOW)


@pytest.fixture
def given(app: FastAPI, database: Database) -> Given:
    """An installation that seals, and whose administrator trusts the authority; one certificate."""
    site = app.state.site
    config = dataclasses.replace(site.config, seals=True, seal_authorities=(sealing.authority_pem(),))
    app.state.site = dataclasses.replace(site, config=config)
    return Given(app, database)


async def test_the_sealed_document_is_handed_out_and_checked(
    app: FastAPI, given: Given, database: Database, browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seal_reports, "read_apart", sealing.read_here)
    holder, address = browser("uk"), f"/certificates/{given.number}"
    await holder.sign_in(STAFF)
    assert "Електронну печатку буде додано" in (await holder.get(address)).text
    before = (await holder.get(f"{address}/certificate.pdf")).content
    assert b"/ByteRange" not in before, "nobody waits for the seal"
    await asyncio.to_thread(seal, app, database, given.number, tmp_path)
    page = (await holder.get(address)).text
    assert f"Скріплено електронною печаткою: {sealing.SIGNER}" in page
    first, second = [(await holder.get(f"{address}/certificate.pdf")).content for _ in range(2)]
    assert first == second, "it was sealed once"
    assert "Signature is Valid." in sealing.told_by_poppler(first)

    async def said(file: bytes) -> str:
        data = {"csrf": await holder.csrf()}
        return str((await holder.client.post("/verify", data=data, files={"file": ("a.pdf", file)})).text)

    whole = await said(first)
    assert "Справжній і чинний" in whole
    assert "Документ скріплено печаткою тут" in whole
    assert sealing.SIGNER in whole
    changed = await said(first + b"\n1 0 obj\n<<>>\nendobj\n")
    assert "Несправжній" in changed
    assert "змінено після того, як його скріпили печаткою" in changed

    organiser = browser("uk")
    await organiser.sign_in(ORGANISER)
    archive = await organiser.post(f"/awards/{given.rule}/export", page="0")
    with zipfile.ZipFile(BytesIO(archive.content)) as opened:
        assert first in [opened.read(name) for name in opened.namelist()]


async def test_administrators_are_told_why_documents_go_out_without_a_seal(
    app: FastAPI, given: Given, database: Database, browser: Any
) -> None:
    assert SealDuty(Refusing(), app.state.site.config.files)(database, NOW) == 0
    root, holder = browser("uk"), browser("uk")
    await root.sign_in(ADMINISTRATOR)
    page = (await root.get("/")).text
    assert "Сертифікати видаються без печатки" in page
    assert "The certificate that seals is in force until 2026-01-01 only." in page
    await holder.sign_in(STAFF)
    assert "без печатки" not in (await holder.get("/")).text
    document = await holder.get(f"/certificates/{given.number}/certificate.pdf")
    assert (document.status_code, b"/ByteRange" in document.content) == (200, False)
