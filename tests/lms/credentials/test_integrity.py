"""Embedded proofs: published examples byte for byte, and everything that must not pass for genuine."""

from __future__ import annotations

import copy
import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from lms.credentials import integrity, multibase, pinned
from lms.credentials.canonical import CanonicalError, TooComplex, canonical
from lms.credentials.integrity import ProofError, SigningKey
from tests.lms.credentials import published

KEY = SigningKey(
    Ed25519PrivateKey.from_private_bytes(bytes.fromhex(published.BADGE_SECRET)), "https://a.example/issuer"
)
NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)


def test_the_published_open_badge_is_signed_byte_for_byte() -> None:
    assert KEY.private.public_key().public_bytes_raw().hex() == published.BADGE_PUBLIC
    assert KEY.multikey == published.BADGE_MULTIKEY
    assert hashlib.sha256(canonical(published.BADGE).encode()).hexdigest() == published.BADGE_DOCUMENT_HASH
    options = {name: value for name, value in published.BADGE_PROOF.items() if name != "proofValue"}
    assert integrity.digest(published.BADGE, options).hex() == (
        published.BADGE_PROOF_HASH + published.BADGE_DOCUMENT_HASH
    )
    key = SigningKey(KEY.private, "https://example.edu/issuers/565049")
    signed = integrity.sign(published.BADGE, key, datetime.fromisoformat(published.BADGE_CREATED))
    assert signed["proof"] == published.BADGE_PROOF
    assert multibase.decode(signed["proof"]["proofValue"]).hex() == published.BADGE_SIGNATURE


def test_a_sample_of_the_public_validator_holds_and_no_longer_once_changed() -> None:
    public = bytes.fromhex(published.BADGE_PUBLIC)
    integrity.verify(published.SIMPLE, published.SIMPLE["proof"][0], public)
    changed = copy.deepcopy(published.SIMPLE)
    changed["credentialSubject"]["achievement"]["name"] = "Leadership"
    with pytest.raises(ProofError, match="does not fit"):
        integrity.verify(changed, changed["proof"][0], public)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"cryptosuite": "ecdsa-rdfc-2019"}, "another kind"),
        ({"type": "Ed25519Signature2020"}, "another kind"),
        ({"proofPurpose": "authentication"}, "another purpose"),
        ({"created": "2010-01-02T19:23:24Z"}, "does not fit"),
        ({"verificationMethod": "https://example.com/issuers/876543#other"}, "does not fit"),
        ({"previousProof": "urn:uuid:1"}, "does not know"),
        ({"proofValue": "u1234"}, "base58btc"),
        ({"proofValue": "z0OIl"}, "base58"),
        ({"proofValue": "z" + "z" * 5000}, "too long"),
        ({"proofValue": ""}, "base58btc"),
    ],
)
def test_a_changed_proof_does_not_hold(change: dict[str, Any], why: str) -> None:
    proof = {**published.SIMPLE["proof"][0], **change}
    with pytest.raises(ProofError, match=why):
        integrity.verify(published.SIMPLE, proof, bytes.fromhex(published.BADGE_PUBLIC))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"salary": "a million"}, "do not define"),
        ({"type": ["VerifiableCredential", "OpenBadgeCredential", "Knighthood"]}, "no address"),
        ({"id": "credentials/3527"}, "no address"),
        ({"description": None}, "null"),
        ({"name": "Team\x00work"}, "control characters"),
        ({"@included": [{"id": "urn:uuid:1"}]}, "keyword"),
        ({"@context": [*published.BADGE["@context"], {"salary": "https://a.example/salary"}]}, "of its own"),
        ({"name": {"@value": "Команда", "@language": "not a language"}}, "language"),
    ],
)
def test_what_no_signature_would_cover_is_refused(change: dict[str, Any], why: str) -> None:
    with pytest.raises(CanonicalError, match=why):
        integrity.sign({**published.BADGE, **change}, KEY, NOW)


def test_an_unknown_context_is_refused_and_never_fetched() -> None:
    with pytest.raises(pinned.UnknownContext, match=r"https://a\.example/v1"):
        canonical({**published.BADGE, "@context": [*published.BADGE["@context"], "https://a.example/v1"]})


def test_the_contexts_are_the_published_ones(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    assert pinned.are_built()
    name, _digest = pinned.PINNED[pinned.CREDENTIALS]
    (tmp_path / name).write_bytes((pinned.FOLDER / name).read_bytes() + b" ")
    monkeypatch.setattr(pinned, "FOLDER", tmp_path)
    pinned.context.cache_clear()
    try:
        with pytest.raises(pinned.ContextsNotBuilt, match="not the published text"):
            pinned.context(pinned.CREDENTIALS)
        with pytest.raises(pinned.ContextsNotBuilt, match="missing"):
            pinned.context(pinned.OPEN_BADGES)
        assert not pinned.are_built()
    finally:
        monkeypatch.undo()
        pinned.context.cache_clear()


def test_a_graph_that_is_made_to_be_hard_is_given_up_on() -> None:
    # Blank nodes that all point at each other look alike from everywhere: RDFC-1.0 section 7.1 names such graphs.
    nodes = [f"_:n{number}" for number in range(9)]
    evidence = [
        {"id": one, "type": ["Evidence"], "evidence": [{"id": other} for other in nodes if other != one]}
        for one in nodes
    ]
    hard = {**published.BADGE, "evidence": [{"id": each["id"], "type": each["type"]} for each in evidence]}
    hard["credentialSubject"] = {
        **published.BADGE["credentialSubject"],
        "achievement": {
            **published.BADGE["credentialSubject"]["achievement"],
            "related": [
                {
                    "id": one,
                    "type": ["Related"],
                    "endorsement": [{"id": other, "type": ["EndorsementCredential"]} for other in nodes],
                }
                for one in nodes
            ],
        },
    }
    with pytest.raises(TooComplex, match="for ever"):
        canonical(hard)


def test_depth_and_size_are_bounded() -> None:
    deep: dict[str, Any] = {"type": ["Profile"], "name": "a"}
    for _ in range(80):
        deep = {"type": ["Profile"], "name": "a", "parentOrg": deep}
    with pytest.raises(TooComplex, match="deeper"):
        canonical({**published.BADGE, "issuer": {**published.BADGE["issuer"], "parentOrg": deep}})
    with pytest.raises(TooComplex, match="larger"):
        canonical({**published.BADGE, "evidence": [{"type": ["Evidence"], "name": str(n)} for n in range(8000)]})


@given(st.binary(max_size=80))
def test_base58_there_and_back(data: bytes) -> None:
    assert multibase.decode(multibase.encode(data)) == data


def test_base58_vectors() -> None:
    # draft-msporny-base58-03, section 5.
    assert multibase.base58(b"Hello World!") == "2NEpo7TZRRrLZSi2U"
    assert multibase.base58(b"The quick brown fox jumps over the lazy dog.") == (
        "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z"
    )
    assert multibase.base58(bytes.fromhex("0000287fb4cd")) == "11233QC4"
    with pytest.raises(multibase.MultibaseError, match="no Ed25519"):
        multibase.from_multikey("zDnaegE6RR3atJtHKwTRTWHsJ3kNHqFwv7n9YjTgmU7TyfU76")
