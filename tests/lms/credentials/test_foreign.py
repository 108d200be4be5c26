"""Our credentials, checked by a verifier that we did not write."""

from __future__ import annotations

import json
from typing import Any

from lms.credentials import integrity
from tests.lms.credentials import foreign, published, samples

NOW = "2026-11-26T09:00:00Z"


def documents(revoked: int | None = None) -> dict[str, Any]:
    """What the verifier can look up."""
    method = {
        "@context": "https://w3id.org/security/multikey/v1",
        "id": samples.KEY.method,
        "type": "Multikey",
        "controller": samples.ISSUER.id,
        "publicKeyMultibase": samples.KEY.multikey,
    }
    profile = {
        "@context": ["https://www.w3.org/ns/did/v1"],
        "id": samples.ISSUER.id,
        "assertionMethod": [samples.KEY.method],
    }
    held = samples.status_list() if revoked is None else samples.status_list(revoked)
    return {samples.KEY.method: method, samples.ISSUER.id: profile, samples.LIST: json.loads(held)}


def test_digital_bazaar_takes_our_credentials() -> None:
    plain = samples.signed()
    ending = samples.signed(samples.snapshot(valid_until="2026-11-25T09:00:00Z"))
    named = samples.signed(samples.snapshot(named=True, demo=True, status=None, email_hash="", share=""))
    changed = json.loads(json.dumps(plain).replace("2026-11-18T", "2026-11-19T"))
    results = foreign.check([plain, ending, named, changed], documents(), NOW)
    assert [each["verified"] for each in results] == [True, False, True, False], results
    assert "validUntil" in results[1]["error"]
    assert results[0]["revoked"] is False
    assert not results[3]["signed"]


def test_digital_bazaar_sees_what_was_revoked() -> None:
    (result,) = foreign.check([samples.signed()], documents(revoked=4711), NOW)
    assert (result["signed"], result["revoked"]) == (True, True), result


def test_digital_bazaar_and_we_agree_on_the_published_example() -> None:
    key = integrity.SigningKey(samples.KEY.private, samples.ISSUER.id)
    issued = {**published.BADGE, "issuer": {**published.BADGE["issuer"], "id": samples.ISSUER.id}}
    (result,) = foreign.check([integrity.sign(issued, key, samples.NOW)], documents(), NOW)
    assert result["verified"], result
