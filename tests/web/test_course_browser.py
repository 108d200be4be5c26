"""A whole course in a real browser, on a phone's width and by keyboard alone: lessons, test, certificate, its check."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from lms import demo_accounts
from lms.assessment.attempts.models import Attempt, AttemptItem, Response
from lms.assessment.content import (
    Body,
    ChoiceBlank,
    Cloze,
    Matching,
    MultipleChoice,
    Numeric,
    Ordering,
    ShortText,
    SingleChoice,
    TrueFalse,
    parse,
)
from lms.assessment.models import ItemVersion
from lms.courses import testing
from lms.credentials import awarding
from lms.credentials.awarding import RuleDraft
from lms.credentials.models import RuleKind
from lms.directory.models import Account
from lms.directory.queries import visitor_of_person
from tests.support.keyboard import Keyboard
from tests.web.test_browser import Served, chromium, faults, open_context, served
from tests.web.visitor import PASSWORD
from web.config import utc_now

__all__ = ["chromium", "open_context", "served"]

pytestmark = pytest.mark.e2e
COURSE = "/courses/digital-literacy"
OpenContext = Callable[..., Any]


def sit_down(served: Served, open_context: OpenContext, email: str) -> Keyboard:
    """Somebody at a small window without a mouse, signed in."""
    page: Page = open_context(viewport={"width": 360, "height": 740}, locale="uk", bypass_csp=True).new_page()
    page.goto(served.url)
    keys = Keyboard(page)
    keys.to("^Меню$")
    keys.press("Enter")
    keys.go("^Увійти$", "**/sign-in*")
    keys.to_field("email")
    keys.write(email)
    keys.to_field("password")
    keys.write(PASSWORD)
    keys.press("Enter")
    page.wait_for_url(lambda url: "sign-in" not in url)
    return keys


@pytest.mark.timeout(300)  # 27 questions, each by its keys
def test_a_whole_course_by_keyboard_alone(served: Served, open_context: OpenContext) -> None:
    rule = award_by_course(served)
    keys = sit_down(served, open_context, demo_accounts.STAFF)
    page = keys.page
    keys.to("^Меню$")
    keys.press("Enter")
    keys.go("^Курси$", "**/courses")
    keys.go("Цифрова грамотність", "**" + COURSE)
    keys.go("^Почати перше заняття", "**/lessons/start")
    for lesson in ("information", "communication", "content", "safety", "problems", "practice"):
        keys.go("Готово, далі", f"**/lessons/{lesson}")
    keys.go("^Далі: Підсумковий тест", "**/lessons/final-test")
    keys.go("Почати тест", "**/attempts/*")
    assert faults(page) == []

    for position, body in enumerate(questions(served, page.url.rpartition("/")[2]), start=1):
        answer(keys, f"a-{position}", body)
    expect(page.locator("[data-attempt-said]")).to_have_text("Збережено")
    keys.go("^Здати", "**/result")
    assert missed(served) == [], "every answer was the right one"
    expect(page.get_by_text("100 % усіх балів")).to_be_visible()
    assert faults(page) == []
    with served.database.writing() as session:
        testing.tell_courses(session, utc_now())
    page.goto(served.url + COURSE)
    expect(page.get_by_role("heading", name="Пройдено")).to_be_visible()

    by = sit_down(served, open_context, demo_accounts.ORGANISER)
    by.page.goto(f"{served.url}/awards/{rule}")
    by.to("^Затвердити й видати")
    by.press("Enter")
    number = re.search(r"№ (\S+)", by.page.locator("main").inner_text())
    assert number is not None

    page.goto(served.url + "/me/certificates")
    keys.go("Цифрова грамотність", f"**/certificates/{number[1]}")
    assert faults(page) == []
    stranger = Keyboard(open_context(viewport={"width": 360, "height": 740}, locale="uk").new_page())
    stranger.page.goto(served.url + "/verify")
    stranger.to_field("number")
    stranger.write(number[1])
    stranger.press("Enter")
    expect(stranger.page.get_by_text("Цифрова грамотність").first).to_be_visible()
    stranger.page.goto(served.url + "/verify")
    stranger.page.evaluate(DROP, number[1])
    expect(stranger.page.locator(".check-line--good").first).to_be_visible()
    assert keys.unseen + by.unseen + stranger.unseen == []


DROP = """async number => {
  const answer = await fetch(`/verify/${number}`, { headers: { Accept: "application/vc" } });
  const given = new DataTransfer();
  given.items.add(new File([await answer.text()], "credential.json", { type: "application/json" }));
  const form = document.querySelector("form[data-drop]");
  form.dispatchEvent(new DragEvent("drop", { dataTransfer: given, bubbles: true, cancelable: true }));
}"""
"""The credential of a number is dropped on the form, as from a folder."""


def award_by_course(served: Served) -> int:
    """A rule: who completes the course gets a certificate."""
    draft = RuleDraft(RuleKind.COURSE, "Цифрова грамотність", "Курс і тест.", hours="6")
    with served.database.writing() as session:
        person = session.scalars(select(Account.person_id).where(Account.subject == demo_accounts.ORGANISER)).one()
        organiser = visitor_of_person(session, person, utc_now())
        return awarding.create_for_course(session, organiser, "digital-literacy", draft, utc_now()).id


def questions(served: Served, code: str) -> list[Body]:
    """What is asked, with the key, in the order of the page."""
    asked = (
        select(ItemVersion.body)
        .join(AttemptItem, AttemptItem.item_version_id == ItemVersion.id)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .where(Attempt.code == code)
        .order_by(AttemptItem.position)
    )
    with served.database.reading() as session:
        return [parse(body) for body in session.scalars(asked)]


def missed(served: Served) -> list[Any]:
    """What did not earn its whole point: the item, and each answer as it came in."""
    lost = (
        select(AttemptItem, ItemVersion.body)
        .join(ItemVersion, ItemVersion.id == AttemptItem.item_version_id)
        .where(AttemptItem.share != "1")
    )
    with served.database.reading() as session:
        return [
            (body, list(session.scalars(select(Response.data).where(Response.attempt_item_id == item.id))))
            for item, body in session.execute(lost)
        ]


def answer(keys: Keyboard, name: str, body: Body) -> None:
    """The right answer, with nothing but Tab, arrows, the space bar and letters."""
    match body:
        case SingleChoice():
            keys.to_field(name)
            keys.press("Space")
            keys.choose(max(body.options, key=lambda each: each.share).id)
        case TrueFalse():
            keys.to_field(name)
            keys.press("Space")
            keys.choose(str(body.answer).lower())
        case MultipleChoice():
            right = {each.id for each in body.options if each.share > 0}
            for _ in body.options:
                keys.to_field(name)
                if keys.value() in right:
                    keys.press("Space")
        case Numeric():
            keys.to_field(name)
            unit = f" {body.units.known[0].name}" if body.units else ""
            keys.write(best(body.answers).replace(".", ",") + unit)
        case ShortText():
            keys.to_field(name)
            keys.write(best(body.answers))
        case Matching():
            wanted = {stem.id: stem.answer for stem in body.stems}
            for _ in wanted:
                keys.to_part(name)
                keys.choose(wanted[keys.part()])
        case Ordering():
            places = {element.id: str(place) for place, element in enumerate(body.elements, start=1)}
            for _ in places:
                keys.to_part(name)
                keys.choose(places[keys.part()])
        case Cloze():
            blanks = {blank.id: blank for blank in body.blanks}
            for _ in blanks:
                keys.to_part(name)
                blank = blanks[keys.part()]
                if isinstance(blank, ChoiceBlank):
                    keys.choose(max(blank.options, key=lambda each: each.share).id)
                else:
                    keys.write(best(blank.answers))
        case _:
            raise AssertionError(f"the course draws no {body.kind}")


def best(answers: Any) -> str:
    """A number or words that earn the whole point."""
    right = next(each for each in answers if each.share == Fraction(1))
    return format(right.value, "f") if hasattr(right, "value") else right.pattern.replace("*", "")
