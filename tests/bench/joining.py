"""The time from the press on Join to the first remote picture, in Chromium, with three endpoints in the meeting.

    python -m tests.bench.joining

Counted in the page: from the click to the first frame that the browser presents of a video that is not its own
(`requestVideoFrameCallback`). Page, server and the three endpoints share this machine.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.support.browser import FAKE_DEVICES, launch_bare, until
from tests.support.installation import Installation, running

JOINS = 20
_WATCH = """() => {
  window.joining = {};
  const watch = (video) => {
    if (video.watched) return;
    video.watched = true;
    const first = (now) => {
      const owner = video.closest("[data-testid=tile]")?.dataset.participant;
      if (!owner || owner === window.__vikno.self) return;
      window.joining.picture ??= now;
    };
    video.requestVideoFrameCallback(first);
  };
  document.addEventListener("click", () => { window.joining.pressed = performance.now(); }, { capture: true });
  new MutationObserver(() => document.querySelectorAll("video").forEach(watch))
    .observe(document.body, { childList: true, subtree: true });
}"""


def join(browser: Browser, vikno: Installation) -> float:
    """One join in a new profile, in seconds."""
    context = browser.new_context(locale="uk-UA", viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(f"{vikno.url}/meet/demo")
    page.get_by_label("Ваше ім’я").fill("Проба часу")
    page.get_by_text("З’єднання добре").wait_for()
    page.evaluate(_WATCH)
    page.get_by_role("button", name="Приєднатися").click()
    until(page, "() => window.joining.picture !== undefined")
    taken: float = page.evaluate("window.joining.picture - window.joining.pressed")
    context.close()
    return taken / 1000


def until_demo_is_live(vikno: Installation) -> None:
    """Wait until the three endpoints have joined."""
    ends = time.monotonic() + 120
    while vikno.log.read_text(errors="replace").count('"event": "joined"') < 3:
        if time.monotonic() > ends:
            raise TimeoutError(f"The demo's endpoints did not join.\n{vikno.tail()}")
        time.sleep(0.2)


def main() -> None:
    """Start a server with the demo, join, print."""
    with tempfile.TemporaryDirectory() as name, running(Path(name), "--demo") as vikno, sync_playwright() as playwright:
        until_demo_is_live(vikno)
        browser = launch_bare(playwright, *FAKE_DEVICES)
        times = [join(browser, vikno) for _ in range(JOINS)]
        browser.close()
    cuts = statistics.quantiles(times, n=20, method="inclusive")
    print(
        f"Press to first remote picture, {JOINS} joins, seconds: "
        f"p50 {cuts[9]:.2f}, p95 {cuts[18]:.2f}, max {max(times):.2f}"
    )


if __name__ == "__main__":
    main()
