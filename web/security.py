"""Headers on every answer, cookies that were set on the way, and the bound on what may be sent to us."""

from __future__ import annotations

from collections.abc import Sequence
from re import Pattern

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.cookies import Cookie

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob: mediastream:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
_OWN_DEVICES = (
    "camera",
    "microphone",
    "display-capture",
    "fullscreen",
    "screen-wake-lock",
    "speaker-selection",
    "autoplay",
)
PERMISSIONS_POLICY = ", ".join([f"{name}=(self)" for name in _OWN_DEVICES] + ["geolocation=()", "payment=()", "usb=()"])

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Permissions-Policy": PERMISSIONS_POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
ANYWHERE = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
"""For what is for the public: pages of others may play, read and show it too. Cookies do not come along."""
HSTS = "max-age=31536000"


def set_cookie(request: Request, cookie: Cookie) -> None:
    """Set a cookie with whatever answer this request gets."""
    request.scope.setdefault("vikno.cookies", []).append(cookie)


class SecurityHeaders:
    """ASGI middleware around everything that answers with a page or with JSON."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self._app = app
        self._secure = secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; add to the answer's first message."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["vikno.cookies"] = []

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add(MutableHeaders(scope=message), scope)
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _add(self, headers: MutableHeaders, scope: Scope) -> None:
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        if self._secure:
            headers.setdefault("Strict-Transport-Security", HSTS)
        if not scope["path"].startswith("/static/"):
            headers.setdefault("Cache-Control", "no-store")
        for cookie in scope["vikno.cookies"]:
            headers.append("Set-Cookie", cookie.header(secure=self._secure))


class TooLarge(HTTPException):
    """More was sent than this address takes: 413. An HTTPException, because FastAPI lets those through unchanged."""

    def __init__(self, limit: int) -> None:
        super().__init__(413, f"At most {limit} bytes are taken here.")


class BodyLimit:
    """ASGI middleware: refuses bodies over a bound, announced or not. Streams (`/whip`, `/whep`) bound themselves."""

    def __init__(self, app: ASGIApp, *, limit: int, limits: Sequence[tuple[Pattern[str], int]]) -> None:
        self._app = app
        self._limit = limit
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what comes in; raise `TooLarge` inside the app once it is too much."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit_of(scope["path"])
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            if message["type"] == "http.request":
                received += len(message.get("body", b""))
                if received > limit:
                    raise TooLarge(limit)
            return message

        await self._app(scope, counted, send)

    def _limit_of(self, path: str) -> int:
        return next((limit for pattern, limit in self._limits if pattern.fullmatch(path)), self._limit)
