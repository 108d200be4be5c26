"""Whether its issuer signed it: a token, or embedded proofs, with a key that the issuer lists and that counted then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lms.credentials import integrity, jose, moments, multibase
from lms.credentials.integrity import Digest
from lms.credentials.trust import KnownKey, Trust, unsupported
from lms.credentials.verdicts import Check, Failure, Name, State, fails, many

Claims = dict[str, Any] | None
"""Of a token; None where the proofs stand in the credential itself."""


def check_signature(
    text: str,
    credential: dict[str, Any],
    claims: Claims,
    issuer: str,
    trust: Trust,
    digested: Digest | None,
) -> list[Check]:
    """Who signed it, and that nothing was changed since. Raises `Failure`."""
    signed = Check(Name.SIGNATURE, True, "ok", "The signature fits: nothing was changed since it was signed.")
    if claims is not None:
        known = _check_token(text, credential, claims, issuer, trust, jose.check_claims)
    else:
        known = _check_proofs(credential, issuer, trust, digested)
    if trust.overtaken(credential) is State.NOT_GENUINE:
        raise fails(Name.ISSUER, "not_issued", "The key is the issuer's, but the issuer has no record of this.")
    return [known, signed]


def check_list(text: str, status_list: dict[str, Any], claims: Claims, issuer: str, trust: Trust) -> None:
    """Whether its issuer signed a status list, with a proof inside or as a token. Raises `Failure`."""
    if claims is not None:
        _check_token(text, status_list, claims, issuer, trust, jose.check_claims_of_list)
    else:
        _check_proofs(status_list, issuer, trust)


def signed_at(credential: dict[str, Any], claims: Claims) -> list[float]:
    """When its signatures say that they were made, as far as they say: seconds since 1970."""
    if claims is not None:
        return [claims["iat"]] if "iat" in claims else []
    told = [moments.numeric(proof.get("created")) for proof in ours_of(credential)]
    return [moment for moment in told if moment is not None]


def _check_token(
    token: str,
    credential: dict[str, Any],
    claims: dict[str, Any],
    issuer: str,
    trust: Trust,
    check_claims: Callable[[dict[str, Any], dict[str, Any]], None],
) -> Check:
    header = jose.header_of(token)
    try:
        jose.check_header(header)
    except jose.UnknownKind as error:
        raise unsupported(Name.SIGNATURE, error.code, str(error), credential, trust) from error
    except jose.TokenError as error:
        raise fails(Name.SIGNATURE, "unsigned", str(error)) from error
    keys = trust.keys(issuer)
    if keys is None:
        raise _stranger(issuer, whole=False)
    key = _key_of_token(header, keys)
    if key is None or key.jwk is None:
        raise fails(Name.ISSUER, "key_unknown", "It is signed with a key that its issuer does not list.")
    try:
        jose.verify(token, key.jwk)
        check_claims(credential, claims)
    except jose.TokenError as error:
        raise fails(Name.SIGNATURE, "signature", str(error)) from error
    _check_time_of_key(key, claims.get("iat", moments.numeric(credential.get("validFrom"))), credential, trust)
    return _known(issuer)


def _key_of_token(header: dict[str, Any], keys: Sequence[KnownKey]) -> KnownKey | None:
    """By its address, or by the key itself. What the header holds is never believed, only looked for."""
    wanted = header.get("kid")
    inside = jose.thumbprint(header["jwk"]) if isinstance(header.get("jwk"), dict) else ""
    for each in keys:
        if each.jwk is not None and (each.method == wanted or (inside and jose.thumbprint(each.jwk) == inside)):
            return each
    return None


def _check_proofs(credential: dict[str, Any], issuer: str, trust: Trust, digested: Digest | None = None) -> Check:
    proofs = [each for each in many(credential.get("proof")) if isinstance(each, dict)]
    if not proofs:
        raise fails(Name.SIGNATURE, "unsigned", "It is not signed at all.")
    # A verifier may use any one proof; of those it understands, all have to hold.
    ours = ours_of(credential)
    if len(proofs) > 4:
        raise fails(Name.SIGNATURE, "suite", "It is signed more often than any credential.")
    if not ours:
        says = "It is signed in ways of which this verifier knows none (eddsa-rdfc-2022)."
        raise unsupported(Name.SIGNATURE, "suite", says, credential, trust)
    if any("previousProof" in each for each in ours):
        says = "Its proofs make a chain (`previousProof`), which this verifier does not know."
        raise unsupported(Name.SIGNATURE, "suite", says, credential, trust)
    checks = [_check_proof(credential, proof, issuer, trust, digested) for proof in ours]
    return checks[0]


def ours_of(credential: dict[str, Any]) -> list[dict[str, Any]]:
    """The proofs of the suite that this verifier knows."""
    proofs = [each for each in many(credential.get("proof")) if isinstance(each, dict)]
    return [each for each in proofs if each.get("cryptosuite") == integrity.SUITE]


def _check_proof(
    credential: dict[str, Any], proof: dict[str, Any], issuer: str, trust: Trust, digested: Digest | None
) -> Check:
    method = str(proof.get("verificationMethod", ""))
    controller, _, fragment = method.partition("#")
    if controller != issuer:
        raise fails(Name.ISSUER, "key_of_another", "It is signed with a key of somebody else than its issuer.")
    keys = trust.keys(issuer)
    key: KnownKey | None = None
    if keys is not None:
        key = next((each for each in keys if each.multikey and each.method == method), None)
        if key is None:
            raise fails(Name.ISSUER, "key_unknown", "It is signed with a key that its issuer does not list.")
        text = key.multikey
    elif issuer.startswith("did:key:"):
        text = issuer.removeprefix("did:key:")
        if fragment != text:
            raise fails(Name.ISSUER, "key_of_another", "It is signed with a key of somebody else than its issuer.")
    else:
        text = fragment
    try:
        public = multibase.from_multikey(text)
    except multibase.MultibaseError as error:
        if keys is None and not issuer.startswith("did:key:"):
            raise _stranger(issuer, whole=False) from error
        raise fails(Name.ISSUER, "key_kind", f"Its issuer's key cannot be used: {error}") from error
    try:
        integrity.verify(credential, proof, public, digested)
    except integrity.NotCovered as error:
        raise fails(Name.SIGNATURE, "not_covered", str(error)) from error
    except integrity.ProofError as error:
        raise fails(Name.SIGNATURE, "signature", str(error)) from error
    if keys is None and not issuer.startswith("did:key:"):
        raise _stranger(issuer, whole=True)
    if key is not None:
        _check_time_of_key(key, moments.numeric(proof.get("created")), credential, trust)
    return _known(issuer, by_itself=keys is None)


def _check_time_of_key(key: KnownKey, signed: float | None, credential: dict[str, Any], trust: Trust) -> None:
    # Both are told in whole seconds.
    if key.expires_at is not None and (signed is None or signed > key.expires_at.timestamp()):
        raise fails(Name.ISSUER, "key_expired", "It was signed after the end of its key, or does not say when.")
    if key.compromised_at is None or (signed is not None and signed < key.compromised_at.timestamp()):
        return
    if trust.overtaken(credential) is State.REPLACED:
        says = "Its key was in other hands when it was signed. Its issuer gave it, and has signed it anew since."
        raise Failure(State.REPLACED, Check(Name.ISSUER, False, "key_reissued", says))
    raise fails(Name.ISSUER, "key_compromised", "Its key was in other hands when it was signed.")


def _known(issuer: str, *, by_itself: bool = False) -> Check:
    """`by_itself`: it is a key that nobody here knows."""
    if by_itself:
        says = "The issuer is a key. It signed this; who holds it cannot be told from the file."
        return Check(Name.ISSUER, True, "did_key", says)
    return Check(Name.ISSUER, True, "ok", f"The issuer is known here: {issuer[:200]}")


def _stranger(issuer: str, *, whole: bool) -> Failure:
    says = f"Whether it comes from {issuer[:200]} cannot be told: its keys are not known here, and nothing is fetched."
    if whole:
        says += " The file itself was not changed since it was signed."
    return Failure(State.UNKNOWN_ISSUER, Check(Name.ISSUER, None, "unknown_issuer", says))
