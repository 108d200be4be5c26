"""Pages of certificates: checking without an account and by machine, holders, approval, the issuer, hostile files."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
import zipfile
from datetime import timedelta
from io import BytesIO
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from pypdf import PdfReader
from sqlalchemy import select

from lms.credentials import (
    awarding,
    bits,
    bulk,
    changing,
    checking,
    integrity,
    issuing,
    keys,
    multibase,
    numbers,
    telling,
)
from lms.credentials.models import Certificate, CertificateEdition, CertificateState, KeyEnd, RuleKind
from lms.credentials.profiles import Profiles
from lms.credentials.trust import NobodyKnown
from lms.database import Database
from lms.demo_directory import STAFF
from lms.directory.models import Account, Person
from lms.directory.queries import visitor_of_person
from lms.notify.models import OutboxMessage
from lms.schedule.plan_models import Series
from tests.lms.credentials import foreign, published, samples
from tests.lms.credentials.award import quick_keys
from tests.lms.facts import NOW
from tests.web.visitor import HOST, ORGANISER
from web import vocabulary
from web.assets import Assets
from web.links import Links
from web.mail import letters
from web.templating import Templates

__all__ = ["quick_keys"]
pytestmark = pytest.mark.usefixtures("quick_keys")
MACHINE = {"Accept": "application/vc"}


class Given:
    """A certificate of the centre's staff, given by decision of the organiser."""

    def __init__(self, app: FastAPI, database: Database, **changes: Any) -> None:
        self.issuer = app.state.site.config.issuer
        self.database = database
        with database.writing() as session:
            self.staff = session.scalars(select(Account.person_id).where(Account.subject == STAFF)).one()
            organiser = session.scalars(select(Account.person_id).where(Account.subject == ORGANISER)).one()
            self.planner = visitor_of_person(session, organiser, NOW)
            self.holder = visitor_of_person(session, self.staff, NOW)
            series = session.scalars(select(Series).where(Series.created_by == self.planner.actor).limit(1)).one()
            words = {"name_en": "Thanks", "valid_months": 12} | changes
            draft = awarding.RuleDraft(RuleKind.MANUAL, "Подяка доповідачам", "За проведене заняття.", **words)
            self.slug = series.slug
            self.rule = awarding.create(session, self.planner, series.slug, draft, NOW).id
            done = issuing.issue(
                session, self.issuer, self.planner, self.rule, [self.staff], NOW, reason="Провела заняття"
            )
            self.number = done.certificates[0].number

    def rename(self) -> None:
        """The holder has another name, and a new edition."""
        with self.database.writing() as session:
            session.get_one(Person, self.staff).family_name = "Нова"
            session.flush()
            changing.replace_name(session, self.issuer, self.planner, self.number, NOW + timedelta(minutes=1))


@pytest.fixture
def given(app: FastAPI, database: Database) -> Given:
    return Given(app, database)


async def test_anybody_checks_a_number(given: Given, browser: Any, clock: Any) -> None:
    visitor = browser("uk")
    page = await visitor.get(f"/verify/{given.number}")
    assert page.status_code == 200
    assert "Цей сертифікат чинний" in page.text
    assert "Подяка доповідачам" in page.text
    assert page.headers["x-robots-tag"] == "noindex, nofollow"
    assert "@vikno.test" not in page.text
    typed = await visitor.get("/verify", number=given.number.lower().replace("-", " "))
    assert (typed.status_code, typed.headers["location"]) == (303, f"/verify/{given.number}")
    for number, words in (
        (numbers.complete("A2222222222"), "Сертифіката з таким номером немає"),
        ("AAAA-AAAA-AAAA", "У цьому номері помилка"),
    ):
        page = await visitor.get(f"/verify/{number}")
        assert (page.status_code, words in page.text) == (404, True)
    clock.forward(days=366)
    assert "Строк дії цього сертифіката минув" in (await visitor.get(f"/verify/{given.number}")).text


async def test_revoked_replaced_closed(given: Given, browser: Any) -> None:
    visitor = browser("uk")
    given.rename()
    page = await visitor.get(f"/verify/{given.number}?e=1")
    assert "Цей примірник замінено новішим" in page.text
    assert "Нова" in page.text
    assert "Цей сертифікат чинний" in (await visitor.get(f"/verify/{given.number}?e=2")).text
    with given.database.writing() as session:
        changing.share(session, given.holder, given.number, NOW, open_=False)
    page = await visitor.get(f"/verify/{given.number}")
    assert page.status_code == 403
    assert "Власник закрив це посилання" in page.text
    assert "Нова" not in page.text
    told = await visitor.client.get(f"/verify/{given.number}", headers=MACHINE)
    assert (told.status_code, told.json()["code"]) == (403, "certificate_closed")
    with given.database.writing() as session:
        changing.share(session, given.holder, given.number, NOW, open_=True)
        changing.revoke(session, given.issuer, given.planner, given.number, "Видано помилково", NOW)
    page = await visitor.get(f"/verify/{given.number}")
    assert "Цей сертифікат відкликано" in page.text
    assert "Видано помилково" not in page.text, "why is for the holder"


async def test_machines_get_what_they_ask_for(given: Given, browser: Any) -> None:
    client = browser("uk").client
    address = f"/verify/{given.number}"
    for accept, kind in (
        ("application/vc", "application/vc"),
        ("application/vc+ld+json", "application/vc+ld+json"),
        ("application/ld+json;q=0.9, text/html;q=0.5", "application/ld+json"),
        ("application/vc+jwt", "application/vc+jwt"),
        ("application/json", "application/json"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8"),
        ("*/*", "text/html; charset=utf-8"),
        ("", "text/html; charset=utf-8"),
    ):
        answer = await client.get(address, headers={"Accept": accept})
        assert (answer.status_code, answer.headers["content-type"]) == (200, kind), accept
        assert "Accept" in answer.headers["vary"]
    credential = (await client.get(address, headers=MACHINE)).json()
    assert credential["id"] == f"{HOST}/verify/{given.number}"
    told = await client.get("/verify/AAAA-AAAA-AAAA", headers=MACHINE)
    assert told.headers["content-type"] == "application/problem+json"
    assert (told.status_code, told.json()["code"]) == (404, "certificate_mistyped")


async def test_who_asks_for_the_head_alone_gets_it(given: Given, browser: Any) -> None:
    client = browser("uk").client
    for path in ("/verify", f"/verify/{given.number}", "/issuer", "/status/1", f"/achievements/{given.rule}"):
        told, whole = await client.head(path, headers=MACHINE), await client.get(path, headers=MACHINE)
        assert (told.status_code, told.headers["content-type"]) == (200, whole.headers["content-type"]), path
    assert (await client.head("/verify/AAAA-AAAA-AAAA")).status_code == 404


async def test_three_editions_and_then_revoked(given: Given, browser: Any) -> None:
    """Each former file is called replaced, by number and by file; after it was revoked, every one is."""
    visitor = browser("uk")
    files = [(await visitor.client.get(f"/verify/{given.number}", headers=MACHINE)).content]
    for name in ("Друга", "Третя"):
        with given.database.writing() as session:
            session.get_one(Person, given.staff).family_name = name
            session.flush()
            changing.replace_name(session, given.issuer, given.planner, given.number, NOW)
        files.append((await visitor.client.get(f"/verify/{given.number}", headers=MACHINE)).content)
    # A wallet may write one proof as a list of one, and a type without its list.
    told = json.loads(files[2])
    told |= {"proof": [told["proof"]], "issuer": told["issuer"] | {"type": "Profile"}}
    files[2] = json.dumps(told).encode()

    async def verdicts() -> list[str]:
        found = []
        for file in files:
            sent = await visitor.client.post(
                "/verify", data={"csrf": await visitor.csrf()}, files={"file": ("a", file)}
            )
            found.append(re.findall(r'verdict__word">([^<]*)', sent.text)[0])
        return found

    assert await verdicts() == ["Замінений новішим", "Замінений новішим", "Справжній і чинний"]
    for edition, words in ((1, "Цей примірник замінено"), (2, "Цей примірник замінено"), (3, "Цей сертифікат чинний")):
        assert words in (await visitor.get(f"/verify/{given.number}?e={edition}")).text
    with given.database.writing() as session:
        changing.revoke(session, given.issuer, given.planner, given.number, "Видано помилково", NOW)
    assert await verdicts() == ["Видавець його відкликав"] * 3
    assert "Цей сертифікат відкликано" in (await visitor.get(f"/verify/{given.number}?e=1")).text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"@context": ["https://www.w3.org/ns/credentials/v2", {"name": "https://a.example/x"}]}, "Такого виду"),
        ({"validFrom": "0001-01-01T00:00:00+14:00"}, "Несправжній"),
        ({"validUntil": "9999-12-31T23:59:59-14:00"}, "Несправжній"),
        ({"name": "\ud800"}, "Немає сертифіката, який можна прочитати"),
        ({"issuer": {"id": "https://a.example/\x00", "type": ["Profile"]}}, "Немає сертифіката, який можна прочитати"),
    ],
)
async def test_a_strangers_file_that_used_to_break_the_page(browser: Any, changes: Any, words: str) -> None:
    visitor = browser("uk")
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
    own = f"did:key:{multibase.multikey(private.public_key().public_bytes_raw())}"
    badge = published.BADGE | {"issuer": {"id": own, "type": ["Profile"], "name": "Key"}}
    file = integrity.sign(badge, integrity.SigningKey(private, own), NOW) | changes
    sent = await visitor.client.post(
        "/verify", data={"csrf": await visitor.csrf()}, files={"file": ("a.json", json.dumps(file))}
    )
    assert (sent.status_code, words in sent.text) == (200, True)


async def test_a_stranger_needs_nothing_but_what_is_served(given: Given, browser: Any) -> None:
    client = browser("uk").client
    credential = (await client.get(f"/verify/{given.number}", headers=MACHINE)).json()
    token = (await client.get(f"/verify/{given.number}", headers={"Accept": "application/vc+jwt"})).text
    profile = (await client.get("/issuer", headers={"Accept": "application/json"})).json()
    address = credential["credentialStatus"]["statusListCredential"]
    held = (await client.get(address.removeprefix(HOST))).text
    trust = Profiles([json.dumps(profile)], [held], NobodyKnown())
    for file in (json.dumps(credential), token):
        report = checking.check(file.encode(), trust, NOW)
        assert report.valid, report.checks
    # The same by Digital Bazaar's library.
    method = next(each for each in profile["verificationMethod"] if each["type"] == "Multikey")
    documents = {
        profile["id"]: profile,
        method["id"]: {"@context": "https://w3id.org/security/multikey/v1", **method},
        address: json.loads(held),
    }
    (result,) = foreign.check([credential], documents, NOW.isoformat())
    assert (result["verified"], result["revoked"]) == (True, False), result
    # The token names its key by an address under which the key is served (RFC 7517).
    header = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
    jwk = (await client.get(header["kid"].removeprefix(HOST))).json()
    assert (jwk["kty"], jwk["kid"]) == ("RSA", header["kid"])
    assert "d" not in jwk


async def test_the_issuer_lists_its_keys_for_ever(given: Given, browser: Any) -> None:
    with given.database.writing() as session:
        keys.rotate(session, given.issuer, "system", NOW, because=KeyEnd.LOST)
    visitor = browser("uk")
    profile = (await visitor.client.get("/issuer", headers={"Accept": "application/json"})).json()
    assert len(profile["assertionMethod"]) == 4
    assert sum("expires" in each for each in profile["verificationMethod"]) == 2
    page = await visitor.get("/issuer")
    assert "утрачено; підписане ним лишається справжнім" in page.text
    assert page.text.count("у вжитку") == 2


async def test_the_status_list_is_served_to_be_kept_a_while(given: Given, browser: Any) -> None:
    with given.database.writing() as session:
        made = session.scalars(select(Certificate).where(Certificate.number == given.number)).one()
        changing.revoke(session, given.issuer, given.planner, given.number, "Помилка", NOW)
    client = browser("uk").client
    answer = await client.get(f"/status/{made.list_id}")
    assert answer.headers["content-type"] == "application/vc"
    assert answer.headers["cache-control"] == "public, max-age=300"
    content = bits.unpacked(answer.json()["credentialSubject"]["encodedList"])
    assert bits.get(content, made.list_index)
    assert (await client.get("/status/999")).status_code == 404


async def test_verifiers_that_run_in_a_browser_may_read_what_is_for_machines(given: Given, browser: Any) -> None:
    client = browser("uk").client
    credential = (await client.get(f"/verify/{given.number}", headers=MACHINE)).json()
    status = credential["credentialStatus"]["statusListCredential"].removeprefix(HOST)
    methods = (await client.get("/issuer", headers=MACHINE)).json()["verificationMethod"]
    key = next(each["id"] for each in methods if "/keys/" in each["id"]).removeprefix(HOST)
    for address, accept in (
        (f"/verify/{given.number}", "application/vc"),
        (f"/verify/{given.number}", "application/vc+jwt"),
        (f"/verify/{given.number}", "application/json"),
        ("/verify/AAAA-AAAA-AAAA", "application/vc"),
        ("/issuer", "application/json"),
        (key, "*/*"),
        (status, "*/*"),
        (f"/achievements/{given.rule}/badge.png", "*/*"),
    ):
        told = (await client.get(address, headers={"Accept": accept})).headers
        assert told.get("access-control-allow-origin") == "*", address
        assert told["cross-origin-resource-policy"] == "cross-origin"
    for page in (f"/verify/{given.number}", "/issuer", "/verify"):
        assert "access-control-allow-origin" not in (await client.get(page, headers={"Accept": "text/html"})).headers


async def test_the_holder_downloads_every_form_and_each_is_valid(given: Given, browser: Any) -> None:
    visitor = browser("uk")
    await visitor.sign_in(STAFF)
    page = await visitor.get("/me/certificates")
    assert given.number in page.text
    page = await visitor.get(f"/certificates/{given.number}")
    for name in ("certificate.pdf", "credential.json", "credential.jwt", "badge.png", "badge.svg"):
        assert f"/certificates/{given.number}/{name}" in page.text
        file = await visitor.get(f"/certificates/{given.number}/{name}")
        assert file.status_code == 200
        assert "attachment" in file.headers["content-disposition"]
        sent = await visitor.client.post(
            "/verify", data={"csrf": await visitor.csrf()}, files={"file": (name, file.content)}
        )
        assert "Справжній і чинний" in sent.text, name
    assert "/me/certificates" in (await visitor.get("/")).text
    assert (await visitor.get(f"/certificates/{given.number}/passwords.txt")).status_code == 404


async def test_the_document_is_tagged_and_carries_the_credential(given: Given, browser: Any) -> None:
    visitor = browser("uk")
    await visitor.sign_in(STAFF)
    document = PdfReader(BytesIO((await visitor.get(f"/certificates/{given.number}/certificate.pdf")).content))
    root = document.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"].value
    assert "/StructTreeRoot" in root
    assert root["/Lang"] == "uk"
    text = " ".join(document.pages[0].extract_text().split())
    for words in ("СЕРТИФІКАТ", "CERTIFICATE", "Подяка доповідачам", "Thanks", given.number, "За проведене заняття."):
        assert words in text, text
    (attached,) = document.attachment_list
    assert (attached.name, attached.associated_file_relationship) == ("credential.json", "/Supplement")
    assert json.loads(attached.content)["id"].endswith(given.number)


async def test_the_holder_closes_and_opens_the_link(given: Given, browser: Any) -> None:
    visitor, stranger = browser("uk"), browser("uk")
    await visitor.sign_in(STAFF)
    await visitor.post(f"/certificates/{given.number}/share", open="no")
    assert (await stranger.get(f"/verify/{given.number}")).status_code == 403
    await visitor.post(f"/certificates/{given.number}/share", open="yes")
    assert (await stranger.get(f"/verify/{given.number}")).status_code == 200
    answer = await visitor.post(f"/certificates/{given.number}/edition", do="name")
    assert answer.status_code == 303
    again = await visitor.post(f"/certificates/{given.number}/edition", do="name")
    assert again.status_code == 409


async def test_the_organiser_awards_by_decision_and_revokes(given: Given, browser: Any) -> None:
    visitor = browser("uk")
    await visitor.sign_in(ORGANISER)
    page = await visitor.get(f"/series/{given.slug}/awards")
    assert f"/awards/{given.rule}" in page.text
    found = await visitor.get(f"/awards/{given.rule}", person="Демо")
    people = re.findall(r'name="person" value="(\d+)"', found.text)
    assert people
    missing = await visitor.post(f"/awards/{given.rule}/issue", person=people[0])
    assert missing.status_code == 422
    assert "Вкажіть причину" in missing.text
    other = next(each for each in people if int(each) not in (given.staff, given.planner.person_id))
    done = await visitor.post(f"/awards/{given.rule}/issue", person=other, reason="Допомогла")
    assert done.status_code == 303, done.text
    revoked = await visitor.post(f"/certificates/{given.number}/revoke", reason="")
    assert revoked.status_code == 422
    revoked = await visitor.post(f"/certificates/{given.number}/revoke", reason="Видано помилково")
    assert revoked.status_code == 303
    assert "Видано помилково" in (await visitor.get(f"/certificates/{given.number}")).text


async def test_a_rule_is_made_and_revised_on_pages(given: Given, browser: Any) -> None:
    visitor = browser("uk")
    await visitor.sign_in(ORGANISER)
    assert "80" in (await visitor.get(f"/series/{given.slug}/awards/new")).text
    fields = {"kind": "attendance", "name": "Кейс", "criteria": "Присутність", "achievement_kind": "Course"}
    wrong = await visitor.post(f"/series/{given.slug}/awards/new", **fields, hours="багато", min_share="80")
    assert wrong.status_code == 422
    assert 'value="Кейс"' in wrong.text, "nothing typed is lost"
    made = await visitor.post(f"/series/{given.slug}/awards/new", **fields, hours="6", min_share="80")
    assert made.status_code == 303, made.text
    address = made.headers["location"].partition("?")[0]
    assert (await visitor.get(address)).status_code == 200
    revised = await visitor.post(f"{address}/edit", **fields, hours="1,5", min_share="90")
    assert revised.status_code == 303
    assert "версія 2" in (await visitor.get(revised.headers["location"])).text
    edit = revised.headers["location"].partition("?")[0] + "/edit"
    assert 'name="hours" type="text" value="1,5"' in (await visitor.get(edit)).text
    for language, hours in (("uk", "1,5"), ("en", "1.5")):
        page = await browser(language).get(edit.replace("/awards/", "/achievements/").removesuffix("/edit"))
        assert f"<dd>{hours}</dd>" in page.text
    public = browser("uk")
    assert "Присутність" in (await public.get(address.replace("/awards/", "/achievements/"))).text
    picture = await public.get(address.replace("/awards/", "/achievements/") + "/badge.png")
    assert picture.content.startswith(b"\x89PNG")


async def test_without_a_public_address_nothing_is_issued(
    app: FastAPI, given: Given, browser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = app.state.site.config
    local = keys.Issuer("http://localhost:8000", "", config.sealer)
    monkeypatch.setattr(type(config), "issuer", property(lambda _self: local))
    visitor = browser("uk")
    await visitor.sign_in(ORGANISER)
    refused = await visitor.post(f"/awards/{given.rule}/issue", person="1", reason="Провела")
    assert refused.status_code == 409
    assert "VIKNO_PUBLIC_URL" in refused.text


@pytest.mark.parametrize(
    "file",
    [
        b"%PDF-1.7\n" + b"\x00" * 1000,
        b"\x89PNG\r\n\x1a\n" + b"\xff" * 1000,
        b"<svg xmlns='http://www.w3.org/2000/svg'>" + b"<g>" * 100_000,
        b'<!DOCTYPE l [<!ENTITY l "l"><!ENTITY a "&l;&l;&l;">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>',
        b'{"@context":' + b"[" * 50_000,
        b"eyJhbGciOiJub25lIn0.e30.",
        "не сертифікат".encode(),
    ],
)
async def test_hostile_files_get_a_calm_answer(browser: Any, file: bytes) -> None:
    visitor = browser("uk")
    answer = await visitor.client.post("/verify", data={"csrf": await visitor.csrf()}, files={"file": ("a", file)})
    assert answer.status_code == 200
    assert "Немає сертифіката, який можна прочитати" in answer.text
    empty = await visitor.client.post("/verify", data={"csrf": await visitor.csrf()}, files={"file": ("a", b"")})
    assert empty.status_code == 422


async def test_how_often_strangers_may_ask(given: Given, browser: Any) -> None:
    visitor = browser("uk")
    answers = [await visitor.get("/verify/AAAA-AAAA-AAAA") for _ in range(125)]
    assert [each.status_code for each in answers].count(429) == 5
    assert answers[-1].headers["retry-after"]


async def test_what_stands_in_a_file_is_text_only(given: Given, browser: Any, database: Database) -> None:
    with database.reading() as session:
        kept = session.scalars(select(CertificateEdition.credential)).first()
    assert kept is not None
    file = json.loads(kept)
    file["credentialSubject"]["achievement"]["name"] = "<script>alert(1)</script>"
    visitor = browser("uk")
    answer = await visitor.client.post(
        "/verify", data={"csrf": await visitor.csrf()}, files={"file": ("a.json", json.dumps(file))}
    )
    assert "<script>alert" not in answer.text
    assert "Несправжній" in answer.text


async def test_the_code_on_the_printed_page_leads_to_the_check(given: Given, browser: Any) -> None:
    visitor = browser("uk")
    await visitor.sign_in(STAFF)
    document = pypdfium2.PdfDocument((await visitor.get(f"/certificates/{given.number}/certificate.pdf")).content)
    assert len(document) == 1
    page = document[0].render(scale=2).to_pil()
    (code,) = zxingcpp.read_barcodes(page)
    assert code.text == f"{HOST}/verify/{given.number}?e=1"
    assert (await browser("uk").get(code.text.removeprefix(HOST))).status_code == 200


async def test_a_document_with_long_words_stays_one_page(app: FastAPI, database: Database, browser: Any) -> None:
    long = Given(
        app,
        database,
        description="Опис " * 100,
        criteria_en="Present and active. " * 100,
        signatory="О. Підпис",
        signatory_position="Заступниця голови правління Асоціації центрів надання адміністративних послуг",
    )
    visitor = browser("uk")
    await visitor.sign_in(STAFF)
    document = PdfReader(BytesIO((await visitor.get(f"/certificates/{long.number}/certificate.pdf")).content))
    assert len(document.pages) == 1


async def test_what_a_file_leaves_open_is_said(given: Given, browser: Any) -> None:
    """Whose name we printed, beside a document that could say anything; and that a key may bear any name."""
    visitor = browser("uk")
    own = (await visitor.client.get(f"/verify/{given.number}", headers=MACHINE)).text
    with given.database.reading() as session:
        holder = session.scalars(select(CertificateEdition.snapshot)).all()[-1]["holder"]

    async def checked(text: str) -> str:
        sent = await visitor.client.post(
            "/verify", data={"csrf": await visitor.csrf(), "text": text}, files={"file": b""}
        )
        return str(sent.text)

    page = await checked(own)
    assert ("Справжній і чинний" in page, holder in page) == (True, True)
    with given.database.writing() as session:
        changing.share(session, given.holder, given.number, NOW, open_=False)
    page = await checked(own)
    assert ("Справжній і чинний" in page, holder in page) == (True, False), "the holder has closed the link"
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
    key = f"did:key:{multibase.multikey(private.public_key().public_bytes_raw())}"
    named = published.BADGE | {
        "id": json.loads(own)["id"],
        "issuer": {"id": key, "type": ["Profile"], "name": "Міністерство цифрової трансформації"},
    }
    page = await checked(json.dumps(integrity.sign(named, integrity.SigningKey(private, key), NOW)))
    assert "Справжній і чинний" not in page
    assert "Незмінений і чинний, але хто його видав, сказати не можна" in page
    assert ("verdict--doubtful" in page, "verdict--good" in page) == (True, False)
    assert f"/verify/{given.number}" not in page, "a stranger's file does not lead to somebody's certificate of ours"


async def test_a_certificate_from_elsewhere_may_be_as_large_as_a_scan(given: Given, browser: Any) -> None:
    """Files of up to 8 MB are declared; what is checked in them goes before what was typed."""
    visitor = browser("uk")
    await visitor.sign_in(STAFF)
    own = await visitor.get(f"/certificates/{given.number}/credential.json")
    scan = b"%PDF-1.7\n" + b"0" * 2_000_000
    for file, shown in ((scan, "Доктор наук"), (own.content, "ЗРАЗОК / DEMO: Подяка доповідачам")):
        sent = await visitor.client.post(
            "/me/declared/new",
            data={"csrf": await visitor.csrf(), "title": "Доктор наук", "issuer": "Академія"},
            files={"file": ("скан.pdf", file)},
        )
        assert sent.status_code == 303, sent.text
        page = await visitor.get(sent.headers["location"])
        assert re.findall(r"<h1>([^<]*)", page.text) == [shown]


async def test_who_the_issuer_is_to_us_stands_beside_what_the_file_says(
    app: FastAPI, given: Given, browser: Any, database: Database, clock: Any
) -> None:
    """Ours, known because its profile was put here, unknown; by file and by pasted text; read out as a result."""
    clock.forward(days=2)  # the samples were signed the day after
    visitor = browser("uk")
    with database.reading() as session:
        ours = session.scalars(select(CertificateEdition.credential)).first()
    theirs = json.dumps(samples.signed())

    async def said(text: str) -> str:
        page = await visitor.client.post(
            "/verify", data={"csrf": await visitor.csrf(), "text": text}, files={"file": b""}
        )
        assert page.status_code == 200
        return str(page.text)

    page = await said(ours or "")
    assert "issuer-told--ours" in page
    assert 'role="status"' in page
    assert "<strong>Не відкликано:</strong> так." in page, "no yes that means no"
    forged = await said((ours or "").replace("Подяка доповідачам", "Доктор наук"))
    assert "issuer-told--claimed" in forged
    assert "Несправжній" in forged
    assert "Це ми" not in forged, "anybody can write our name into a file"
    page = await said(theirs)
    assert "issuer-told--unknown" in page
    assert samples.ISSUER.name in page
    method = samples.KEY.method
    profile = {
        "id": samples.ISSUER.id,
        "verificationMethod": [{"id": method, "publicKeyMultibase": samples.KEY.multikey}],
        "assertionMethod": [method],
    }
    site = app.state.site
    config = dataclasses.replace(
        site.config, known_issuers=(json.dumps(profile),), known_lists=(samples.status_list(),)
    )
    app.state.site = dataclasses.replace(site, config=config)
    page = await said(theirs)
    assert "issuer-told--known" in page
    assert "Справжній і чинний" in page
    assert "за переліком, який поклав сюди адміністратор" in page, "which may be an old one"
    config = dataclasses.replace(config, known_lists=(samples.status_list(4711),))
    app.state.site = dataclasses.replace(site, config=config)
    assert "Видавець його відкликав" in await said(theirs)


async def test_the_letter_is_in_the_holders_language(app: FastAPI, given: Given, database: Database) -> None:
    """Written from the outbox as it goes out; each kind of news has words, in both languages."""
    letters.load_all()
    with database.writing() as session:
        certificate = session.scalars(select(Certificate).where(Certificate.number == given.number)).one()
        message = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == telling.KIND)).one()
        assert message.recipient == f"person:{given.staff}"
        config = app.state.site.config
        templates = Templates(Assets(config.static_dir), public_url=HOST, demo=False, vocabulary=vocabulary)
        desk = letters.Desk(NOW, HOST, "vikno@example.org", templates, Links(config.session_key), config.sealer)
        for language, hello in (("uk", "вам видано сертифікат"), ("en", "a certificate was given to you")):
            session.get_one(Person, given.staff).language = language
            session.flush()
            letter = letters.RENDERERS[telling.KIND](session, message, desk)
            assert letter.language == language
            assert hello in letter.text
            assert f"/certificates/{given.number}" in letter.text
            assert f"/certificates/{given.number}" in letter.html
        subjects = set()
        for what in telling.News:
            if what is telling.News.REVOKED:
                changing.revoke(session, given.issuer, given.planner, given.number, "Помилка <b>", NOW)
            told = {"certificate": given.number, "what": what.value, "edition": certificate.edition}
            row = OutboxMessage(key="k", kind=telling.KIND, recipient=message.recipient, contents=told)
            if what in (telling.News.EXPIRING, telling.News.RENEWED, telling.News.REISSUED) and certificate.revoked_at:
                with pytest.raises(letters.Unwanted):
                    letters.RENDERERS[telling.KIND](session, row, desk)
                certificate.state, certificate.revoked_at = CertificateState.ISSUED, None
                session.flush()
            letter = letters.RENDERERS[telling.KIND](session, row, desk)
            subjects.add(letter.subject)
            if what is telling.News.REVOKED:
                assert "Помилка <b>" in letter.text
                assert "Помилка &lt;b&gt;" in letter.html
        assert len(subjects) == len(telling.News)


async def test_many_at_once_with_progress_and_as_an_archive(
    given: Given, browser: Any, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuing, "MOST_AT_ONCE", 1)
    visitor = browser("uk")
    await visitor.sign_in(ORGANISER)
    found = await visitor.get(f"/awards/{given.rule}", person="Демо")
    people = re.findall(r'name="person" value="(\d+)"', found.text)
    others = [each for each in people if int(each) not in (given.staff, given.planner.person_id)][:2]
    asked = await visitor.client.post(
        f"/awards/{given.rule}/issue",
        data={"csrf": await visitor.csrf(), "person": others, "reason": "Допомогли"},
    )
    assert asked.status_code == 303, asked.text
    address = asked.headers["location"]
    page = await visitor.get(address)
    assert ("0 з 2" in page.text, page.headers.get("refresh")) == (True, "3")
    with database.writing() as session:
        (number,) = bulk.due(session, NOW)
        bulk.step(session, given.issuer, number, NOW)
    page = await visitor.get(address)
    assert ("2 з 2" in page.text, page.headers.get("refresh")) == (True, None)
    answer = await visitor.post(f"/awards/{given.rule}/export", page="0")
    archive = zipfile.ZipFile(BytesIO(answer.content))
    assert archive.testzip() is None
    names = archive.namelist()
    assert f"{given.number}/certificate-{given.number}.pdf" in names
    assert len(names) == 6
    for name in names:
        if name.endswith(".json"):
            assert json.loads(archive.read(name))["id"].rpartition("/")[2] in name
    missing = await visitor.post(f"/awards/{given.rule}/revoke", all="yes", because=" ")
    assert missing.status_code == 422
    taken = await visitor.post(f"/awards/{given.rule}/revoke", all="yes", because="Видано помилково")
    assert taken.status_code == 303
    assert "0 з 3" in (await visitor.get(taken.headers["location"])).text
