"""The issuer and its keys: made when first needed, sealed, rotated, and listed for ever."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.credentials import jose, multibase
from lms.credentials.documents import IssuerFacts
from lms.credentials.integrity import SigningKey
from lms.credentials.models import IssuerKey, KeyEnd, KeyKind
from lms.credentials.trust import KnownKey
from lms.errors import Conflict
from lms.sealing import Sealer, UnsealError

RSA_BITS = 2048


@dataclass(frozen=True)
class Issuer:
    """Who issues here. `site` is scheme and host of the public address; `name` the full legal name."""

    site: str
    name: str
    sealer: Sealer
    email: str = ""
    demo: bool = False
    """Whether everything here is a demonstration."""

    @cached_property
    def id(self) -> str:
        """The address of its profile."""
        return f"{self.site}/issuer"

    @cached_property
    def local(self) -> bool:
        """Whether nobody else can open its address: a certificate that points there could never be checked."""
        host = urlsplit(self.site).hostname or ""
        try:
            return not ipaddress.ip_address(host).is_global
        except ValueError:
            return "." not in host or host.endswith((".localhost", ".local"))

    def at(self, issuer_id: str) -> Issuer:
        """The same under the address that it had: what was issued there is looked after there, with keys of its own."""
        return self if issuer_id == self.id else replace(self, site=issuer_id.removesuffix("/issuer"))

    @cached_property
    def facts(self) -> IssuerFacts:
        """As credentials say it."""
        return IssuerFacts(self.id, self.name, self.site, self.email)


@dataclass(frozen=True, slots=True)
class Signers:
    """Both keys, opened."""

    embedded: SigningKey
    token: RSAPrivateKey
    kid: str


def signers(session: Session, issuer: Issuer, now: datetime) -> Signers:
    """The keys that sign now; made if there are none. Raises `Conflict` (issuer_key_lost) if they cannot be opened.

    They do not end before the transaction does: `rotate` waits for whoever signs. Keys are held before status lists.
    """
    found = {kind: _held(session, issuer, kind) or _make(session, issuer, kind, now) for kind in KeyKind}
    try:
        opened = {kind: issuer.sealer.open(key.sealed or b"") for kind, key in found.items()}
    except UnsealError as error:
        raise Conflict(
            "issuer_key_lost", "The key that certificates are signed with cannot be opened. Make a new one."
        ) from error
    private = Ed25519PrivateKey.from_private_bytes(multibase.decode(opened[KeyKind.ED25519]))
    token = load_pem_private_key(opened[KeyKind.RSA].encode(), None)
    assert isinstance(token, RSAPrivateKey)
    return Signers(SigningKey(private, issuer.id), token, found[KeyKind.RSA].method)


def rotate(
    session: Session,
    issuer: Issuer,
    actor: str,
    now: datetime,
    *,
    because: KeyEnd = KeyEnd.ROTATED,
    compromised_since: datetime | None = None,
) -> None:
    """End the keys that sign now and make new ones, also where the old ones are lost and cannot be opened.

    What ended keys signed stays genuine. Of compromised ones only what was signed before others may have had them: of
    every key, that is, which was in use since then.
    The status lists must be signed anew by the caller (`status_lists.sign_all`).
    """
    for kind in KeyKind:
        old = None
        for old in session.scalars(_active(issuer, kind).with_for_update().execution_options(populate_existing=True)):
            old.ended_at, old.ended, old.sealed = now, because, None
        session.flush()
        if because is KeyEnd.COMPROMISED:
            _distrust(session, issuer, kind, compromised_since or now)
        made = _make(session, issuer, kind, now)
        record(
            session,
            actor,
            "issuer.rotate",
            "issuer_key",
            made.id,
            now=now,
            before={"method": old.method, "ended": because.value} if old is not None else None,
            after={"method": made.method},
        )


def all_of(session: Session, issuer_id: str) -> Sequence[IssuerKey]:
    """Every key that an issuer ever had, latest first."""
    query = select(IssuerKey).where(IssuerKey.issuer == issuer_id)
    return session.scalars(query.order_by(IssuerKey.created_at.desc(), IssuerKey.id.desc()).limit(1000)).all()


def known(session: Session, issuer_id: str) -> list[KnownKey] | None:
    """The keys of an issuer as a verifier wants them; None for somebody else."""
    found = [
        KnownKey(
            key.method,
            multikey=key.public if key.kind is KeyKind.ED25519 else "",
            jwk=json.loads(key.public) if key.kind is KeyKind.RSA else None,
            compromised_at=key.compromised_since,
        )
        for key in all_of(session, issuer_id)
    ]
    return found or None


def by_thumbprint(session: Session, issuer_id: str, thumbprint: str) -> IssuerKey | None:
    """The RSA key that is served at `/issuer/keys/{thumbprint}`."""
    query = select(IssuerKey).where(IssuerKey.method == f"{issuer_id}/keys/{thumbprint}")
    return session.scalar(query)


def addresses(session: Session, issuer: Issuer) -> list[str]:
    """Under which it has keys: that of today, and those where the site was before."""
    found = session.scalars(select(IssuerKey.issuer).distinct().order_by(IssuerKey.issuer)).all()
    return [issuer.id, *(each for each in found if each != issuer.id)]


def _active(issuer: Issuer, kind: KeyKind) -> Select[IssuerKey]:
    query = select(IssuerKey).where(IssuerKey.issuer == issuer.id, IssuerKey.kind == kind, IssuerKey.ended_at.is_(None))
    return query.order_by(IssuerKey.id)


def _held(session: Session, issuer: Issuer, kind: KeyKind) -> IssuerKey | None:
    """The last one, which nobody ends meanwhile. Whoever waited for a rotation sees the new one when asking again."""
    query = _active(issuer, kind).with_for_update(read=True).execution_options(populate_existing=True)
    found = session.scalars(query).all() or session.scalars(query).all()
    return found[-1] if found else None


def _distrust(session: Session, issuer: Issuer, kind: KeyKind, since: datetime) -> None:
    query = select(IssuerKey).where(IssuerKey.issuer == issuer.id, IssuerKey.kind == kind, IssuerKey.ended_at > since)
    for key in session.scalars(query):
        # Said a second time with a later day, it takes nothing back.
        key.compromised_since = min(since, key.compromised_since or since)
        key.ended = KeyEnd.COMPROMISED
    session.flush()


def _make(session: Session, issuer: Issuer, kind: KeyKind, now: datetime) -> IssuerKey:
    if kind is KeyKind.ED25519:
        private = Ed25519PrivateKey.generate()
        public = multibase.multikey(private.public_key().public_bytes_raw())
        method, sealed = f"{issuer.id}#{public}", issuer.sealer.seal(multibase.encode(private.private_bytes_raw()))
    else:
        token = generate_private_key(public_exponent=65537, key_size=RSA_BITS)
        jwk = jose.public_jwk(token.public_key())
        public, method = json.dumps(jwk), f"{issuer.id}/keys/{jose.thumbprint(jwk)}"
        pem = token.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        sealed = issuer.sealer.seal(pem.decode())
    key = IssuerKey(kind=kind, issuer=issuer.id, method=method, public=public, sealed=sealed, created_at=now)
    session.add(key)
    session.flush()
    return key
