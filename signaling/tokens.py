"""Tokens: what lets its bearer into one meeting in one role (JWT, RFC 7519, HS256).

The web process signs, the node verifies and renews; both hold `token_key`, 32 bytes.
"""

from __future__ import annotations

import time
import uuid
from typing import Annotated, Literal, TypeVar

import jwt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from signaling.model import Id, Name, Permission, Presence, Role

ISSUER = "vikno"
AUDIENCE = "vikno-node"
PROGRAM_AUDIENCE = "vikno-program"
LIFETIME_S = 600
LEEWAY_S = 10
_ALGORITHM = "HS256"
_Claims = TypeVar("_Claims", bound=BaseModel)

_EVERYBODY = {Permission.SUBSCRIBE, Permission.ASK}
_SPEAKS = _EVERYBODY | {
    Permission.PUBLISH_AUDIO,
    Permission.PUBLISH_VIDEO,
    Permission.CHAT,
    Permission.RAISE_HAND,
    Permission.PUBLISH_SCREEN,
}
_LEADS = _SPEAKS | {Permission.MODERATE, Permission.TAKE_PICTURES, Permission.CAPTION}
ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.HOST: frozenset(_LEADS),
    Role.MODERATOR: frozenset(_LEADS),
    Role.PRESENTER: frozenset(_SPEAKS | {Permission.TAKE_PICTURES}),
    Role.PARTICIPANT: frozenset(_SPEAKS),
    Role.INTERPRETER: frozenset(_SPEAKS | {Permission.CAPTION, Permission.INTERPRET}),
    Role.CAPTIONER: frozenset(_EVERYBODY | {Permission.CHAT, Permission.RAISE_HAND, Permission.CAPTION}),
    Role.VIEWER: frozenset(_EVERYBODY),
}
"""What each role may do unless the token says otherwise."""


class TokenError(Exception):
    """A token that does not open this door. `code` is `bad_token`, `token_expired` or `wrong_meeting`."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class Token(BaseModel):
    """The claims. `identity` is stable per bearer: `person:12`, `endpoint:3`, `guest:k7…`, `service:…`."""

    model_config = ConfigDict(frozen=True)

    meeting: Id
    node: int = 0
    identity: Id
    name: Name
    organisation: str = ""
    role: Role
    presence: Presence
    permissions: frozenset[Permission]
    waits: bool = False
    """Whether its bearer has to be let in by a host, whatever the meeting and the role say."""
    main: Id | None = None
    """For a group: the meeting that was divided. Its bearer has come in there before."""
    hidden: bool = False
    """Whether its bearer is shown by a pseudonym whatever the meeting says: chosen, or of a protected organisation."""
    alias: Annotated[str, Field(max_length=60)] = ""
    """The pseudonym, if its bearer has chosen one; else the meeting gives a number."""
    jti: str = ""
    iat: int = 0
    """When it was signed, UTC seconds."""
    exp: int = 0

    def sign(self, key: bytes, *, lifetime_s: int = LIFETIME_S, now: float | None = None) -> str:
        """The token as a compact JWT, valid for `lifetime_s` seconds from `now` (UTC, seconds)."""
        issued = int(time.time() if now is None else now)
        claims = self.model_dump(mode="json", exclude={"jti", "iat", "exp"})
        claims["permissions"] = sorted(claims["permissions"])
        claims |= {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "iat": issued,
            "exp": issued + lifetime_s,
            "jti": self.jti or uuid.uuid4().hex,
        }
        return jwt.encode(claims, key, algorithm=_ALGORITHM)


def issue(
    *,
    meeting: str,
    identity: str,
    name: str,
    role: Role,
    presence: Presence,
    organisation: str = "",
    node: int = 0,
    waits: bool = False,
    main: str | None = None,
    hidden: bool = False,
    alias: str = "",
) -> Token:
    """A token with the permissions that the role brings."""
    return Token(
        meeting=meeting,
        node=node,
        identity=identity,
        name=name,
        organisation=organisation,
        role=role,
        presence=presence,
        permissions=ROLE_PERMISSIONS[role],
        waits=waits,
        main=main,
        hidden=hidden,
        alias=alias,
    )


class ProgramToken(BaseModel):
    """What opens a meeting's program (its composed picture and sound) and nothing else: its bearer is in no meeting."""

    model_config = ConfigDict(frozen=True)

    meeting: Id
    node: int = 0
    use: Literal["watch", "publish"] = "watch"
    stream: str = ""
    """Which stream its bearer may publish; empty for one who watches."""
    jti: str = ""

    def sign(self, key: bytes, *, lifetime_s: int = LIFETIME_S, now: float | None = None) -> str:
        """The token as a compact JWT, valid for `lifetime_s` seconds from `now` (UTC, seconds)."""
        issued = int(time.time() if now is None else now)
        claims = self.model_dump(mode="json", exclude={"jti"})
        claims |= {
            "iss": ISSUER,
            "aud": PROGRAM_AUDIENCE,
            "iat": issued,
            "exp": issued + lifetime_s,
            "jti": self.jti or uuid.uuid4().hex,
        }
        return jwt.encode(claims, key, algorithm=_ALGORITHM)


def verify(compact: str, key: bytes, *, meeting: str | None = None, allow_expired: bool = False) -> Token:
    """The claims of a genuine, unexpired token. Raises `TokenError`.

    `allow_expired`: it only says who somebody is who came in before.
    """
    token = _claims(compact, key, AUDIENCE, Token, allow_expired=allow_expired)
    if meeting is not None and token.meeting != meeting:
        raise TokenError("wrong_meeting", f"The token is for another meeting than {meeting}.")
    return token


def verify_program(compact: str, key: bytes, *, allow_expired: bool = False) -> ProgramToken:
    """The claims of a genuine, unexpired token for a program. Raises `TokenError`."""
    return _claims(compact, key, PROGRAM_AUDIENCE, ProgramToken, allow_expired=allow_expired)


def _claims(compact: str, key: bytes, audience: str, shape: type[_Claims], *, allow_expired: bool) -> _Claims:
    try:
        claims = jwt.decode(
            compact,
            key,
            algorithms=[_ALGORITHM],
            audience=audience,
            issuer=ISSUER,
            leeway=LEEWAY_S,
            # A clock that was set back must not make tokens bad, so `iat` is not looked at here.
            options={"require": ["exp", "iat", "jti"], "verify_exp": not allow_expired, "verify_iat": False},
        )
        return shape.model_validate(claims)
    except jwt.ExpiredSignatureError as error:
        raise TokenError("token_expired", "The token has expired; ask for a new one.") from error
    except (jwt.InvalidTokenError, ValidationError) as error:
        raise TokenError("bad_token", "The token is not genuine or is damaged.") from error


def addressed_node(compact: str, key: bytes) -> int:
    """The node that a token of either kind names. Raises `TokenError`."""
    try:
        return verify(compact, key).node
    except TokenError as error:
        if error.code != "bad_token":
            raise
    return verify_program(compact, key).node
