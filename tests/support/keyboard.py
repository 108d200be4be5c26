"""Somebody who has a keyboard and nothing else: goes on by Tab, and always sees where the focus is."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page

_FOCUSED = """() => {
  const it = document.activeElement;
  if (!it || it === document.body) return null;
  const labels = it.labels ? Array.from(it.labels, (one) => one.innerText) : [];
  const named = (it.getAttribute("aria-labelledby") || "").split(" ").filter(Boolean)
    .map((id) => document.getElementById(id)?.innerText || "");
  const name = [it.getAttribute("aria-label"), ...named, ...labels, it.innerText, it.value].find(Boolean) || "";
  const box = it.getBoundingClientRect();
  const style = getComputedStyle(it);
  const at = document.elementFromPoint(
    Math.min(Math.max(box.x + box.width / 2, 0), innerWidth - 1), Math.min(Math.max(box.y + 2, 0), innerHeight - 1));
  const shown = box.bottom > 0 && box.top < innerHeight && box.width > 0;
  const covered = !(at && (it.contains(at) || at.contains(it) || (it.labels && Array.from(it.labels)
    .some((one) => one.contains(at)))));
  const ring = style.outlineStyle !== "none" || style.boxShadow !== "none";
  const value = String(it.value ?? "");
  return { name: name.trim(), key: it.name || "", value, tag: it.localName, shown, covered, ring };
}"""
"""What has the focus, by which name, and whether one sees it (WCAG 2.4.7, 2.4.11)."""


class Keyboard:
    """Keys, and what they reach on a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.unseen: list[str] = []
        """What had the focus without showing it, or behind something else."""

    def to(self, name: str, most: int = 150) -> None:
        """Tab until something of this name (a regular expression) has the focus."""
        self._until(lambda focused: re.search(name, focused["name"]) is not None, f"{name!r}", most)

    def to_field(self, key: str, most: int = 250) -> None:
        """Tab until the field `key` of a form has the focus."""
        self._until(lambda focused: focused["key"] == key, f"the field {key!r}", most)

    def to_part(self, key: str) -> None:
        """Tab until the next part of the field `key` has the focus: `key-PART`."""
        self._until(lambda focused: focused["key"].startswith(f"{key}-"), f"a part of {key!r}", 250)

    def part(self) -> str:
        """Which part has the focus."""
        return self._focused()["key"].split("-", 2)[2]

    def value(self) -> str:
        """Of the field that has the focus."""
        return self._focused()["value"]

    def choose(self, value: str) -> None:
        """By arrows, in the list or among the radio buttons that have the focus."""
        for _ in range(60):
            if self.value() == value:
                return
            self.press("ArrowDown")
        raise AssertionError(f"{value!r} cannot be chosen on {self.page.url}")

    def go(self, name: str, to: str | re.Pattern[str]) -> None:
        """Follow a link or press a button that leads to another page."""
        self.to(name)
        self.press("Enter")
        self.page.wait_for_url(to)

    def press(self, key: str) -> None:
        """One key."""
        self.page.keyboard.press(key)

    def write(self, text: str) -> None:
        """Type, letter by letter, into what has the focus."""
        self.page.keyboard.type(text)

    def _until(self, found: Callable[[dict[str, str]], bool], what: str, most: int) -> None:
        met = []
        for _ in range(most):
            self.press("Tab")
            focused = self._focused()
            met.append(focused["name"] or focused["key"])
            if found(focused):
                return
        raise AssertionError(f"{what} is not reached by Tab on {self.page.url}; met: {met[:60]}")

    def _focused(self) -> dict[str, str]:
        focused: dict[str, str] | None = self.page.evaluate(_FOCUSED)
        if focused is None:
            return {"name": "", "key": "", "value": "", "tag": ""}
        if not (focused["shown"] and focused["ring"]) or focused["covered"]:
            self.unseen.append(f"{self.page.url}: {focused['tag']} {focused['name'][:60]!r}")
        return focused
