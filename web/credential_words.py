"""What a checked file is told to be, in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lms.credentials.trust import Trust
from lms.credentials.verdicts import Check, Name, Report, State
from web.i18n import mark as _
from web.i18n import translate

STATES: dict[State, str] = {
    State.VALID: _("Genuine and valid"),
    State.EXPIRED: _("Genuine, but expired"),
    State.NOT_YET: _("Genuine, but not valid yet"),
    State.REVOKED: _("Revoked by its issuer"),
    State.SUSPENDED: _("Suspended by its issuer"),
    State.REPLACED: _("Replaced by a newer one"),
    State.STATUS_UNKNOWN: _("Genuine; whether it was revoked cannot be told here"),
    State.UNKNOWN_ISSUER: _("The issuer cannot be recognised here"),
    State.UNSUPPORTED: _("Of a kind that cannot be checked here"),
    State.NOT_GENUINE: _("Not genuine"),
    State.UNREADABLE: _("No certificate that can be read"),
}
CHECKS: dict[Name, str] = {
    Name.FILE: _("The file"),
    Name.FORM: _("Its form"),
    Name.ISSUER: _("Its issuer"),
    Name.SIGNATURE: _("Its signature"),
    Name.DATES: _("Its dates"),
    Name.STATUS: _("Not revoked"),
    Name.SEAL: _("Seal on the document"),
}
CODES: dict[str, str] = {
    "unreadable": _("There is no credential in it that can be read: damaged, too large, or something else."),
    "form": _("It lacks what an Open Badge must have."),
    "context": _("It speaks in words (contexts) that this verifier does not know."),
    "unsigned": _("It is not signed at all."),
    "suite": _("It is signed in a way that this verifier does not know; it knows eddsa-rdfc-2022, RS256 and ES256."),
    "header": _(
        "Its token asks for what is not done here: to fetch a key from an address that it names (jku, x5u), or "
        "something that this verifier does not know (crit)."
    ),
    "not_covered": _(
        "Something in it is covered by no signature, makes no sense, or is made so that checking would take for ever."
    ),
    "signature": _("The signature does not fit: the file was changed, or another key signed it."),
    "key_of_another": _("It is signed with the key of somebody else than its issuer."),
    "key_unknown": _("It is signed with a key that its issuer does not list."),
    "key_kind": _("The key of its issuer cannot be used here."),
    "key_expired": _("It was signed after the end of its issuer's key, or does not say when."),
    "key_compromised": _("Its key was in other hands when it was signed."),
    "key_reissued": _(
        "Its key was in other hands when it was signed. We gave this certificate, and have signed it anew since: what "
        "counts is the newer one with the same number."
    ),
    "not_issued": _("The key is ours, but we have no record of having issued this."),
    "unknown_issuer": _(
        "Its issuer is not known here, and nothing is fetched from the network: anybody can write any name into a file."
    ),
    "did_key": _("The issuer is a key by itself. It signed this; who holds the key cannot be told from the file."),
    "not_yet": _("Its first day has not come yet."),
    "signed_later": _("It says that it was signed at a moment that is still to come."),
    "expired": _("Its last day has passed."),
    "proof_expired": _("Its signature was made for a time that has passed."),
    "revoked": _("Its issuer has revoked it."),
    "suspended": _("Its issuer has suspended it: it does not count for the time being."),
    "replaced": _("Its issuer has replaced it: there is a newer one with the same number."),
    "no_status": _("Its issuer did not provide for revoking it."),
    "status_unknown": _("The list that says whether it was revoked is not at hand, or does not hold."),
}
CODES |= {
    "seal_ours": _("The document was sealed here, and nothing on it was changed since."),
    "seal_trusted": _("The document bears the seal of somebody trusted here, and nothing on it was changed since."),
    "seal_unknown": _(
        "Nothing on the document was changed since it was sealed. Who sealed it is not known here: anybody can write "
        "any name into a seal."
    ),
    "seal_kind": _(
        "The document is sealed in a way that this verifier does not know (for instance by DSTU 4145): whether it was "
        "changed since cannot be told here. Compare what is printed on it with the page of its number."
    ),
    "seal_broken": _(
        "The document was changed after it was sealed: do not believe what is printed on it. Look at the page of its "
        "number."
    ),
}
UNSEALED = _("The document bears no seal: compare what is printed on it with the page of its number.")
SEAL_TROUBLES: dict[str, str] = {
    "seal_expired": _("The certificate that seals is not in force. Have it renewed and put the new file in its place."),
    "seal_password": _("The file with the key cannot be opened: it is damaged, or its password is wrong."),
    "seal_key_unreadable": _("The file with the key, or that with its password, cannot be read."),
    "seal_key_kind": _("The file holds a key of a kind that cannot be used here."),
    "seal_time_server": _("The time-stamp server gave no time stamp."),
    "seal_broken": _("What came back from sealing is no seal that holds."),
    "seal_rewrote": _("What came back from sealing is another document than the one that was given."),
    "seal_document": _("The document itself could not be made."),
    "seal_failed": _("Sealing failed."),
}
"""For administrators: why documents go out without their seal."""
GOOD: dict[Name, str] = {
    Name.FILE: _("A credential was found in it."),
    Name.FORM: _("It is an Open Badge 3.0."),
    Name.ISSUER: _("The issuer is known here, and the key is one of its own."),
    Name.SIGNATURE: _("Nothing was changed since it was signed."),
    Name.DATES: _("It is valid today."),
    Name.STATUS: _("It was not revoked."),
}


STANDINGS: dict[str, str] = {
    "ours": _("This is us: the file names this site as its issuer."),
    "known": _("Known here: the administrator of this site trusts this issuer and has put its profile here."),
    "claimed": _("The file names an issuer that is known here, but as it is, it does not come from there."),
    "key": _("Unknown here: the issuer is a key by itself, and who holds it cannot be told from the file."),
    "unknown": _("Unknown here: what the file says of its issuer cannot be checked."),
}


@dataclass(frozen=True, slots=True)
class Told:
    """What the file says of itself: plain texts, to be believed as far as the checks go."""

    achievement: str
    issuer: str
    issuer_id: str
    issuer_url: str
    issuer_email: str
    valid_from: datetime | None
    valid_until: datetime | None
    number: str
    """Of ours, for the way to its page."""


NOBODYS = _("Unchanged and valid, but who issued it cannot be told")
"""Of an issuer that is a key by itself and not known here: anybody can make one, and give it any name."""


def verdict(report: Report, standing: str) -> tuple[str, str]:
    """The answer in few words, English, to be translated; and how it looks: `good`, `doubtful`, `bad`."""
    if report.genuine and standing == "key":
        return NOBODYS if report.valid else STATES[report.state], "doubtful"
    return STATES[report.state], "good" if report.valid else "doubtful" if report.genuine else "bad"


LISTED = _("It was not revoked, by the list that the administrator of this site has put here.")


def sentence(check: Check, standing: str = "") -> str:
    """What a check found, English, to be translated. The lists of others are as old as the file that was put here."""
    if check.name is Name.STATUS and check.code == "ok" and standing == "known":
        return LISTED
    return CODES.get(check.code) or GOOD[check.name]


def told(report: Report, language: str) -> Told:
    """What stands in the file."""
    credential = report.credential
    issuer, subject = credential.get("issuer"), credential.get("credentialSubject")
    achievement = subject.get("achievement") if isinstance(subject, dict) else None
    inside: dict[str, Any] = issuer if isinstance(issuer, dict) else {"id": issuer}
    unnamed = translate(language, _("without a name"))
    return Told(
        _line(achievement.get("name") if isinstance(achievement, dict) else None) or unnamed,
        _line(inside.get("name")) or unnamed,
        _line(inside.get("id")),
        _web(inside.get("url")),
        _line(inside.get("email")),
        _moment(credential.get("validFrom")),
        _moment(credential.get("validUntil")),
        _line(credential.get("id")).rpartition("/verify/")[2] if report.genuine else "",
    )


def standing(report: Report, issuer: str, ours: Trust, trust: Trust) -> str:
    """How an issuer stands here: `ours`, `known`, `key` (that is its own address), or `unknown`.

    `claimed` where the file names one that is known here, and is not genuine: anybody can write its name.
    """
    if trust.keys(issuer) is not None:
        if report.state is State.NOT_GENUINE:
            return "claimed"
        return "ours" if ours.keys(issuer) is not None else "known"
    return "key" if issuer.startswith("did:key:") else "unknown"


def _web(value: object) -> str:
    """An address of the web as text; nothing else that a file may hold."""
    text = _line(value)
    return text if text.startswith(("https://", "http://")) else ""


def _line(value: object) -> str:
    if isinstance(value, dict):
        value = value.get("@value")
    return " ".join(value.split())[:300] if isinstance(value, str) else ""


def _moment(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    # In our own time zone the first and the last year may not exist.
    return found if found.tzinfo and 1 < found.year < 9999 else None
