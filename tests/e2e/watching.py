"""How long somebody saw nothing, and what one writes to the others."""

from __future__ import annotations

from playwright.sync_api import Page


def watch_gap(page: Page) -> None:
    """From now on the page notes the longest time without a newly decoded picture."""
    page.evaluate(
        """() => {
          window.__gap = { longest: 0, last: performance.now(), decoded: -1 };
          setInterval(async () => {
            const video = (await window.__probe.received()).video;
            const decoded = Math.max(0, ...video.map((stream) => stream.decoded));
            const now = performance.now();
            if (decoded !== window.__gap.decoded) {
              window.__gap.longest = Math.max(window.__gap.longest, now - window.__gap.last);
              window.__gap.last = now;
              window.__gap.decoded = decoded;
            }
          }, 100);
        }"""
    )


def longest_gap_s(page: Page) -> float:
    """The longest time without a new picture since the watch began."""
    return float(page.evaluate("() => window.__gap.longest")) / 1000


def say(page: Page, text: str) -> None:
    """Write in the chat."""
    if not page.get_by_test_id("chat-input").is_visible():
        page.get_by_test_id("chat").click()
    page.get_by_test_id("chat-input").fill(text)
    page.get_by_test_id("chat-input").press("Enter")
