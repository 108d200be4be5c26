"""Whether something has the form of an Open Badge 3.0: what the model asks for (Open Badges 3.0, appendix B)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lms.credentials import jose, moments, pinned


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong. `code`: `context`, or `form` for everything else; `says`: a sentence."""

    code: str
    says: str


def fault(credential: dict[str, Any]) -> Fault | None:
    """The first thing that is wrong with it."""
    if (says := _of_contexts(credential)) is not None:
        return Fault("context", says)
    says = _of_credential(credential) or _of_subject(credential.get("credentialSubject"))
    return Fault("form", says) if says is not None else None


def _of_contexts(credential: dict[str, Any]) -> str | None:
    contexts = _many(credential.get("@context"))
    if contexts[:1] != [pinned.CREDENTIALS]:
        return "Its first context is not that of Verifiable Credentials 2.0."
    for each in contexts:
        if not isinstance(each, str):
            return "It brings a context of its own, instead of naming a published one."
        if each not in pinned.PINNED:
            return f"The context {each[:200]} is not one of those that this verifier knows."
    return None


def _of_credential(credential: dict[str, Any]) -> str | None:
    types = set(map(str, _many(credential.get("type"))))
    if "VerifiableCredential" not in types or not {"OpenBadgeCredential", "AchievementCredential"} & types:
        return "It is no Open Badge credential by its type."
    if not isinstance(credential.get("id"), str):
        return "It has no address of its own (id)."
    if not jose.issuer_id(credential):
        return "It names no issuer."
    if isinstance(credential.get("issuer"), dict) and "Profile" not in _many(credential["issuer"].get("type")):
        return "Its issuer is no profile."
    if moments.numeric(credential.get("validFrom")) is None:
        return "It does not say from when it is valid."
    if "validUntil" in credential and moments.numeric(credential["validUntil"]) is None:
        return "The day until which it is valid cannot be read."
    if len(_many(credential.get("credentialStatus"))) > 1:
        return "It has several statuses; an Open Badge has at most one."
    return None


def _of_subject(subject: Any) -> str | None:
    if not isinstance(subject, dict) or "AchievementSubject" not in _many(subject.get("type")):
        return "It says nothing of an achievement."
    if "id" not in subject and "identifier" not in subject:
        return "It does not say whom it is for."
    achievement = subject.get("achievement")
    if not isinstance(achievement, dict) or "Achievement" not in _many(achievement.get("type")):
        return "It says nothing of an achievement."
    if not all(isinstance(achievement.get(name), str) for name in ("id", "name", "description")):
        return "Its achievement has no name or no description."
    if not isinstance(achievement.get("criteria"), dict):
        return "It does not say what had to be done."
    return None


def _many(value: Any) -> list[Any]:
    """One or several, as JSON-LD allows."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
