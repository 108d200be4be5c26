"""What is written and asked in a recorded meeting, from the room to the recording's page, in real browsers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.meetings import Planner, enter, in_meeting
from tests.e2e.test_flows import sign_in, violations
from tests.e2e.test_recording import made, open_people, press
from tests.support.browser import ANNA, BOHDAN, wait_picture, wait_tone
from tests.support.installation import Installation

Visit = Callable[..., Page]


def interpreted(host: Page, guest: Page) -> None:
    """The host makes the guest an interpreter, hears the channel and the room again."""
    sound = host.locator("audio[data-participant]")
    expect(sound).to_have_count(1)
    open_people(host)
    press(host, "Переклад")
    host.get_by_test_id("add-language").select_option("en")
    host.get_by_label("Зробити перекладачем").select_option(label="Гість")
    host.get_by_role("button", name="Призначити").click()
    expect(host.get_by_test_id("way")).to_have_value("0")
    assert violations(host) == []
    host.keyboard.press("Escape")
    expect(guest.get_by_test_id("lamp")).to_have_attribute("data-state", "on")
    assert violations(guest) == []
    expect(sound).to_have_count(0)  # who hears the room is not even sent the interpreter
    host.get_by_test_id("language").click()
    host.get_by_test_id("hear-en").click()
    assert violations(host) == []
    host.keyboard.press("Escape")
    expect(sound).to_have_attribute("data-loudness", "1.00")
    wait_tone(host, BOHDAN.tone_hz)
    guest.get_by_test_id("microphone").click()
    expect(guest.get_by_test_id("lamp")).to_have_attribute("data-state", "muted")
    guest.get_by_test_id("way").select_option("-1")
    expect(host.get_by_test_id("channel-missing")).to_contain_text("there is no interpreter now")
    guest.get_by_test_id("way").select_option("0")
    expect(host.get_by_test_id("channel-missing")).to_have_count(0)
    guest.get_by_test_id("microphone").click()
    press(host, "Переклад")
    host.get_by_role("button", name="Прибрати: Англійська").click()
    expect(guest.get_by_test_id("desk")).to_have_count(0)
    host.keyboard.press("Escape")
    host.get_by_test_id("people").click()


@pytest.mark.timeout(300)
def test_captions_a_question_and_consent_from_the_room_to_the_page(
    server: Installation, planner: Planner, meeting: str, visit: Visit
) -> None:
    host, guest = visit(ANNA, viewport={"width": 1280, "height": 800}), visit(BOHDAN)
    sign_in(host, server, planner.seed().organiser_email)
    host.goto(f"{server.url}/meet/{meeting}")
    host.get_by_test_id("join").click()
    in_meeting(host)
    enter(guest, server, meeting, "Гість")
    wait_picture(host, BOHDAN.colour)

    interpreted(host, guest)

    # Whoever is in the room when it begins is asked, and may go on unseen and unheard.
    open_people(host)
    press(host, "Почати запис")
    expect(guest.get_by_role("dialog")).to_contain_text("Цю зустріч записують")
    assert violations(guest) == []
    guest.get_by_test_id("consent-quiet").click()
    expect(guest.get_by_role("dialog")).to_have_count(0)
    expect(guest.get_by_test_id("camera")).to_have_attribute("aria-label", "Камера: увімкнути")
    expect(host.get_by_role("dialog")).to_have_count(0)

    # A question: asked, seen by who leads, answered live.
    guest.get_by_test_id("questions").click()
    guest.get_by_test_id("question-input").fill("Чи буде запис?")
    guest.get_by_test_id("question-input").press("Enter")
    expect(host.get_by_test_id("questions")).to_have_attribute("aria-label", "Запитання, 1 нове")
    host.get_by_test_id("questions").click()
    host.get_by_test_id("question-answer").click()
    expect(guest.get_by_test_id("question")).to_contain_text("зараз відповідають")
    assert violations(host) == []

    # Captions: the draft is seen while it is written, the line stays in the transcript.
    host.locator(".control--more").click()
    host.get_by_role("menuitem", name="Субтитри текстом, розмір і мова").click()
    host.get_by_test_id("caption-input").fill("Так, запис")
    expect(guest.get_by_test_id("captions")).to_have_text("Так, запис")
    host.get_by_test_id("caption-input").fill("Так, запис буде завтра")
    expect(guest.get_by_test_id("captions")).to_have_text("Так, запис буде завтра")
    host.get_by_test_id("caption-input").press("Enter")
    expect(host.get_by_test_id("transcript")).to_contain_text("Так, запис буде завтра")
    assert violations(host) == []
    late = visit(BOHDAN)
    enter(late, server, meeting, "Хтось пізніше")
    expect(late.get_by_role("dialog")).to_have_count(0)
    late.get_by_test_id("questions").click()
    expect(late.get_by_test_id("question")).to_contain_text("Чи буде запис?")
    late.close()

    host.get_by_test_id("questions").click()
    host.get_by_test_id("question-done").click()
    expect(guest.locator(".questions__answered")).to_contain_text("1 з відповіддю")
    open_people(host)
    press(host, "Завершити запис")

    recording = made(server, meeting)
    assert recording["state"] == "ready", recording
    assert "captions.uk.vtt" in {each["name"] for each in recording["files"]}
    host.goto(f"{server.url}/recordings/{recording['id']}")
    expect(host.locator("[data-transcript]")).to_contain_text("Так, запис буде завтра")
    host.locator("[data-search]").fill("ЗАВТРА запис")
    expect(host.locator("[data-found]")).to_have_text("Знайдено: 1")
    expect(host.locator("section[aria-labelledby=questions]")).to_contain_text("Чи буде запис?")
    expect(host.locator("section[aria-labelledby=chapters]")).to_contain_text("Запитання: Чи буде запис?")
    expect(host.locator("section[aria-labelledby=consents]")).to_contain_text("залишилися без камери й мікрофона: 1")
    expect(host.locator("section[aria-labelledby=consents]")).to_contain_text("увійшли після попередження: 1")
    assert violations(host) == []
