"""A browser without a screen: cookies, forms with their CSRF token, JSON."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import httpx
from fastapi import FastAPI

HOST = "https://vikno.test"
PASSWORD = "горобина калина вікно"
ORGANISER = "organiser@vikno.test"
ADMINISTRATOR = "administrator@vikno.test"


class Visitor:
    """Somebody with a browser."""

    def __init__(self, app: FastAPI, language: str, address: str) -> None:
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app, client=(address, 40000), raise_app_exceptions=False),
            base_url=HOST,
            headers={"Accept-Language": language},
        )

    async def get(self, path: str, **parameters: Any) -> httpx.Response:
        """Open a page."""
        return await self.client.get(path, params=parameters or None)

    async def csrf(self) -> str:
        """The token that pages hold for this browser now."""
        page = await self.client.get("/endpoint")
        found = re.search(r'"csrf": "([0-9a-f]{64})"', page.text)
        assert found, page.text
        return found.group(1)

    async def post(self, path: str, **fields: Any) -> httpx.Response:
        """Send a form of ours."""
        return await self.client.post(path, data={"csrf": await self.csrf(), **fields})

    async def api(self, path: str, body: dict[str, Any]) -> httpx.Response:
        """Send JSON as our scripts do."""
        return await self.client.post(path, json=body, headers={"X-CSRF-Token": await self.csrf()})

    async def sign_in(self, email: str = ORGANISER, password: str = PASSWORD) -> httpx.Response:
        """Sign in."""
        return await self.post("/sign-in", email=email, password=password, next="/schedule")


def links(page: httpx.Response, prefix: str) -> list[str]:
    """Where the page's links with this beginning lead."""
    found = re.findall(r'href="([^"]+)"', page.text)
    return [html.unescape(link) for link in found if link.startswith(prefix)]


def room_of(page: httpx.Response) -> dict[str, Any]:
    """The room's configuration."""
    found = re.search(r'id="room-config">(.*?)</script>', page.text, re.DOTALL)
    assert found, page.text
    room: dict[str, Any] = json.loads(found.group(1))
    return room
