"""Embedded proofs: W3C Data Integrity 1.0 with the cryptosuite `eddsa-rdfc-2022`.

What is signed is SHA-256 of the canonical proof options, followed by SHA-256 of the canonical document without its
proof (Data Integrity EdDSA Cryptosuites 1.0 section 3.2).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from lms.credentials import moments, multibase, pinned
from lms.credentials.canonical import CanonicalError, canonical

PROOF_TYPE = "DataIntegrityProof"
SUITE = "eddsa-rdfc-2022"
PURPOSE = "assertionMethod"
_OPTIONS = frozenset({"@context", "id", "type", "cryptosuite", "created", "expires", "verificationMethod",
                      "proofPurpose", "domain", "challenge", "nonce"})  # fmt: skip


class ProofError(ValueError):
    """The proof does not hold; the sentence says why."""


class NotCovered(ProofError):  # noqa: N818 - what it is
    """What was signed cannot be worked out: something in it is covered by no signature, or makes no sense."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An Ed25519 key and the address under which others find its public half: `<controller>#z6Mk...`."""

    private: Ed25519PrivateKey
    controller: str

    @property
    def multikey(self) -> str:
        """The public half, `z6Mk...`."""
        return multibase.multikey(self.private.public_key().public_bytes_raw())

    @property
    def method(self) -> str:
        """The verification method."""
        return f"{self.controller}#{self.multikey}"


def instant(moment: datetime) -> str:
    """RFC 3339, UTC, whole seconds: `2026-11-26T09:00:00Z`."""
    return moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def sign(document: dict[str, Any], key: SigningKey, created: datetime) -> dict[str, Any]:
    """The document with its proof. Raises `CanonicalError` for what a signature would not cover."""
    options: dict[str, Any] = {
        "type": PROOF_TYPE,
        "created": instant(created),
        "verificationMethod": key.method,
        "cryptosuite": SUITE,
        "proofPurpose": PURPOSE,
    }
    signature = key.private.sign(digest(document, options))
    return {**document, "proof": {**options, "proofValue": multibase.encode(signature)}}


Digest = Callable[[dict[str, Any], dict[str, Any]], bytes]
"""What is signed of a document and the options of its proof: `digest`, or the same in a process apart."""


def verify(document: dict[str, Any], proof: dict[str, Any], public: bytes, digested: Digest | None = None) -> None:
    """Whether this proof was made for this document by the holder of an Ed25519 key. Raises `ProofError`."""
    if proof.get("type") != PROOF_TYPE or proof.get("cryptosuite") != SUITE:
        raise ProofError("Its proof is of another kind than eddsa-rdfc-2022.")
    if proof.get("proofPurpose") != PURPOSE:
        raise ProofError("Its proof was made for another purpose.")
    unknown = proof.keys() - _OPTIONS - {"proofValue"}
    if unknown:
        raise ProofError(f"Its proof holds {sorted(unknown)[0][:40]!r}, which this verifier does not know.")
    if "created" in proof and moments.numeric(proof["created"]) is None:
        raise ProofError("When its proof was made cannot be read.")
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    plain = {name: value for name, value in document.items() if name != "proof"}
    try:
        signature = multibase.decode(str(proof.get("proofValue", "")))
        Ed25519PublicKey.from_public_bytes(public).verify(signature, (digested or digest)(plain, options))
    except (CanonicalError, pinned.UnknownContext) as error:
        raise NotCovered(str(error)) from error
    except multibase.MultibaseError as error:
        raise ProofError(str(error)) from error
    except (InvalidSignature, ValueError) as error:
        raise ProofError("The signature does not fit: the file was changed, or another key signed it.") from error


def digest(document: dict[str, Any], options: dict[str, Any]) -> bytes:
    """The 64 bytes that are signed."""
    # The options are read with the contexts of the document (section 3.2.5, step 4).
    told = {**options, "@context": document.get("@context", [])}
    return _hash(told) + _hash(document)


def _hash(document: dict[str, Any]) -> bytes:
    return hashlib.sha256(canonical(document).encode()).digest()
