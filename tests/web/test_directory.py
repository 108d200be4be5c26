"""The directory's pages: organisations, people, one's own profile."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
import pytest

from tests.web.visitor import ADMINISTRATOR, ORGANISER, PASSWORD, Visitor

Browser = Callable[..., Visitor]


@pytest.fixture
async def chief(browser: Browser) -> Visitor:
    visitor = browser()
    await visitor.sign_in(ADMINISTRATOR)
    return visitor


async def test_anybody_may_look_at_the_network_and_search_it(browser: Browser) -> None:
    stranger = browser()
    page = await stranger.get("/organisations")
    assert page.status_code == 200
    assert "Lviv ASC" in page.text
    assert "Add an organisation" not in page.text
    found = await stranger.get("/organisations", search="львів")
    assert re.findall(r'entry__name"><a href="/organisations/([a-z-]+)"', found.text) == ["lviv"]
    as_of = await stranger.get("/organisations", on="2019-12-31", kind="asc")
    assert "8 members on 31 December 2019" in as_of.text
    assert "Rivne ASC" not in as_of.text
    assert "Rivne ASC" in (await stranger.get("/organisations", on="2020-01-01")).text
    assert "for example 2026-12-31" in (await stranger.get("/organisations", on="yesterday")).text
    nothing = await stranger.get("/organisations", search="no such thing")
    assert "Show all of them" in nothing.text
    own = await stranger.get("/organisations/lviv")
    assert "Passport workstation" in own.text
    assert "Керівник Демо" not in own.text
    assert (await stranger.get("/organisations/atlantis")).status_code == 404


async def test_an_administrator_enters_an_organisation_and_dates_its_membership(chief: Visitor) -> None:
    wrong = await chief.post(
        "/organisations/new", kind="asc", status="active", oblast="", name_uk="", website="ftp://x"
    )
    assert wrong.status_code == 422
    assert 'value="ftp://x"' in wrong.text
    taken = await chief.post(
        "/organisations/new", kind="asc", status="active", oblast="", name_uk="Ще один", code="lviv"
    )
    assert taken.status_code == 409
    assert "There is an organisation with this code already." in taken.text
    made = await chief.post(
        "/organisations/new", kind="asc", status="active", oblast="", name_uk="=cmd|'/C calc'!A0", code="ov"
    )
    assert made.headers["location"] == "/organisations/ov?done=saved"
    joined = await chief.post("/organisations/ov/memberships", from_date="2026-01-01")
    assert joined.status_code == 303
    again = await chief.post("/organisations/ov/memberships", from_date="2026-02-01")
    assert again.status_code == 409
    page = await chief.get("/organisations/ov")
    number = re.search(r"/organisations/ov/memberships/(\d+)/end", page.text)
    assert number
    early = await chief.post(number.group(0), to_date="2025-01-01")
    assert early.status_code == 422
    assert "It would end before it began." in early.text
    assert (await chief.post(number.group(0), to_date="2026-11-01")).status_code == 303
    added = await chief.post("/organisations/ov/capabilities", capability="mobile_case", quantity="3", from_date="x")
    assert added.status_code == 422
    added = await chief.post(
        "/organisations/ov/capabilities", capability="mobile_case", quantity="3", from_date="2026-01-01"
    )
    assert added.status_code == 303
    assert "× 3" in (await chief.get("/organisations/ov")).text
    exported = await chief.get("/organisations/export")
    assert "\"'=cmd|'/C calc'!A0\"" in exported.text or "'=cmd|'/C calc'!A0" in exported.text
    assert ",=cmd" not in exported.text, "a formula is shown and never computed"
    assert (await chief.post("/organisations/ov/close")).status_code == 303
    assert "/organisations/ov" not in (await chief.get("/organisations")).text
    assert (await chief.get("/organisations/ov")).status_code == 200


async def test_others_may_not_change_the_directory(browser: Browser) -> None:
    visitor = browser()
    assert (await visitor.get("/organisations/new")).status_code == 303, "to the sign-in"
    assert (await visitor.post("/organisations/lviv/close")).status_code == 401
    await visitor.sign_in(ORGANISER)
    assert (await visitor.get("/organisations/new")).status_code == 403
    assert (await visitor.post("/organisations/lviv/memberships", from_date="2026-01-01")).status_code == 403
    assert (await visitor.post("/organisations/capabilities", name_uk="x")).status_code == 403


async def test_an_administrator_enters_a_person_and_somebody_of_the_same_name_is_asked_about(chief: Visitor) -> None:
    home = re.search(r'<option value="(\d+)">Lviv ASC', (await chief.get("/people/new")).text)
    assert home
    fields = {
        "family_name": "Приклад",
        "given_name": "Олена",
        "language": "uk",
        "time_zone": "Europe/Kyiv",
        "organisation": home.group(1),
        "email": "olena@example.ua",
        "phone": "+380 67 000 00 00",
    }
    made = await chief.post("/people/new", **fields)
    assert made.status_code == 303
    address = made.headers["location"].partition("?")[0]
    again = await chief.post("/people/new", **(fields | {"email": ""}))
    assert again.status_code == 409
    assert "It is another person of the same name" in again.text
    assert (await chief.post("/people/new", **(fields | {"email": "", "sure": "y"}))).status_code == 303
    taken = await chief.post("/people/new", **(fields | {"sure": "y"}))
    assert taken.status_code == 409
    assert 'value="olena@example.ua"' in taken.text
    assert (await chief.post(f"{address}/roles", role="centre_lead", organisation=home.group(1))).status_code == 303
    page = await chief.get(address)
    assert "Centre lead" in page.text
    role = re.search(rf"{address}/roles/\d+/revoke", page.text)
    assert role
    assert (await chief.post(role.group(0))).status_code == 303
    link = await chief.post(f"{address}/invite")
    assert link.status_code == 201
    assert "/welcome/" in link.text
    assert (await chief.post(f"{address}/disable")).status_code == 303
    assert "Enable again" in (await chief.get(address)).text
    assert (await chief.post(f"{address}/enable")).status_code == 303


async def test_a_lead_looks_after_the_own_centre_only(browser: Browser) -> None:
    lead = browser()
    await lead.sign_in("lead@vikno.test")
    page = await lead.get("/people")
    assert re.findall(r"[a-z0-9]+@vikno\.test", page.text) == [
        "staff@vikno.test",
        "lead@vikno.test",
        "staff2@vikno.test",
    ]
    assert "Invite an organiser" not in page.text
    strangers = [number for number in range(1, 9) if (await lead.get(f"/people/{number}")).status_code == 404]
    assert len(strangers) == 5
    assert (await lead.post(f"/people/{strangers[0]}/invite")).status_code == 404
    assert (await lead.post("/people", family_name="x", given_name="y", email="z@x.ua")).status_code == 403


async def test_ones_own_profile(browser: Browser) -> None:
    someone = browser()
    assert (await someone.get("/me")).status_code == 303
    await someone.sign_in("staff@vikno.test")
    fields = {"given_name": "Адміністраторка", "family_name": "Показова", "language": "en", "time_zone": "Europe/Kyiv"}
    assert (await someone.post("/me", **fields)).status_code == 303
    assert "Показова" in (await someone.get("/me")).text
    assert (await someone.post("/me", **(fields | {"family_name": "", "given_name": ""}))).status_code == 422
    assert (await someone.post("/me/channels", kind="email", address="s@work.ua")).status_code == 303
    twice = await someone.post("/me/channels", kind="email", address="s@work.ua")
    assert twice.status_code == 409
    number = re.search(r"/me/channels/(\d+)/remove", twice.text)
    assert number
    other = browser()
    await other.sign_in("lead@vikno.test")
    await other.post(number.group(0))
    assert "s@work.ua" in (await someone.get("/me")).text, "nobody removes another person's address"
    await someone.post(number.group(0))
    assert "s@work.ua" not in (await someone.get("/me")).text
    second = browser()
    await second.sign_in("staff@vikno.test")
    wrong = await someone.post(
        "/me/password", old="wrong", new="нова фраза для входу", new_again="нова фраза для входу"
    )
    assert wrong.status_code == 422
    right = {"old": PASSWORD, "new": "нова фраза для входу", "new_again": "нова фраза для входу"}
    assert (await someone.post("/me/password", **right)).status_code == 303
    assert (await someone.get("/me")).status_code == 200
    assert (await second.get("/me")).status_code == 303, "other browsers are signed out"


async def test_a_file_is_looked_at_before_it_is_applied(chief: Visitor, browser: Browser) -> None:
    text = "Прізвище;Ім’я;Пошта;ЦНАП\n=Приклад;Олена;olena@x.ua;lviv\n=2+5;;нема;lviv\nДемо;Керівник;;lutsk\n"

    async def send(visitor: Visitor, content: bytes, kind: str = "people") -> httpx.Response:
        token = await visitor.csrf()
        files = {"file": ("люди.csv", content, "text/csv")}
        return await visitor.client.post("/imports", data={"csrf": token, "kind": kind}, files=files)

    sent = await send(chief, text.encode("cp1251"))
    address = sent.headers["location"]
    page = await chief.get(address)
    assert "windows-1251" in page.text
    assert "1</strong> new" in page.text.replace("\n", "")
    assert "This is no e-mail address" in page.text
    assert "=Приклад" not in (await chief.get("/people")).text, "nothing is written yet"
    row = re.search(r'name="(row-\d+)"', page.text)
    assert row
    assert (await chief.post(f"{address}/decisions", **{row.group(1): "skip"})).status_code == 303
    report = await chief.get(f"{address}/report.csv")
    assert "'=2+5" in report.text
    assert ",=2+5" not in report.text
    other = browser()
    await other.sign_in("lead@vikno.test")
    assert (await other.get(address)).status_code == 404
    assert (await chief.post(f"{address}/apply")).headers["location"] == f"{address}?done=imported"
    assert "What was left out" in (await chief.get(address)).text
    assert "=Приклад" in (await chief.get("/people")).text
    exported = await chief.get("/people/export")
    assert ",=Приклад" not in exported.text

    broken = await chief.get((await send(chief, b'a;b\n1;2\n"three;4\n')).headers["location"])
    assert broken.status_code == 422
    assert "Row 3. A quotation mark opens and never closes." in broken.text
    assert (await send(chief, b"")).status_code == 422
    assert (await send(chief, b"a;b\n1;2", kind="spells")).status_code == 422
    assert (await send(other, b"a;b\n1;2", kind="organisations")).status_code == 403
    staff = browser()
    await staff.sign_in("staff@vikno.test")
    assert (await staff.get("/imports")).status_code == 403
    unclear = await chief.get((await send(chief, b"a;b\n1;2\n")).headers["location"])
    assert "Choose first in which column" in unclear.text
    assert (await chief.get("/imports/sample-people.csv")).status_code == 200


async def test_what_was_entered_twice_is_put_together(chief: Visitor) -> None:
    numbers = []
    for family, given in (("Щербак", "Юлія"), ("Shcherbak", "Yuliia")):
        fields = {"family_name": family, "given_name": given, "language": "uk", "time_zone": "Europe/Kyiv"}
        home = re.search(r'<option value="(\d+)">Lviv ASC', (await chief.get("/people/new")).text)
        assert home
        made = await chief.post("/people/new", **fields, organisation=home.group(1), sure="y")
        numbers.append(made.headers["location"].partition("?")[0].rpartition("/")[2])
    address = f"/duplicates/person/{numbers[0]}/{numbers[1]}"
    assert address in (await chief.get("/duplicates")).text
    assert "Place of work: 1" in (await chief.get(address)).text
    assert (await chief.post(f"{address}/merge", keep=numbers[0])).status_code == 303
    assert (await chief.get(f"/people/{numbers[1]}")).headers["location"] == f"/people/{numbers[0]}?done=merged"
    assert (await chief.get(address)).status_code == 404
    assert (await chief.post("/duplicates/organisation/1/2/apart")).status_code == 303
    both = await chief.post("/duplicates/organisation/1/2/merge", keep="2")
    assert both.headers["location"] == "/duplicates?done=merged"
