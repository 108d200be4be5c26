"""Consultation hours on their pages: offered, found, booked, moved, cancelled, answered; letters and privacy."""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlalchemy import select

from lms.appointments.models import Appointment
from lms.database import Database
from lms.demo_accounts import EXPERT, LEAD, STAFF
from lms.directory.models import Affiliation, Organisation, OrganisationKind
from lms.notify.models import OutboxMessage
from tests.lms.facts import NOW
from tests.web.conftest import Clock
from tests.web.test_invitations import letters
from tests.web.visitor import Visitor, links
from web.mail.letters import Letter

__all__ = ["letters"]

Browser = Callable[..., Visitor]


async def _signed_in(browser: Browser, email: str, language: str = "uk") -> Visitor:
    visitor = browser(language)
    await visitor.sign_in(email)
    return visitor


async def test_a_time_is_booked_in_two_presses_moved_and_cancelled(
    browser: Browser, clock: Clock, database: Database
) -> None:
    lead = await _signed_in(browser, LEAD)
    found = await lead.get("/consultations", q="міграц")
    assert "Експертка Демо" in found.text
    (expert,) = set(links(found, "/consultations/with/"))
    free = links(await lead.get(expert), f"{expert}/book?at=")
    form = await lead.get(free[0])
    assert "Записатися" in form.text
    at = free[0].partition("at=")[2]
    empty = await lead.post(f"{expert}/book", at=at, subject="", question="Довгий опис")
    assert empty.status_code == 422
    assert "Довгий опис" in empty.text, "what was typed stays"
    booked = await lead.post(f"{expert}/book", at=at, subject="Витяг з реєстру", question="Довгий опис")
    assert booked.status_code == 303
    page = booked.headers["location"].partition("?")[0]
    assert "Витяг з реєстру" in (await lead.get(page)).text
    assert free[0] not in links(await lead.get(expert), f"{expert}/book")

    other = await _signed_in(browser, "staff2@vikno.test")
    late = await other.post(f"{expert}/book", at=at, subject="Те саме", question="Мій текст")
    assert late.status_code == 409
    assert "щойно зайняли" in late.text
    assert "Мій текст" in late.text
    assert re.search(r'type="radio" name="at"', late.text), "other times stand in the form itself"
    assert (await other.get(page)).status_code == 404

    csrf = {"csrf": await lead.csrf(), "title": "Заява"}
    refused = await lead.client.post(f"{page}/materials", data=csrf, files={"file": ("заява.exe", b"MZ")})
    assert refused.status_code == 422
    added = await lead.client.post(f"{page}/materials", data=csrf, files={"file": ("заява.pdf", b"%PDF-")})
    assert added.status_code == 303
    (file,) = [each for each in links(await lead.get(page), "/schedule/appointment-") if "/materials/" in each]
    assert (await lead.get(file)).content == b"%PDF-"
    assert (await other.get(file)).status_code == 404

    times = await lead.get(f"{page}/move")
    second = re.findall(r'name="at" required value="([^"]+)"', times.text)[0]
    assert (await lead.post(f"{page}/move", at=second, reason="Черга")).status_code == 303
    assert "Причина: Черга" in (await lead.get(page)).text
    ours = await _signed_in(browser, EXPERT)
    assert (await ours.get(file)).status_code == 200
    assert "Довгий опис" in (await ours.get("/appointments")).text, "the expert reads the question in the list"
    refused = await ours.post(f"{page}/cancel", reason="")
    assert refused.status_code == 422
    assert (await ours.post(f"{page}/cancel", reason="Відрядження")).status_code == 303
    assert "Відрядження" in (await lead.get(page)).text
    late = await lead.client.post(f"{page}/materials", data=csrf, files={"file": ("пізно.pdf", b"%PDF-")})
    assert late.status_code == 409
    assert (await lead.post(f"{page}/materials/{file.rpartition('/')[2]}/remove")).status_code == 409
    with database.reading() as session:
        number = int(page.rpartition("/")[2])
        talk = session.get_one(Appointment, number).occurrence_id
        kinds = [
            each.kind for each in session.scalars(select(OutboxMessage)) if each.contents.get("occurrence") == talk
        ]
    assert sorted(kinds) == sorted(2 * ["invitation.invited", "invitation.moved", "invitation.cancelled"])


async def test_the_start_page_leads_into_the_room_and_the_expert_answers(
    browser: Browser, clock: Clock, database: Database
) -> None:
    with database.reading() as session:
        made = session.scalars(select(Appointment).order_by(Appointment.starts_at.desc())).first()
    assert made is not None
    staff, expert = await _signed_in(browser, STAFF), await _signed_in(browser, EXPERT, "en")
    assert made.subject in (await staff.get("/")).text
    page = f"/appointments/{made.id}"
    clock.now = made.starts_at
    assert links(await staff.get("/"), "/meet/")
    (door,) = set(links(await staff.get(page), "/meet/"))
    assert (await staff.get(door)).status_code == 200
    assert "Your consultations today" in (await expert.get("/")).text
    public = browser()
    assert (await public.get(door)).status_code == 404, "the link alone opens nothing"
    assert made.subject not in (await public.get("/schedule")).text
    organiser = await _signed_in(browser, "organiser@vikno.test")
    for address in ("/schedule", "/", "/schedule.ics", "/series", "/audit"):
        assert made.subject not in (await organiser.get(address)).text
    assert "It is too late" in (await expert.get(page)).text or "What became of it" in (await expert.get(page)).text
    clock.now = made.ends_at
    assert "was it held?" in (await expert.get("/")).text
    assert (await expert.post(f"{page}/outcome", state="held", answer="За заявою.")).status_code == 303
    assert "За заявою." in (await staff.get(page)).text
    assert (await staff.post(f"{page}/outcome", state="held")).status_code == 403


async def test_an_expert_offers_hours_and_decides_about_what_is_booked(browser: Browser) -> None:
    expert, staff = await _signed_in(browser, EXPERT), await _signed_in(browser, STAFF)
    hours = "/consultations/hours"
    assert (await staff.get(hours)).status_code == 403
    page = await expert.get(hours)
    names = re.findall(r' id="([^"]+)"', page.text)
    assert len(names) == len(set(names)), "three forms stand on the page, each field with a label of its own"
    wrong = await expert.post(f"{hours}/windows", weekday="0", begins="12:00", ends="11:00")
    assert wrong.status_code == 422
    assert "після початку" in wrong.text
    assert (
        await expert.post(f"{hours}/windows", weekday="", day="2026-12-05", begins="23:00", ends="00:00")
    ).status_code == 303
    assert "23:00–24:00" in (await expert.get(hours)).text
    closing = re.findall(rf'action="({hours}/windows/\d+/close)"', page.text)
    answers = [await expert.post(each) for each in closing]
    (asked,) = [each for each in answers if each.status_code == 409]
    assert "Реєстрація переселенців" in asked.text
    where = closing[answers.index(asked)]
    unsaid = await expert.post(where, bookings="cancel", reason="")
    assert unsaid.status_code == 409
    assert (await expert.post(where, bookings="cancel", reason="Навчання")).status_code == 303
    told = (await staff.get("/appointments")).text
    assert "Скасовано" in told
    assert (await expert.post(f"{hours}/absences", from_day="2026-12-20", to_day="2026-12-10")).status_code == 422
    assert (await expert.post(f"{hours}/absences", from_day="2026-12-10", to_day="2026-12-20")).status_code == 303
    settings = {
        "zone": "Europe/Kyiv", "slot_minutes": "20", "pause_minutes": "0", "notice_hours": "багато",
        "change_hours": "1", "most_each": "1", "horizon_days": "14", "audience": "organisations",
        "organisation_kind": "asc",
    }  # fmt: skip
    refused = await expert.post(hours, **settings)
    assert refused.status_code == 422
    assert "багато" in refused.text
    assert (await expert.post(hours, **{**settings, "notice_hours": "2"})).status_code == 303
    assert "Експертка" not in (await staff.get("/consultations")).text, "closed to bookings: the box was not ticked"


async def test_letters_ask_nobody_whether_they_come(
    browser: Browser,
    database: Database,
    letters: Callable[[], list[tuple[str, Letter]]],
) -> None:
    with database.reading() as session:
        made = session.scalars(select(Appointment).order_by(Appointment.starts_at.desc())).first()
    assert made is not None
    sent = [each for _, each in letters()]
    assert not [each for each in sent if made.subject in each.subject], "subjects are kept and listed"
    booked = {each.to: each for each in sent if made.subject in each.text and each.method == "REQUEST"}
    assert set(booked) == {EXPERT, STAFF}
    for each in booked.values():
        calendar = each.calendar.decode().replace("\r\n ", "")
        assert each.method == "REQUEST"
        assert "PARTSTAT=ACCEPTED" in calendar
        assert "SEQUENCE:0" in calendar
        assert made.question in each.text
        assert "/rsvp/" not in each.text + each.html
        assert "Записано: консультація, " in each.subject
    assert "Експертка Демо" in booked[STAFF].text
    staff = await _signed_in(browser, STAFF)
    with database.writing() as session:  # who holds it works at a place whose people are named to nobody
        home = Organisation(
            code="crossing", kind=OrganisationKind.ASC, name_uk="Чонгар", protected=True, created_at=NOW
        )
        session.add(home)
        session.flush()
        work = Affiliation(person_id=made.expert_id, organisation_id=home.id, from_date=NOW.date())
        session.add(work)
    assert "Експертка" not in (await staff.get(f"/appointments/{made.id}")).text
    await staff.post(f"/appointments/{made.id}/cancel", reason="Розібралися самі")
    gone = {each.to: each for _, each in letters() if made.subject in each.text and each.method == "CANCEL"}
    assert set(gone) == {EXPERT, STAFF}
    for each in gone.values():
        calendar = each.calendar.decode().replace("\r\n ", "")
        assert each.method == "CANCEL"
        assert "SEQUENCE:1" in calendar
        assert "Розібралися самі" in each.text
    assert "Експертка" not in gone[STAFF].text + gone[STAFF].html + gone[STAFF].calendar.decode()
    assert "Експертка Демо" in gone[EXPERT].text
