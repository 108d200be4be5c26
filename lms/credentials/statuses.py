"""Whether its issuer took it back: by the issuer's own records, and by a status list (Bitstring Status List 1.0)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from lms.credentials import bits, jose, moments
from lms.credentials.containers import read_json
from lms.credentials.integrity import instant
from lms.credentials.signatures import Claims, check_list, signed_at
from lms.credentials.trust import Trust
from lms.credentials.verdicts import Check, Failure, Name, State, many

_PURPOSES = ("revocation", "suspension")
"""Of status lists: what else they can say (`refresh`, `message`) neither takes nor vouches for anything."""


def check_status(credential: dict[str, Any], issuer: str, trust: Trust, now: datetime) -> Check:
    """Raises `Failure` for what was revoked, suspended or replaced, and where it cannot be told."""
    overtaken = trust.overtaken(credential)
    if overtaken is State.REVOKED:
        raise Failure(State.REVOKED, Check(Name.STATUS, False, "revoked", "Its issuer has revoked it."))
    if overtaken is State.REPLACED:
        says = "Its issuer has replaced it by a newer one with the same number."
        raise Failure(State.REPLACED, Check(Name.STATUS, False, "replaced", says))
    entries = many(credential.get("credentialStatus"))
    if not entries:
        return Check(Name.STATUS, True, "no_status", "Its issuer did not provide for revoking it.")
    try:
        revoked, made = _is_set(entries[0], issuer, trust, now)
    except (bits.StatusListError, ValueError) as error:
        raise _unknown_status(str(error)) from error
    if revoked and entries[0]["statusPurpose"] == "suspension":
        says = "Its issuer has suspended it: it does not count for the time being."
        raise Failure(State.SUSPENDED, Check(Name.STATUS, False, "suspended", says))
    if revoked:
        raise Failure(State.REVOKED, Check(Name.STATUS, False, "revoked", "Its issuer has revoked it."))
    return Check(Name.STATUS, True, "ok", f"Its issuer has not revoked it, by the list of {made}.")


def opened(text: str) -> tuple[dict[str, Any], Claims]:
    """A status list as it is served, JSON or a token, and the token's claims; not yet checked. Raises `ValueError`."""
    text = text.strip()
    return (read_json(text), None) if text.startswith("{") else jose.credential_of(text)


def _is_set(entry: Any, issuer: str, trust: Trust, now: datetime) -> tuple[bool, str]:
    """Its bit; and when the list was signed that says so, which may be long ago for one that somebody has kept."""
    if not isinstance(entry, dict) or "BitstringStatusListEntry" not in many(entry.get("type")):
        raise ValueError("Its status is kept in a way that this verifier does not know.")
    address, purpose = str(entry.get("statusListCredential", "")), entry.get("statusPurpose")
    if purpose not in _PURPOSES or entry.get("statusSize", 1) != 1:
        raise ValueError("Its status says something else than whether it was revoked.")
    index = str(entry.get("statusListIndex", ""))
    if not index.isascii() or not index.isdigit() or len(index) > 9:
        raise ValueError("Its place in the status list is no number.")
    text = trust.status_list(address)
    if text is None:
        raise ValueError(f"The status list {address[:200]} is not at hand, and nothing is fetched.")
    found, claims = opened(text)
    subject = found.get("credentialSubject")
    if found.get("id") != address or not isinstance(subject, dict):
        raise ValueError("What stands at the status list's address is another list.")
    if "BitstringStatusListCredential" not in many(found.get("type")):
        raise ValueError("What stands at the status list's address is no status list.")
    if "BitstringStatusList" not in many(subject.get("type")) or purpose not in many(subject.get("statusPurpose")):
        raise ValueError("The status list is for another purpose.")
    if jose.issuer_id(found) != issuer:
        raise ValueError("The status list comes from another issuer.")
    try:
        check_list(text.strip(), found, claims, issuer, trust)
    except Failure as failure:
        raise ValueError(f"The status list itself does not hold: {failure.check.says}") from failure
    made = _check_time_of_list(found, claims, now)
    return bits.get(bits.unpacked(str(subject.get("encodedList", ""))), int(index)), made


def _check_time_of_list(status_list: dict[str, Any], claims: Claims, now: datetime) -> str:
    """When it was signed, if it counts now. Raises `ValueError`."""
    told = claims or {}
    begins = [moments.numeric(status_list.get("validFrom")), told.get("nbf")]
    ends = [moments.numeric(status_list.get("validUntil")), told.get("exp")]
    if any(moment is not None and now.timestamp() >= moment for moment in ends):
        raise ValueError("The status list is out of date.")
    signed = signed_at(status_list, claims)
    if any(moments.to_come(moment, now) for moment in (*begins, *signed)):
        raise ValueError("The status list is not valid yet.")
    made = next((moment for moment in (*signed, *begins) if moment is not None), None)
    return "an unknown day" if made is None else instant(datetime.fromtimestamp(made, UTC))


def _unknown_status(says: str) -> Failure:
    return Failure(State.STATUS_UNKNOWN, Check(Name.STATUS, None, "status_unknown", says))
