"""Credentials of ours: built from a snapshot with a fixed set of fields, so that nothing unsigned can slip in.

Field by field after Open Badges 3.0 (April 2025) and Verifiable Credentials 2.0; what of our data becomes which field
stands in `docs/credentials.md`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from lms.credentials import bits, pinned

ASSESSED = "Перевірено тестом знань. / Assessed by a knowledge test."
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class IssuerFacts:
    """Who issues. `id` is the address of the profile."""

    id: str
    name: str
    url: str
    email: str = ""


@dataclass(frozen=True, slots=True)
class AchievementFacts:
    """What it is issued for: one version of a rule, in its words of that day."""

    id: str
    version: str
    kind: str
    """`achievementType`: CertificateOfCompletion, Course, Assessment ..."""
    name: str
    name_en: str
    description: str
    description_en: str
    criteria: str
    criteria_en: str
    hours: str = ""
    """Academic hours, a decimal number."""
    credits: str = ""
    """ECTS credits, a decimal number."""
    funder: str = ""
    """The project or funder with whose support it is given, in its own words."""
    funder_en: str = ""
    project: Mapping[str, str] = field(default_factory=dict)
    """Whose tag it bears: `name`, `name_en`, `number`, `statement`, `statement_en`, `logo` (SHA-256), `logo_alt`."""
    alignments: Sequence[Mapping[str, str]] = ()
    """Competences that it is about: `code`, `name`, `framework`, `url` of the frame."""


@dataclass(frozen=True, slots=True)
class StatusPlace:
    """Where the credential's bit stands."""

    list: str
    index: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that a certificate says, as it was when it was issued. Moments are RFC 3339, days ISO 8601."""

    number: str
    id: str
    subject: str
    holder: str
    holder_en: str
    issuer: IssuerFacts
    achievement: AchievementFacts
    awarded_at: str
    valid_from: str
    valid_until: str = ""
    activity_from: str = ""
    activity_to: str = ""
    email_hash: str = ""
    email_salt: str = ""
    share: str = ""
    """Percent of the time attended, where the rule asks for it."""
    required_share: str = ""
    results: Sequence[Mapping[str, str]] = ()
    """What was reached in a test, the whole and each area: `key`, `name`, `value`, `required`, in percent."""
    signatory: str = ""
    signatory_position: str = ""
    signatory_position_en: str = ""
    status: StatusPlace | None = None
    demo: bool = False
    named: bool = False
    """Whether the holder wants the name to stand in the credential itself."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """What the decision was made from; kept for an appeal, not part of the credential."""

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def from_dict(kept: Mapping[str, Any]) -> Snapshot:
    """A snapshot as it was kept."""
    status = kept.get("status")
    return Snapshot(
        **{
            **kept,
            "issuer": IssuerFacts(**kept["issuer"]),
            "achievement": AchievementFacts(**kept["achievement"]),
            "status": StatusPlace(**status) if status else None,
        }
    )


def credential(snapshot: Snapshot) -> dict[str, Any]:
    """The credential, unsigned: no nulls, no empty arrays, arrays where the model says many."""
    achievement = snapshot.achievement
    prefix = "ЗРАЗОК / DEMO: " if snapshot.demo else ""
    found: dict[str, Any] = {
        "@context": [pinned.CREDENTIALS, pinned.OPEN_BADGES],
        "id": snapshot.id,
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": _issuer(snapshot.issuer),
        "validFrom": snapshot.valid_from,
        "awardedDate": snapshot.awarded_at,
        "name": _clean(prefix + achievement.name),
        "credentialSubject": _subject(snapshot, prefix),
    }
    if snapshot.valid_until:
        found["validUntil"] = snapshot.valid_until
    if snapshot.status is not None:
        found["credentialStatus"] = {
            "id": f"{snapshot.status.list}#{snapshot.status.index}",
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": str(snapshot.status.index),
            "statusListCredential": snapshot.status.list,
        }
    return found


def status_list(issuer: IssuerFacts, address: str, content: bytes, valid_from: str, ttl_ms: int) -> dict[str, Any]:
    """A status list as a credential, unsigned."""
    return {
        "@context": [pinned.CREDENTIALS],
        "id": address,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer.id,
        "validFrom": valid_from,
        "credentialSubject": {
            "id": f"{address}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": bits.packed(content),
            "ttl": ttl_ms,
        },
    }


def email_hash(address: str, salt: str) -> str:
    """`identityHash` of an address: SHA-256 over the address followed by the salt (Open Badges 3.0, IdentityHash)."""
    return "sha256$" + hashlib.sha256((address.strip().lower() + salt).encode()).hexdigest()


def _subject(snapshot: Snapshot, prefix: str) -> dict[str, Any]:
    achievement = snapshot.achievement
    subject: dict[str, Any] = {"id": snapshot.subject, "type": ["AchievementSubject"]}
    identifiers = []
    if snapshot.email_hash:
        identifiers.append(
            {
                "type": "IdentityObject",
                "hashed": True,
                "identityHash": snapshot.email_hash,
                "identityType": "emailAddress",
                "salt": snapshot.email_salt,
            }
        )
    if snapshot.named:
        identifiers.append(
            {
                "type": "IdentityObject",
                "hashed": False,
                "identityHash": _clean(snapshot.holder),
                "identityType": "name",
            }
        )
    if identifiers:
        subject["identifier"] = identifiers
    if snapshot.activity_from:
        subject["activityStartDate"] = snapshot.activity_from
    if snapshot.activity_to:
        subject["activityEndDate"] = snapshot.activity_to
    if achievement.credits:
        subject["creditsEarned"] = float(achievement.credits)
    subject["achievement"] = _achievement(snapshot, prefix)
    reached = [
        {"type": ["Result"], "resultDescription": f"{achievement.id}#{each['key']}", "value": each["value"]}
        for each in _measured(snapshot)
    ]
    if reached:
        subject["result"] = reached
    return subject


def _measured(snapshot: Snapshot) -> list[Mapping[str, str]]:
    """What was measured in percent: attendance, and the test with its areas."""
    found: list[Mapping[str, str]] = []
    if snapshot.share:
        told = {"key": "share", "name": "Відвідано / Attended", "value": snapshot.share}
        found.append(told | {"required": snapshot.required_share})
    return found + [{**each, "key": f"test-{each['key']}"} for each in snapshot.results]


def _achievement(snapshot: Snapshot, prefix: str) -> dict[str, Any]:
    achievement = snapshot.achievement
    found: dict[str, Any] = {
        "id": achievement.id,
        "type": ["Achievement"],
        "achievementType": achievement.kind,
        "name": _clean(prefix + achievement.name),
        "description": _both(achievement.description or achievement.name, achievement.description_en),
        "criteria": {"id": achievement.id, "narrative": _narrative(achievement)},
        "image": {"id": f"{achievement.id}/badge.png", "type": "Image"},
        "inLanguage": "uk",
        "version": achievement.version,
    }
    if achievement.credits:
        found["creditsAvailable"] = float(achievement.credits)
    if achievement.alignments:
        found["alignment"] = [_alignment(each) for each in achievement.alignments]
    if tags := _tags(achievement):
        found["tag"] = tags
    descriptions = [_result_description(achievement.id, each) for each in _measured(snapshot)]
    if descriptions:
        found["resultDescription"] = descriptions
    return found


def _narrative(achievement: AchievementFacts) -> str:
    """What had to be done; beside competences also how they were looked at.

    Outcomes of a frame state intentions, and a test reads a part of them alone (DigComp 3.0, JRC144121).
    """
    told = _both(achievement.criteria, achievement.criteria_en)
    return f"{told} {ASSESSED}" if achievement.alignments else told


def _tags(achievement: AchievementFacts) -> list[str]:
    """The funder as the rule names it, and the project."""
    found = [_both(achievement.funder, achievement.funder_en)] if achievement.funder else []
    if project := achievement.project:
        number = f" ({project['number']})" if project.get("number") else ""
        found.append(_both(project["name"], project.get("name_en", "")) + number)
        if project.get("statement"):
            found.append(_both(project["statement"], project.get("statement_en", "")))
    return found


def _alignment(told: Mapping[str, str]) -> dict[str, Any]:
    return {
        "type": ["Alignment"],
        "targetName": _clean(told["name"]),
        "targetUrl": told["url"],
        "targetCode": told["code"],
        "targetFramework": told["framework"],
        "targetType": "ceasn:Competency",
    }


def _result_description(achievement_id: str, told: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": f"{achievement_id}#{told['key']}",
        "type": ["ResultDescription"],
        "name": _clean(told["name"]),
        "resultType": "Percent",
        "valueMin": "0",
        "valueMax": "100",
    }
    if told["required"]:
        found["requiredValue"] = told["required"]
    return found


def _issuer(issuer: IssuerFacts) -> dict[str, Any]:
    found: dict[str, Any] = {"id": issuer.id, "type": ["Profile"], "name": _clean(issuer.name), "url": issuer.url}
    if issuer.email:
        found["email"] = issuer.email
    return found


def _both(uk: str, en: str) -> str:
    return _clean(f"{uk} / {en}" if en else uk)


def _clean(text: str) -> str:
    """One line, without what canonical N-Quads would escape in a way of their own."""
    return " ".join(_CONTROL.sub(" ", text).split())
