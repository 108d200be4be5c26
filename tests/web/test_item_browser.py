"""The editor of items in a real browser: by keyboard on a phone, with the script and without, read by axe-core."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from lms import demo_accounts
from tests.web.test_browser import Served, chromium, faults, open_context, served, sign_in

__all__ = ["chromium", "open_context", "served"]

pytestmark = pytest.mark.e2e


def press(page: Page, name: str) -> None:
    """A button by keyboard."""
    page.get_by_role("button", name=name, exact=True).last.focus()
    page.keyboard.press("Enter")


def test_an_item_is_written_by_keyboard_and_tried(served: Served, open_context: Any) -> None:
    page: Page = open_context(viewport={"width": 360, "height": 740}, locale="en", bypass_csp=True).new_page()
    sign_in(page, served.url, demo_accounts.ORGANISER)
    page.goto(served.url + "/items/new?kind=single")
    page.evaluate("window.stayed = true")
    page.locator("#text").focus()
    page.keyboard.type("What is **this**?")
    for number, text in enumerate(("A window", "A door")):
        page.locator(f"#options-{number}-text").focus()
        page.keyboard.type(text)
    press(page, "Add an option")
    expect(page.locator("#options-4-text")).to_be_focused()
    page.keyboard.type("A wall")
    press(page, "Move up: Option 5")
    expect(page.locator("#options-3-text")).to_have_value("A wall")
    press(page, "Save")
    expect(page.locator("#options-error")).to_have_text("Tick what is right.")
    assert faults(page) == []
    page.locator("#options-0-right").focus()
    page.keyboard.press("Space")
    page.evaluate("window.stayed = true")
    press(page, "Preview")
    expect(page.locator("#preview")).to_be_focused()
    expect(page.locator(".preview strong").first).to_have_text("this")
    assert page.evaluate("window.stayed"), "the script keeps the page"
    assert faults(page) == []
    press(page, "Save and send to review")
    expect(page.locator("h1")).to_have_text("What is this?")
    page.get_by_role("link", name="Answer it yourself").click()
    page.get_by_label("A wall").check()
    press(page, "Answer")
    expect(page.locator("#worth")).to_have_text("0 % of the point")
    assert faults(page) == []


def test_without_a_script_and_from_a_file(served: Served, open_context: Any) -> None:
    page: Page = open_context(
        viewport={"width": 1280, "height": 800}, locale="en", java_script_enabled=False
    ).new_page()
    sign_in(page, served.url, demo_accounts.ORGANISER)
    page.goto(served.url + "/items/new?kind=matching")
    page.fill("#text", "What belongs together?")
    page.get_by_role("button", name="Add a pair").click()
    expect(page.locator("#pairs-4-text")).to_be_visible()
    expect(page.locator("#text")).to_have_value("What belongs together?")
    page.goto(served.url + "/items/import")
    page.fill("#pasted", "::One:: Is it so? {T}\n\n::Two:: Nothing asked")
    page.get_by_role("button", name="Show what would be taken").click()
    expect(page.get_by_role("row", name=re.compile("Two"))).to_contain_text("It has no braces")
    page.get_by_role("button", name="Take 1 question").click()
    expect(page.locator("h1")).to_have_text("What was taken")
    page.get_by_role("link", name="One").click()
    expect(page.get_by_role("button", name="Send to review")).to_be_visible()
