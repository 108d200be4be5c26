"""Credentials to check, signed with keys of the tests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from lms.credentials import checking, documents, integrity, jose
from lms.credentials.documents import AchievementFacts, IssuerFacts, Snapshot, StatusPlace
from lms.credentials.integrity import SigningKey
from lms.credentials.trust import KnownKey, Trust
from lms.credentials.verdicts import Report, State

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
SITE = "https://vikno.example"
ISSUER = IssuerFacts(f"{SITE}/issuer", "Державна установа «Приклад»", SITE)
KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))), ISSUER.id)
KID = f"{ISSUER.id}/keys/1"
LIST = f"{SITE}/status/1"


@cache
def rsa() -> RSAPrivateKey:
    """One RSA key for the whole run; making one takes a while."""
    return generate_private_key(public_exponent=65537, key_size=2048)


def snapshot(**changes: Any) -> Snapshot:
    """A certificate of attendance, with everything that one can have."""
    given: dict[str, Any] = {
        "number": "AAAA-BBBB-CCCC",
        "id": f"{SITE}/verify/AAAA-BBBB-CCCC",
        "subject": "urn:uuid:6f1f2c1e-9d1c-4b0e-8f83-0c1f3f8a2b11",
        "holder": "Олена Зразок-П’ятниця",
        "holder_en": "Olena Zrazok-Piatnytsia",
        "issuer": ISSUER,
        "achievement": AchievementFacts(
            id=f"{SITE}/achievements/1",
            version="1",
            kind="CertificateOfCompletion",
            name="Мобільний цифровий кейс",
            name_en="Mobile digital case",
            description="Серія консультацій для ЦНАП.",
            description_en="A series of consultations for service centres.",
            criteria="Присутність не менше 80 % часу серії.",
            criteria_en="Present for at least 80 % of the series.",
            hours="6",
            credits="0.2",
        ),
        "awarded_at": "2026-11-20T09:00:00Z",
        "valid_from": "2026-11-20T09:00:00Z",
        "activity_from": "2026-10-21T10:00:00+03:00",
        "activity_to": "2026-11-18T11:30:00+02:00",
        "email_hash": documents.email_hash("olena@example.org", "salt"),
        "email_salt": "salt",
        "share": "92",
        "required_share": "80",
        "status": StatusPlace(LIST, 4711),
    }
    return Snapshot(**(given | changes))


def signed(given: Snapshot | None = None) -> dict[str, Any]:
    """The credential with its proof."""
    return integrity.sign(documents.credential(given or snapshot()), KEY, NOW)


def token(given: Snapshot | None = None) -> str:
    """The credential as a JWT."""
    return jose.sign(signed(given), rsa(), KID)


def status_list(*revoked: int) -> str:
    """The signed list as it is served."""
    content = bytearray(16_384)
    for index in revoked:
        content[index >> 3] |= 0x80 >> (index & 7)
    unsigned = documents.status_list(ISSUER, LIST, bytes(content), "2026-11-01T00:00:00Z", 300_000)
    return json.dumps(integrity.sign(unsigned, KEY, NOW))


@dataclass
class Known:
    """Trusts our own issuer."""

    lists: dict[str, str] = field(default_factory=lambda: {LIST: status_list()})
    compromised_at: datetime | None = None
    expires_at: datetime | None = None
    records: State | None = None

    def keys(self, issuer: str) -> Sequence[KnownKey] | None:
        if issuer != ISSUER.id:
            return None
        public = jose.public_jwk(rsa().public_key())
        ends = (self.compromised_at, self.expires_at)
        return (KnownKey(KEY.method, KEY.multikey, None, *ends), KnownKey(KID, "", public, *ends))

    def status_list(self, address: str) -> str | None:
        return self.lists.get(address)

    def overtaken(self, credential: dict[str, Any]) -> State | None:
        return self.records


def check(file: object, trust: Trust | None = None, **later: float) -> Report:
    """What is found in a file (bytes, text, or a credential), so much `later` than `NOW`."""
    data = file if isinstance(file, bytes) else (file if isinstance(file, str) else json.dumps(file)).encode()
    return checking.check(data, trust or Known(), NOW + timedelta(**later))
