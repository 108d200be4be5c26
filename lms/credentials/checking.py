"""The verifier: is this file genuine, and does it count today? Also for credentials that others issued.

Pure: whom we trust and what status lists say is asked of `Trust`. Each check has a name and a sentence; the first one
that fails decides the state. Nothing is fetched, so that a stranger's https issuer cannot be known unless its profile
is at hand: anybody can write any address into a file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from lms.credentials import containers, form, jose, moments
from lms.credentials.containers import Contents, UnreadableFile, read, read_json
from lms.credentials.integrity import Digest
from lms.credentials.seal_reports import Sealing, SealReport
from lms.credentials.signatures import Claims, check_signature, ours_of, signed_at
from lms.credentials.statuses import check_status
from lms.credentials.trust import Trust, unsupported
from lms.credentials.verdicts import Check, Failure, Name, Report, State, fails


def check(
    data: bytes,
    trust: Trust,
    now: datetime,
    digested: Digest | None = None,
    sealed: Callable[[bytes], SealReport] | None = None,
) -> Report:
    """Check a file. Never raises for what is in it.

    `digested`: how to work out what was signed (`apart.digest`). `sealed`: how to look at a PDF's seals; a document
    that was changed after it was sealed is not genuine, whatever the credential in it says.
    """
    found = _check_credential(data, trust, now, digested)
    if sealed is None or len(data) > containers.MOST_BYTES or not containers.is_pdf(data):
        return found
    report = sealed(data)
    if report.sealing is Sealing.NONE:
        return replace(found, sealing=report)
    state = found.state
    if report.sealing is Sealing.BROKEN and state is not State.UNREADABLE:
        state = State.NOT_GENUINE
    return replace(found, state=state, checks=(*found.checks, _check_seal(report)), sealing=report)


def _check_seal(report: SealReport) -> Check:
    who = "; ".join(f"{seal.signer} (by {seal.authority})" for seal in report.seals) or "somebody"
    if report.sealing is Sealing.BROKEN:
        return Check(Name.SEAL, False, "seal_broken", f"The document was changed after it was sealed by {who}.")
    if report.sealing is Sealing.UNTOLD and not report.ours:
        says = f"Sealed by {who}, in a way that this verifier does not know: it cannot tell whether it was changed."
        return Check(Name.SEAL, None, "seal_kind", says)
    if report.ours:
        return Check(Name.SEAL, True, "seal_ours", f"The document was sealed here, by {who}, and not changed since.")
    if report.sealing is Sealing.TRUSTED:
        return Check(Name.SEAL, True, "seal_trusted", f"Sealed by {who}, trusted here, and not changed since.")
    says = f"Sealed by {who}, unknown here: anybody can write any name into a seal. It was not changed since."
    return Check(Name.SEAL, None, "seal_unknown", says)


def _check_credential(data: bytes, trust: Trust, now: datetime, digested: Digest | None) -> Report:
    checks: list[Check] = []
    found: dict[str, Any] = {}
    kind = ""
    try:
        contents = _read(data)
        kind = contents.form
        checks.append(Check(Name.FILE, True, "ok", f"A credential was found ({kind})."))
        found, claims = _parse(contents)
        issuer = _check_form(found, trust)
        checks.append(Check(Name.FORM, True, "ok", "It is an Open Badge by the form of it."))
        checks.extend(check_signature(contents.text, found, claims, issuer, trust, digested))
        checks.append(_check_dates(found, claims, now))
        checks.append(check_status(found, issuer, trust, now))
        return Report(State.VALID, tuple(checks), kind, found)
    except Failure as failure:
        checks.append(failure.check)
        return Report(failure.state, tuple(checks), kind, found)


def _read(data: bytes) -> Contents:
    try:
        return read(data)
    except UnreadableFile as error:
        raise Failure(State.UNREADABLE, Check(Name.FILE, False, "unreadable", str(error))) from error


def _parse(contents: Contents) -> tuple[dict[str, Any], Claims]:
    try:
        if contents.is_token:
            jose.header_of(contents.text)
            return jose.credential_of(contents.text)
        return read_json(contents.text), None
    except (UnreadableFile, jose.TokenError) as error:
        raise Failure(State.UNREADABLE, Check(Name.FILE, False, "unreadable", str(error))) from error


def _check_form(credential: dict[str, Any], trust: Trust) -> str:
    """The issuer's id, if all that a credential needs is there."""
    found = form.fault(credential)
    if found is not None and found.code == "context":
        raise unsupported(Name.FORM, found.code, found.says, credential, trust)
    if found is not None:
        raise fails(Name.FORM, found.code, found.says)
    return str(jose.issuer_id(credential))


def _check_dates(credential: dict[str, Any], claims: Claims, now: datetime) -> Check:
    begins, ends = moments.numeric(credential["validFrom"]), moments.numeric(credential.get("validUntil"))
    if moments.to_come(begins, now):
        raise _not_yet("not_yet", f"It is valid from {credential['validFrom']}.")
    if any(moments.to_come(moment, now) for moment in signed_at(credential, claims)):
        raise _not_yet("signed_later", "It says that it was signed at a moment that is still to come.")
    if ends is not None and now.timestamp() >= ends:
        says = f"It was valid until {credential['validUntil']}."
        raise Failure(State.EXPIRED, Check(Name.DATES, False, "expired", says))
    for proof in ours_of(credential) if claims is None else ():
        # Data Integrity 1.0 section 2.1: a proof may have an end of its own.
        held = moments.numeric(proof.get("expires"))
        if "expires" in proof and (held is None or now.timestamp() >= held):
            says = f"Its signature was made to hold until {str(proof['expires'])[:40]}."
            raise Failure(State.EXPIRED, Check(Name.DATES, False, "proof_expired", says))
    return Check(Name.DATES, True, "ok", "It is valid today.")


def _not_yet(code: str, says: str) -> Failure:
    return Failure(State.NOT_YET, Check(Name.DATES, False, code, says))
