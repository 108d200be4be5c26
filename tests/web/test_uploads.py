"""Whoever may not send a file is told so before it is read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
from fastapi import FastAPI

from lms import demo_directory as demo
from tests.web.test_permissions import UPLOADS, routes_of
from tests.web.visitor import ORGANISER, Visitor

Browser = Callable[..., Visitor]


class Sent:
    """A body that notes how much of it was taken."""

    def __init__(self) -> None:
        self.taken = 0

    async def pieces(self) -> AsyncIterator[bytes]:
        """The head of a file's part, and two kilobytes of it."""
        head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.zip"\r\n\r\n'
        for piece in (head, b"x" * 1024, b"x" * 1024):
            self.taken += 1
            yield piece


@pytest.mark.parametrize("address", ["/courses/import", "/imports", "/items/import", "/projects/new"])
async def test_a_file_is_not_read_for_whoever_may_not_send_it(browser: Browser, address: str) -> None:
    for email, statuses in (("", {401, 403}), (demo.STAFF, {403})):
        visitor = browser()
        if email:
            await visitor.sign_in(email)
        sent = Sent()
        answer = await _send(visitor, address, sent)
        assert answer in statuses
        assert sent.taken == 0
    organiser, sent = browser(), Sent()
    await organiser.sign_in(ORGANISER)
    await _send(organiser, "/courses/import", sent)
    assert sent.taken == 3, "who may send it is heard to the end"


async def test_a_file_for_something_of_others_is_not_read_either(browser: Browser) -> None:
    staff = browser()
    await staff.sign_in(demo.STAFF)
    for address in ("/courses/mobile-case/edit/lesson", "/classes/1/people", "/schedule/nothing/materials"):
        sent = Sent()
        assert await _send(staff, address, sent) in {403, 404}, address
        assert sent.taken == 0, address


def test_every_upload_has_somebody_at_its_door(app: FastAPI) -> None:
    for route in routes_of(app):
        if any(f"{method} {route.path}" in UPLOADS for method in route.methods):
            assert route.dependencies, f"{route.path} reads a file before it is known who sends it"


async def _send(visitor: Visitor, address: str, sent: Sent) -> int:
    headers = {"content-type": "multipart/form-data; boundary=b", "origin": "https://vikno.test"}
    answer = await visitor.client.post(address, content=sent.pieces(), headers=headers)
    return answer.status_code
