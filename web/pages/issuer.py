"""What credentials point to: the issuer's profile and keys, status lists, achievements and their pictures."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from lms.credentials import award_queries, demonstration, issuing, keys, profiles, queries
from lms.credentials.documents import AchievementFacts
from lms.errors import NotFound
from web import badges
from web.certificate_files import VC_TYPE
from web.negotiation import HTML, preferred
from web.pages.verify import LOOKING, limits_of
from web.security import ANYWHERE
from web.visits import Reading, Visit

router = APIRouter()

_PROFILE_TYPES = ("application/json", "application/ld+json", "application/did+json", "application/cid", VC_TYPE)
_DAY = "public, max-age=86400"


@router.api_route("/issuer", methods=LOOKING)
def profile(visit: Reading) -> Response:
    """Who issues, with which keys now and before: for people and for verifiers."""
    limits_of(visit)
    issuer = visit.config.issuer
    listed = keys.all_of(visit.session, issuer.id)
    wanted = preferred(visit.request.headers.get("accept", ""), (HTML, *_PROFILE_TYPES))
    if wanted in _PROFILE_TYPES:
        told = JSONResponse(profiles.profile(issuer.facts, listed), media_type=wanted, headers=ANYWHERE)
        return _varying(told)
    return _varying(visit.page("issuer.html", issuer=issuer, keys=listed))


@router.api_route("/issuer/keys/{thumbprint}", methods=LOOKING)
def key(thumbprint: str, visit: Reading) -> Response:
    """The public key that tokens name: a JWK (RFC 7517)."""
    limits_of(visit)
    found = keys.by_thumbprint(visit.session, visit.config.issuer.id, thumbprint)
    if found is None:
        raise NotFound("issuer_key_unknown", "There is no such key.")
    jwk: dict[str, Any] = {**json.loads(found.public), "kid": found.method, "use": "sig", "alg": "RS256"}
    return JSONResponse(jwk, media_type="application/jwk+json", headers=ANYWHERE)


@router.api_route("/status/{list_id}", methods=LOOKING)
def status(list_id: int, visit: Reading) -> Response:
    """A status list as it was signed. Strangers may keep it for as long as it says itself."""
    limits_of(visit)
    held = queries.status_text(visit.session, list_id)
    return Response(held.credential, media_type=VC_TYPE, headers=ANYWHERE | {"Cache-Control": "public, max-age=300"})


@router.api_route("/achievements/{award}", methods=LOOKING)
def achievement(award: str, visit: Reading) -> Response:
    """What a certificate is given for, in the words of that version."""
    limits_of(visit)
    return visit.page("achievement.html", achievement=_achievement(visit, award), award=award)


@router.api_route("/achievements/{award}/badge.png", methods=LOOKING)
def picture(award: str, visit: Reading) -> Response:
    """Its badge, with no credential in it."""
    limits_of(visit)
    content = badges.png(_achievement(visit, award), demo=visit.config.demo or visit.config.issuer.local)
    return Response(content, media_type="image/png", headers=ANYWHERE | {"Cache-Control": _DAY})


def _achievement(visit: Visit, award: str) -> AchievementFacts:
    if award == "demo":
        return demonstration.achievement(visit.config.issuer)
    if not award.isdecimal() or len(award) > 9:
        raise NotFound("award_rule_unknown", "There is no such achievement.")
    return issuing.achievement(visit.session, visit.config.issuer, award_queries.achievement(visit.session, int(award)))


def _varying(answer: Response) -> Response:
    answer.headers["Vary"] = "Accept, Accept-Language, Cookie"
    return answer
