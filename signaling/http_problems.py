"""Problems as HTTP answers (RFC 9457, `application/problem+json`)."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from signaling.messages import Problem

STATUS = {
    "account_disabled": 403,
    "already_streaming": 409,
    "bad_action": 409,
    "bad_description": 400,
    "bad_message": 400,
    "bad_token": 401,
    "banned": 403,
    "cannot_stream": 503,
    "denied": 403,
    "ended": 409,
    "endpoint_disconnected": 403,
    "full": 503,
    "invitation_withdrawn": 403,
    "link_withdrawn": 403,
    "locked": 403,
    "may_not_stream": 403,
    "node_stopping": 503,
    "not_allowed": 403,
    "not_streaming": 404,
    "seat_cancelled": 403,
    "storage_full": 507,
    "token_expired": 401,
    "too_large": 413,
    "too_many_messages": 429,
    "unknown_chat_message": 404,
    "unknown_meeting": 404,
    "unknown_participant": 404,
    "unknown_publication": 404,
    "unknown_target": 404,
    "waiting_room": 403,
    "wrong_meeting": 403,
}
"""The status that fits each problem; what is not here is 400."""


def problem_response(
    problem: Problem, status: int | None = None, *, authenticate: bool = False, retry_after_s: int | None = None
) -> Response:
    """The problem as a document. `authenticate` adds the challenge that a 401 has to carry (RFC 6750)."""
    code = status if status is not None else STATUS.get(problem.code, 400)
    headers = {"Access-Control-Allow-Origin": "*"}
    if authenticate or code == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="vikno"'
    if retry_after_s is not None:
        headers["Retry-After"] = str(retry_after_s)
    document = {
        "type": f"urn:vikno:problem:{problem.code}",
        "title": problem.title,
        "status": code,
        "detail": problem.detail,
        "code": problem.code,
    }
    return JSONResponse(document, status_code=code, headers=headers, media_type="application/problem+json")
