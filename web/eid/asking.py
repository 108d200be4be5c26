"""Asking a service by HTTP: bounded in time and size, no redirects, every failure an `EidError` without secrets."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from typing import Any

import httpx

from lms.directory.eid.provider import EidError

LARGEST = 1024 * 1024
"""Bytes of an answer. Documents and keys of real providers are of some kilobytes."""
_PATIENCE = httpx.Timeout(10.0, connect=4.0)
"""A person waits in front of a white page."""


class Asker:
    """One client for one service; may be used by several threads."""

    def __init__(self, *, context: ssl.SSLContext | None = None, timeout: httpx.Timeout = _PATIENCE) -> None:
        self._client = httpx.Client(
            timeout=timeout, verify=context or True, follow_redirects=False, headers={"Accept": "application/json"}
        )

    def get(self, url: str, **rest: Any) -> dict[str, Any]:
        """The JSON object at an address. Raises `EidError`."""
        return self.ask("GET", url, **rest)

    def ask(self, method: str, url: str, **rest: Any) -> dict[str, Any]:
        """As `get`, by another method; of `httpx.Client.stream`: `data`, `params`, `headers`, `auth`."""
        status, body = self._read(method, url, **rest)
        where = url.partition("?")[0]
        if status >= 500 or status in (408, 429):
            raise EidError("eid_unavailable", f"{where} answered {status}.")
        try:
            told = json.loads(body)
        except ValueError:
            told = None
        if status >= 300:
            raise _refused(where, status, told)
        if not isinstance(told, dict):
            raise EidError("eid_answer", f"{where} answered with something that is no JSON object.")
        return told

    def _read(self, method: str, url: str, **rest: Any) -> tuple[int, bytes]:
        body = bytearray()
        try:
            with self._client.stream(method, url, **rest) as answer:
                for part in answer.iter_bytes():
                    body += part
                    if len(body) > LARGEST:
                        raise EidError("eid_answer", f"{url.partition('?')[0]} answers with more than {LARGEST} bytes.")
                return answer.status_code, bytes(body)
        except httpx.HTTPError as error:
            what = type(error).__name__  # its text holds the address, which may hold a token
            raise EidError("eid_unavailable", f"{url.partition('?')[0]} cannot be reached: {what}.") from None


def _refused(where: str, status: int, told: object) -> EidError:
    """What the errors of OAuth mean (RFC 6749, 5.2); the code is logged, the description may quote what we sent."""
    code = str(told.get("error", ""))[:60] if isinstance(told, Mapping) else ""
    if code == "invalid_grant":
        return EidError("eid_code", f"{where} no longer takes this code.")
    return EidError("eid_refused", f"{where} answered {status} {code}.")
