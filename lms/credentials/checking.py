"""The verifier: is this file genuine, and does it count today? Also for credentials that others issued.

Pure: whom we trust and what status lists say is asked of `Trust`. Each check has a name and a sentence; the first one
that fails decides the state. Nothing is fetched, so that a stranger's https issuer cannot be known unless its profile
is at hand: anybody can write any address into a file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from lms.credentials import bits, containers, form, integrity, jose, multibase
from lms.credentials.containers import Contents, UnreadableFile, read, read_json
from lms.credentials.integrity import Digest
from lms.credentials.seal_reports import Sealing, SealReport


class State(StrEnum):
    """The answer in one word."""

    VALID = "valid"
    EXPIRED = "expired"
    NOT_YET = "not_yet"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    REPLACED = "replaced"
    STATUS_UNKNOWN = "status_unknown"
    UNKNOWN_ISSUER = "unknown_issuer"
    UNSUPPORTED = "unsupported"
    """Of somebody else, in words or with signatures that this verifier does not know: it may be genuine or not."""
    NOT_GENUINE = "not_genuine"
    UNREADABLE = "unreadable"


_PURPOSES = ("revocation", "suspension")
"""Of status lists: what else they can say (`refresh`, `message`) neither takes nor vouches for anything."""


class Name(StrEnum):
    """The checks, in their order."""

    FILE = "file"
    FORM = "form"
    ISSUER = "issuer"
    SIGNATURE = "signature"
    DATES = "dates"
    STATUS = "status"
    SEAL = "seal"
    """Of a PDF that bears one: whether the document itself was changed. The credential in it is another matter."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check. `ok` is None where it could not be made."""

    name: Name
    ok: bool | None
    code: str
    """`ok`, or what is wrong in a word: pages have a sentence for it."""
    says: str
    """The same in English, with particulars."""


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key of an issuer that we trust. One of `multikey` and `jwk`."""

    method: str
    multikey: str = ""
    jwk: dict[str, Any] | None = None
    compromised_at: datetime | None = None
    """Since when somebody else may sign with it."""
    expires_at: datetime | None = None
    """What is signed later does not count (W3C Controlled Identifiers, section 2.2)."""


class Trust(Protocol):
    """What is known here of issuers."""

    def keys(self, issuer: str) -> Sequence[KnownKey] | None:
        """The keys of an issuer that is known; None for a stranger."""

    def status_list(self, address: str) -> str | None:
        """A status list as it is served, JSON. None where it is not at hand."""

    def overtaken(self, credential: dict[str, Any]) -> State | None:
        """What the issuer's own records say beyond the file: REPLACED, REVOKED, or NOT_GENUINE for one never issued."""


class NobodyKnown:
    """Trusts no one: only keys that are their own address (`did:key`) can be told."""

    def keys(self, issuer: str) -> Sequence[KnownKey] | None:
        """Nobody."""
        return None

    def status_list(self, address: str) -> str | None:
        """Nothing at hand."""
        return None

    def overtaken(self, credential: dict[str, Any]) -> State | None:
        """No records."""
        return None


@dataclass(frozen=True, slots=True)
class Report:
    """What was found. `credential` is what the file says, to be believed only as far as the checks go."""

    state: State
    checks: tuple[Check, ...]
    form: str = ""
    credential: dict[str, Any] = field(default_factory=dict)
    sealing: SealReport | None = None
    """Seals and signatures on a PDF; None for another file, and where they were not looked at."""

    @property
    def genuine(self) -> bool:
        """Whether the issuer, known here, signed exactly this."""
        passed = {check.name for check in self.checks if check.ok}
        return {Name.FILE, Name.FORM, Name.ISSUER, Name.SIGNATURE} <= passed and not self.seal_broken

    @property
    def valid(self) -> bool:
        """Whether it is genuine and counts now."""
        return self.state is State.VALID

    @property
    def seal_broken(self) -> bool:
        """Whether the file is a PDF that was changed after it was sealed."""
        return self.sealing is not None and self.sealing.sealing is Sealing.BROKEN

    @property
    def failed(self) -> Check | None:
        """The first check that did not pass. A seal of somebody unknown takes nothing from a valid credential."""
        if self.valid:
            return None
        return next((check for check in self.checks if not check.ok), None)


class _Failure(Exception):  # noqa: N818
    def __init__(self, state: State, check: Check) -> None:
        self.state, self.check = state, check


def check(
    data: bytes,
    trust: Trust,
    now: datetime,
    digested: Digest | None = None,
    sealed: Callable[[bytes], SealReport] | None = None,
) -> Report:
    """Check a file. Never raises for what is in it.

    `digested`: how to work out what was signed (`apart.digest`). `sealed`: how to look at a PDF's seals; a document
    that was changed after it was sealed is not genuine, whatever the credential in it says.
    """
    found = _check_credential(data, trust, now, digested)
    if sealed is None or len(data) > containers.MOST_BYTES or not containers.is_pdf(data):
        return found
    report = sealed(data)
    if report.sealing is Sealing.NONE:
        return replace(found, sealing=report)
    state = found.state
    if report.sealing is Sealing.BROKEN and state is not State.UNREADABLE:
        state = State.NOT_GENUINE
    return replace(found, state=state, checks=(*found.checks, _check_seal(report)), sealing=report)


def _check_seal(report: SealReport) -> Check:
    who = "; ".join(f"{seal.signer} (by {seal.authority})" for seal in report.seals) or "somebody"
    if report.sealing is Sealing.BROKEN:
        return Check(Name.SEAL, False, "seal_broken", f"The document was changed after it was sealed by {who}.")
    if report.sealing is Sealing.UNTOLD and not report.ours:
        says = f"Sealed by {who}, in a way that this verifier does not know: it cannot tell whether it was changed."
        return Check(Name.SEAL, None, "seal_kind", says)
    if report.ours:
        return Check(Name.SEAL, True, "seal_ours", f"The document was sealed here, by {who}, and not changed since.")
    if report.sealing is Sealing.TRUSTED:
        return Check(Name.SEAL, True, "seal_trusted", f"Sealed by {who}, trusted here, and not changed since.")
    says = f"Sealed by {who}, unknown here: anybody can write any name into a seal. It was not changed since."
    return Check(Name.SEAL, None, "seal_unknown", says)


def _check_credential(data: bytes, trust: Trust, now: datetime, digested: Digest | None) -> Report:
    checks: list[Check] = []
    found: dict[str, Any] = {}
    kind = ""
    try:
        contents = _read(data)
        kind = contents.form
        checks.append(Check(Name.FILE, True, "ok", f"A credential was found ({kind})."))
        found, claims = _parse(contents)
        issuer = _check_form(found, trust)
        checks.append(Check(Name.FORM, True, "ok", "It is an Open Badge by the form of it."))
        checks.extend(_check_signature(contents, found, claims, issuer, trust, digested))
        checks.append(_check_dates(found, now, () if contents.is_token else _ours(found)))
        checks.append(_check_status(found, issuer, trust, now))
        return Report(State.VALID, tuple(checks), kind, found)
    except _Failure as failure:
        checks.append(failure.check)
        return Report(failure.state, tuple(checks), kind, found)


def _read(data: bytes) -> Contents:
    try:
        return read(data)
    except UnreadableFile as error:
        raise _Failure(State.UNREADABLE, Check(Name.FILE, False, "unreadable", str(error))) from error


def _parse(contents: Contents) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        if contents.is_token:
            jose.header_of(contents.text)
            return jose.credential_of(contents.text)
        return read_json(contents.text), {}
    except (UnreadableFile, jose.TokenError) as error:
        raise _Failure(State.UNREADABLE, Check(Name.FILE, False, "unreadable", str(error))) from error


def _check_form(credential: dict[str, Any], trust: Trust) -> str:
    """The issuer's id, if all that a credential needs is there."""
    found = form.fault(credential)
    if found is not None and found.code == "context":
        raise _unsupported(Name.FORM, found.code, found.says, credential, trust)
    if found is not None:
        raise _fails(Name.FORM, found.code, found.says)
    return str(jose.issuer_id(credential))


def _check_signature(
    contents: Contents,
    credential: dict[str, Any],
    claims: dict[str, Any],
    issuer: str,
    trust: Trust,
    digested: Digest | None,
) -> list[Check]:
    signed = Check(Name.SIGNATURE, True, "ok", "The signature fits: nothing was changed since it was signed.")
    if contents.is_token:
        known = _check_token(contents.text, credential, claims, issuer, trust)
    else:
        known = _check_proofs(credential, issuer, trust, digested)
    if trust.overtaken(credential) is State.NOT_GENUINE:
        raise _fails(Name.ISSUER, "not_issued", "The key is the issuer's, but the issuer has no record of this.")
    return [known, signed]


def _check_token(token: str, credential: dict[str, Any], claims: dict[str, Any], issuer: str, trust: Trust) -> Check:
    header = jose.header_of(token)
    keys = trust.keys(issuer)
    if keys is None:
        raise _stranger(issuer, whole=False)
    wanted = header.get("kid")
    inside = jose.thumbprint(header["jwk"]) if isinstance(header.get("jwk"), dict) else ""
    key = next(
        (
            each
            for each in keys
            if each.jwk is not None and (each.method == wanted or (inside and jose.thumbprint(each.jwk) == inside))
        ),
        None,
    )
    if key is None or key.jwk is None:
        raise _fails(Name.ISSUER, "key_unknown", "It is signed with a key that its issuer does not list.")
    try:
        jose.verify(token, key.jwk)
        jose.check_claims(credential, claims)
    except jose.TokenError as error:
        raise _fails(Name.SIGNATURE, "signature", str(error)) from error
    _check_time_of_key(key, jose.numeric(credential.get("validFrom")), credential, trust)
    return _known(issuer)


def _check_proofs(credential: dict[str, Any], issuer: str, trust: Trust, digested: Digest | None = None) -> Check:
    proofs = [each for each in _many(credential.get("proof")) if isinstance(each, dict)]
    if not proofs:
        raise _fails(Name.SIGNATURE, "unsigned", "It is not signed at all.")
    # A verifier may use any one proof; of those it understands, all have to hold.
    ours = _ours(credential)
    if len(proofs) > 4:
        raise _fails(Name.SIGNATURE, "suite", "It is signed more often than any credential.")
    if not ours:
        says = "It is signed in ways of which this verifier knows none (eddsa-rdfc-2022)."
        raise _unsupported(Name.SIGNATURE, "suite", says, credential, trust)
    if any("previousProof" in each for each in ours):
        says = "Its proofs make a chain (`previousProof`), which this verifier does not know."
        raise _unsupported(Name.SIGNATURE, "suite", says, credential, trust)
    checks = [_check_proof(credential, proof, issuer, trust, digested) for proof in ours]
    return checks[0]


def _ours(credential: dict[str, Any]) -> list[dict[str, Any]]:
    """The proofs of the suite that this verifier knows."""
    proofs = [each for each in _many(credential.get("proof")) if isinstance(each, dict)]
    return [each for each in proofs if each.get("cryptosuite") == integrity.SUITE]


def _check_proof(
    credential: dict[str, Any], proof: dict[str, Any], issuer: str, trust: Trust, digested: Digest | None
) -> Check:
    method = str(proof.get("verificationMethod", ""))
    controller, _, fragment = method.partition("#")
    if controller != issuer:
        raise _fails(Name.ISSUER, "key_of_another", "It is signed with a key of somebody else than its issuer.")
    keys = trust.keys(issuer)
    key: KnownKey | None = None
    if keys is not None:
        key = next((each for each in keys if each.multikey and each.method == method), None)
        if key is None:
            raise _fails(Name.ISSUER, "key_unknown", "It is signed with a key that its issuer does not list.")
        text = key.multikey
    elif issuer.startswith("did:key:"):
        text = issuer.removeprefix("did:key:")
        if fragment != text:
            raise _fails(Name.ISSUER, "key_of_another", "It is signed with a key of somebody else than its issuer.")
    else:
        text = fragment
    try:
        public = multibase.from_multikey(text)
    except multibase.MultibaseError as error:
        if keys is None and not issuer.startswith("did:key:"):
            raise _stranger(issuer, whole=False) from error
        raise _fails(Name.ISSUER, "key_kind", f"Its issuer's key cannot be used: {error}") from error
    try:
        integrity.verify(credential, proof, public, digested)
    except integrity.NotCovered as error:
        raise _fails(Name.SIGNATURE, "not_covered", str(error)) from error
    except integrity.ProofError as error:
        raise _fails(Name.SIGNATURE, "signature", str(error)) from error
    if keys is None and not issuer.startswith("did:key:"):
        raise _stranger(issuer, whole=True)
    if key is not None:
        _check_time_of_key(key, jose.numeric(proof.get("created")), credential, trust)
    return _known(issuer, by_itself=keys is None)


def _check_time_of_key(key: KnownKey, signed: int | None, credential: dict[str, Any], trust: Trust) -> None:
    # Both are told in whole seconds.
    if key.expires_at is not None and (signed is None or signed > key.expires_at.timestamp()):
        raise _fails(Name.ISSUER, "key_expired", "It was signed after the end of its key, or does not say when.")
    if key.compromised_at is None or (signed is not None and signed < key.compromised_at.timestamp()):
        return
    if trust.overtaken(credential) is State.REPLACED:
        says = "Its key was in other hands when it was signed. Its issuer gave it, and has signed it anew since."
        raise _Failure(State.REPLACED, Check(Name.ISSUER, False, "key_reissued", says))
    raise _fails(Name.ISSUER, "key_compromised", "Its key was in other hands when it was signed.")


def _check_dates(credential: dict[str, Any], now: datetime, proofs: Sequence[dict[str, Any]]) -> Check:
    begins, ends = jose.numeric(credential["validFrom"]), jose.numeric(credential.get("validUntil"))
    if begins is not None and now.timestamp() < begins:
        raise _Failure(
            State.NOT_YET, Check(Name.DATES, False, "not_yet", f"It is valid from {credential['validFrom']}.")
        )
    if ends is not None and now.timestamp() >= ends:
        says = f"It was valid until {credential['validUntil']}."
        raise _Failure(State.EXPIRED, Check(Name.DATES, False, "expired", says))
    for proof in proofs:
        # Data Integrity 1.0 section 2.1: a proof may have an end of its own.
        held = jose.numeric(proof.get("expires"))
        if "expires" in proof and (held is None or now.timestamp() >= held):
            says = f"Its signature was made to hold until {str(proof['expires'])[:40]}."
            raise _Failure(State.EXPIRED, Check(Name.DATES, False, "proof_expired", says))
    return Check(Name.DATES, True, "ok", "It is valid today.")


def _check_status(credential: dict[str, Any], issuer: str, trust: Trust, now: datetime) -> Check:
    overtaken = trust.overtaken(credential)
    if overtaken is State.REVOKED:
        raise _Failure(State.REVOKED, Check(Name.STATUS, False, "revoked", "Its issuer has revoked it."))
    if overtaken is State.REPLACED:
        says = "Its issuer has replaced it by a newer one with the same number."
        raise _Failure(State.REPLACED, Check(Name.STATUS, False, "replaced", says))
    entry = credential.get("credentialStatus")
    if entry is None:
        return Check(Name.STATUS, True, "no_status", "Its issuer did not provide for revoking it.")
    try:
        revoked, made = _is_set(entry, issuer, trust, now)
    except (bits.StatusListError, ValueError) as error:
        raise _unknown_status(str(error)) from error
    if revoked and entry["statusPurpose"] == "suspension":
        says = "Its issuer has suspended it: it does not count for the time being."
        raise _Failure(State.SUSPENDED, Check(Name.STATUS, False, "suspended", says))
    if revoked:
        raise _Failure(State.REVOKED, Check(Name.STATUS, False, "revoked", "Its issuer has revoked it."))
    return Check(Name.STATUS, True, "ok", f"Its issuer has not revoked it, by the list of {made}.")


def _is_set(entry: Any, issuer: str, trust: Trust, now: datetime) -> tuple[bool, str]:
    """Its bit; and when the list was signed that says so, which may be long ago for one that somebody has kept."""
    if not isinstance(entry, dict) or entry.get("type") != "BitstringStatusListEntry":
        raise ValueError("Its status is kept in a way that this verifier does not know.")
    address, purpose = str(entry.get("statusListCredential", "")), entry.get("statusPurpose")
    if purpose not in _PURPOSES or entry.get("statusSize", 1) != 1:
        raise ValueError("Its status says something else than whether it was revoked.")
    index = str(entry.get("statusListIndex", ""))
    if not index.isascii() or not index.isdigit() or len(index) > 9:
        raise ValueError("Its place in the status list is no number.")
    text = trust.status_list(address)
    if text is None:
        raise ValueError(f"The status list {address[:200]} is not at hand, and nothing is fetched.")
    found = read_json(text)
    subject = found.get("credentialSubject")
    if found.get("id") != address or not isinstance(subject, dict):
        raise ValueError("What stands at the status list's address is another list.")
    if "BitstringStatusList" not in _many(subject.get("type")) or purpose not in _many(subject.get("statusPurpose")):
        raise ValueError("The status list is for another purpose.")
    if jose.issuer_id(found) != issuer:
        raise ValueError("The status list comes from another issuer.")
    try:
        _check_proofs(found, issuer, trust)
    except _Failure as failure:
        raise ValueError(f"The status list itself does not hold: {failure.check.says}") from failure
    ends = jose.numeric(found.get("validUntil"))
    if ends is not None and now.timestamp() >= ends:
        raise ValueError("The status list is out of date.")
    begins = jose.numeric(found.get("validFrom"))
    if begins is not None and now.timestamp() < begins:
        raise ValueError("The status list is not valid yet.")
    made = str(_ours(found)[0].get("created") or found.get("validFrom") or "an unknown day")[:40]
    return bits.get(bits.unpacked(str(subject.get("encodedList", ""))), int(index)), made


def _known(issuer: str, *, by_itself: bool = False) -> Check:
    """`by_itself`: it is a key that nobody here knows."""
    if by_itself:
        says = "The issuer is a key. It signed this; who holds it cannot be told from the file."
        return Check(Name.ISSUER, True, "did_key", says)
    return Check(Name.ISSUER, True, "ok", f"The issuer is known here: {issuer[:200]}")


def _stranger(issuer: str, *, whole: bool) -> _Failure:
    says = f"Whether it comes from {issuer[:200]} cannot be told: its keys are not known here, and nothing is fetched."
    if whole:
        says += " The file itself was not changed since it was signed."
    return _Failure(State.UNKNOWN_ISSUER, Check(Name.ISSUER, None, "unknown_issuer", says))


def _unknown_status(says: str) -> _Failure:
    return _Failure(State.STATUS_UNKNOWN, Check(Name.STATUS, None, "status_unknown", says))


def _unsupported(name: Name, code: str, says: str, credential: dict[str, Any], trust: Trust) -> _Failure:
    """Nothing is known of it. But of ourselves we know how we sign: ours in a form like that is none of ours."""
    if trust.overtaken(credential) is State.NOT_GENUINE:
        return _fails(name, code, says)
    return _Failure(State.UNSUPPORTED, Check(name, None, code, says))


def _fails(name: Name, code: str, says: str) -> _Failure:
    return _Failure(State.NOT_GENUINE, Check(name, False, code, says))


def _many(value: Any) -> list[Any]:
    """One or several, as JSON-LD allows."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
