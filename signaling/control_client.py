"""The web process's side of a node's control API. Synchronous, as the domain layer is."""

from __future__ import annotations

import httpx

from signaling.control_tokens import sign_control
from signaling.meeting.plan import Plan
from signaling.messages import OrderAction


class ControlError(Exception):
    """A node did not do it. `code` as in `signaling.problems`; `node_unavailable` if it could not be reached."""

    def __init__(self, code: str, detail: str, status: int | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.status = status


class ControlClient:
    """Calls one node. Safe to use from several threads. Every method raises `ControlError`."""

    def __init__(
        self,
        base_url: str,
        control_key: bytes,
        *,
        timeout_s: float = 5.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._key = control_key
        self._http = httpx.Client(base_url=base_url, timeout=timeout_s, transport=transport, trust_env=False)

    def plan(self, meeting: str, plan: Plan) -> None:
        """Lay down how a meeting is to be held, before or while it runs."""
        self._call("PUT", f"/meetings/{meeting}", plan.model_dump_json())

    def order(self, meeting: str, action: OrderAction) -> None:
        """Do in a running meeting what a host could do."""
        self._call("POST", f"/meetings/{meeting}/orders", action.model_dump_json())

    def meetings(self) -> list[dict[str, object]]:
        """The running meetings: `signaling.control.MeetingSummary` as dictionaries."""
        found: list[dict[str, object]] = self._call("GET", "/meetings").json()["meetings"]
        return found

    def meeting(self, meeting: str) -> dict[str, object]:
        """One running meeting: `signaling.control.MeetingDetail` as a dictionary."""
        found: dict[str, object] = self._call("GET", f"/meetings/{meeting}").json()
        return found

    def names(self, meeting: str) -> dict[str, str]:
        """Participant → name as everybody in the meeting may read it."""
        found = self._call("GET", f"/meetings/{meeting}").json()["participants"]
        return {each["id"]: each["alias"] or each["name"] for each in found}

    def close_meeting(self, meeting: str) -> None:
        """Send everybody away and forget the plan."""
        self._call("DELETE", f"/meetings/{meeting}")

    def close(self) -> None:
        self._http.close()

    def _call(self, method: str, path: str, body: str | None = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {sign_control(self._key)}", "Content-Type": "application/json"}
        try:
            answer = self._http.request(method, path, content=body, headers=headers)
        except httpx.HTTPError as error:
            raise ControlError("node_unavailable", f"The media node cannot be reached: {error}.") from error
        if answer.is_success:
            return answer
        try:
            problem = answer.json()
            code, said = str(problem["code"]), str(problem["detail"] or problem["title"])
        except (ValueError, KeyError, TypeError) as error:
            raise ControlError("node_unavailable", f"Status {answer.status_code}.", answer.status_code) from error
        raise ControlError(code, said, answer.status_code)
