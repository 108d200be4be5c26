"""The verifier: what is valid, what is not, and why; files that are made to mislead it or to keep it busy."""

from __future__ import annotations

import base64
import gzip
import json
import struct
import subprocess
import zlib
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pypdf import PdfWriter

from lms.credentials import apart, baking, bits, checking, documents, integrity, multibase
from lms.credentials.canonical import CanonicalError
from lms.credentials.profiles import Profiles
from lms.credentials.trust import NobodyKnown
from lms.credentials.verdicts import Check, Name, State
from tests.lms.credentials import published, samples
from tests.lms.credentials.samples import NOW, Known, check

SVG = '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><title>Badge</title></svg>'


def png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return baking.PNG_SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


def test_every_form_of_it_is_valid() -> None:
    text, token = json.dumps(samples.signed(), ensure_ascii=False), samples.token()
    files = {
        "json": text,
        "jwt": token,
        "png": baking.into_png(png(), text),
        "svg": baking.into_svg(SVG, text),
    }
    for form, file in files.items():
        report = check(file)
        assert (report.state, report.form, report.genuine) == (State.VALID, form, True), report.checks
    for file in (baking.into_png(png(), token), baking.into_svg(SVG, token)):
        assert check(file).valid


def test_whatever_is_changed_in_it_is_noticed() -> None:
    credential = samples.signed()
    paths = [path for path, value in _leaves(credential) if isinstance(value, str)]
    assert len(paths) > 30
    for path in paths:
        changed = json.loads(json.dumps(credential))
        _put(changed, path, "https://changed.example/1")
        report = check(changed)
        assert not report.genuine, path
        assert not report.valid


def test_dates() -> None:
    until = samples.signed(samples.snapshot(valid_until="2027-11-20T09:00:00Z"))
    assert check(until).valid
    assert check(until, days=358, hours=23).valid
    assert check(until, days=359).state is State.EXPIRED
    assert check(until, days=359).genuine
    early = check(until, days=-6, hours=-1)
    assert (early.state, early.failed and early.failed.code) == (State.NOT_YET, "not_yet")


def test_status() -> None:
    credential = samples.signed()
    assert check(credential, Known({samples.LIST: samples.status_list(4710, 4712)})).valid
    told = check(credential).checks[-1]
    assert (told.name, told.says) == (
        Name.STATUS,
        "Its issuer has not revoked it, by the list of 2026-11-26T09:00:00Z.",
    )
    early = json.loads(samples.status_list()) | {"validFrom": "2026-12-01T00:00:00Z"}
    del early["proof"]
    report = check(credential, Known({samples.LIST: json.dumps(integrity.sign(early, samples.KEY, NOW))}))
    assert (report.state, report.failed and report.failed.says) == (
        State.STATUS_UNKNOWN,
        "The status list is not valid yet.",
    )
    revoked = check(credential, Known({samples.LIST: samples.status_list(4711)}))
    assert (revoked.state, revoked.genuine) == (State.REVOKED, True)
    assert check(credential, Known({})).state is State.STATUS_UNKNOWN
    forged = json.loads(samples.status_list())
    forged["credentialSubject"]["encodedList"] = bits.packed(bytes(16_384) + b"\0")
    assert check(credential, Known({samples.LIST: json.dumps(forged)})).state is State.STATUS_UNKNOWN
    without = {name: value for name, value in samples.signed().items() if name != "credentialStatus"}
    assert not check(without).genuine, "leaving the status out is a change like any other"


def of_another_status(**changes: object) -> dict[str, Any]:
    plain = documents.credential(samples.snapshot())
    plain["credentialStatus"] |= changes
    return integrity.sign(plain, samples.KEY, NOW)


def test_a_status_written_as_a_list_of_one() -> None:
    """JSON-LD means the same by both."""
    plain = documents.credential(samples.snapshot())
    signed = integrity.sign(plain | {"credentialStatus": [plain["credentialStatus"]]}, samples.KEY, NOW)
    assert check(signed).valid
    assert check(signed, Known({samples.LIST: samples.status_list(4711)})).state is State.REVOKED
    typed = of_another_status(type=["BitstringStatusListEntry"])
    assert check(typed, Known({samples.LIST: samples.status_list(4711)})).state is State.REVOKED


def test_what_a_status_list_can_say_besides() -> None:
    def listing(purpose: str, kind: object = "BitstringStatusList") -> Known:
        told = json.loads(samples.status_list(4711))
        told["credentialSubject"] |= {"statusPurpose": purpose, "type": kind}
        del told["proof"]
        return Known({samples.LIST: json.dumps(integrity.sign(told, samples.KEY, NOW))})

    lifted = check(of_another_status(statusPurpose="suspension"), listing("suspension"))
    assert (lifted.state, lifted.genuine, lifted.failed and lifted.failed.code) == (State.SUSPENDED, True, "suspended")
    assert check(samples.signed(), listing("revocation", ["BitstringStatusList"])).state is State.REVOKED
    for strange in ("refresh", "message"):
        assert check(of_another_status(statusPurpose=strange), listing(strange)).state is State.STATUS_UNKNOWN
    # With two bits for each the place is another one: bit 4711 says nothing of this credential.
    assert check(of_another_status(statusSize=2)).state is State.STATUS_UNKNOWN


@pytest.mark.parametrize(
    "strange",
    [
        {"@context": ["https://www.w3.org/2018/credentials/v1"]},
        {"@context": [*published.BADGE["@context"], "https://a.example/context"]},
        {"@context": [*published.BADGE["@context"], {"name": "https://a.example/nickname"}]},
        {"@context": [*published.BADGE["@context"], ["https://a.example/context"]]},
        {"@context": {"@vocab": "https://a.example/"}},
        {"proof": samples.signed()["proof"] | {"cryptosuite": "ecdsa-sd-2023"}},
        {"proof": samples.signed()["proof"] | {"previousProof": "urn:uuid:1"}},
    ],
)
def test_of_a_kind_that_is_not_known_here(strange: dict[str, Any]) -> None:
    """Others may sign in ways that we do not know. We ourselves do not: ours is then none of ours."""
    report = check(samples.signed() | strange)
    assert (report.state, report.genuine, report.failed and report.failed.ok) == (State.UNSUPPORTED, False, None)
    ours = check(samples.signed() | strange, Known(records=State.NOT_GENUINE))
    assert ours.state is State.NOT_GENUINE


def test_a_proof_or_a_key_that_has_ended() -> None:
    def signed(**options: str) -> dict[str, Any]:
        plain = documents.credential(samples.snapshot())
        told = {name: value for name, value in samples.signed()["proof"].items() if name != "proofValue"} | options
        told = {name: value for name, value in told.items() if value}
        signature = samples.KEY.private.sign(integrity.digest(plain, told))
        return plain | {"proof": told | {"proofValue": multibase.encode(signature)}}

    assert check(signed(expires="2026-11-26T10:00:00Z")).valid
    for ended in ("2026-11-26T09:00:00Z", "one day"):
        report = check(signed(expires=ended))
        assert (report.state, report.failed and report.failed.code) == (State.EXPIRED, "proof_expired")
    for expires, valid in ((NOW, True), (NOW - timedelta(seconds=1), False)):
        report = check(samples.signed(), Known(expires_at=expires))
        assert report.valid is valid
    assert report.failed is not None
    assert (report.failed.code, report.genuine) == ("key_expired", False)
    assert not check(signed(created=""), Known(expires_at=NOW + timedelta(days=1))).genuine, "it does not say when"


def test_a_profile_as_others_write_it() -> None:
    """Keys relative to the document, inside of `assertionMethod`, with an end; keys for something else do not count."""
    key = {"type": "Multikey", "controller": samples.ISSUER.id, "publicKeyMultibase": samples.KEY.multikey}
    name = f"#{samples.KEY.multikey}"
    for told, code in (
        ({"verificationMethod": [key | {"id": name}], "assertionMethod": [name]}, None),
        ({"assertionMethod": key | {"id": name}}, None),
        ({"assertionMethod": [key | {"id": name, "expires": "2026-11-26T08:00:00Z"}]}, "key_expired"),
        ({"assertionMethod": [key | {"id": name, "revoked": "2026-11-26T08:00:00Z"}]}, "key_compromised"),
        ({"verificationMethod": [key | {"id": name}], "assertionMethod": ["#other"]}, "unknown_issuer"),
        ({"verificationMethod": [key | {"id": name}], "authentication": [name]}, "unknown_issuer"),
    ):
        profile = json.dumps({"id": samples.ISSUER.id, "type": ["Profile"], **told})
        report = check(samples.signed(), Profiles([profile], [samples.status_list()], NobodyKnown()))
        assert (report.failed.code if report.failed else None) == code, told


def test_records_of_the_issuer_go_before_the_file() -> None:
    assert check(samples.signed(), Known(records=State.REPLACED)).state is State.REPLACED
    assert check(samples.signed(), Known(records=State.REVOKED)).state is State.REVOKED
    never = check(samples.signed(), Known(records=State.NOT_GENUINE))
    assert (never.state, never.genuine) == (State.NOT_GENUINE, False)


def test_a_key_in_other_hands() -> None:
    assert check(samples.signed(), Known(compromised_at=NOW + timedelta(seconds=1))).valid
    report = check(samples.signed(), Known(compromised_at=NOW - timedelta(seconds=1)))
    assert report.failed is not None
    assert (report.failed.code, report.genuine) == ("key_compromised", False)


def test_strangers() -> None:
    report = check(published.SIMPLE, NobodyKnown())
    assert (report.state, report.genuine) == (State.UNKNOWN_ISSUER, False)
    assert report.failed is not None
    assert "not changed since it was signed" in report.failed.says
    assert check(samples.token(), NobodyKnown()).state is State.UNKNOWN_ISSUER
    ours_by_name = dict(published.SIMPLE, issuer=samples.ISSUER.id)
    assert check(ours_by_name).failed == Check(
        Name.ISSUER, False, "key_of_another", "It is signed with a key of somebody else than its issuer."
    )
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    forged = integrity.sign(
        {name: value for name, value in samples.signed().items() if name != "proof"},
        integrity.SigningKey(other, samples.ISSUER.id),
        NOW,
    )
    assert check(forged).failed is not None
    assert check(forged).failed.code == "key_unknown"  # type: ignore[union-attr]


def test_an_issuer_that_is_a_key() -> None:
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
    own = f"did:key:{multibase.multikey(private.public_key().public_bytes_raw())}"
    badge = published.BADGE | {"issuer": {"id": own, "type": ["Profile"], "name": "Key"}}
    signed = integrity.sign(badge, integrity.SigningKey(private, own), NOW)
    report = check(signed, NobodyKnown())
    assert report.valid
    assert next(each for each in report.checks if each.name is Name.ISSUER).code == "did_key"
    method = f"{own}#{own.removeprefix('did:key:')}"
    profile = {"id": own, "assertionMethod": [{"id": method, "publicKeyMultibase": own.removeprefix("did:key:")}]}
    known = check(signed, Profiles([json.dumps(profile)], [], NobodyKnown()))
    assert next(each for each in known.checks if each.name is Name.ISSUER).code == "ok", "somebody vouches for the key"
    elsewhere = json.loads(json.dumps(signed).replace(own, "did:key:" + samples.KEY.multikey, 1))
    assert not check(elsewhere, NobodyKnown()).genuine


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": ["VerifiableCredential"]},
        {"issuer": 7},
        {"issuer": {"id": samples.ISSUER.id, "type": ["Person"]}},
        {"validFrom": "yesterday"},
        {"validFrom": "2026-11-20T09:00:00"},
        {"validFrom": "2026-W47-5T09:00:00Z"},
        {"credentialSubject": []},
        {"credentialSubject": {"type": ["AchievementSubject"]}},
        {"credentialStatus": [{}, {}]},
        {"proof": []},
        {"proof": [{"cryptosuite": "eddsa-rdfc-2022"}] * 5},
        {"proof": "signed"},
    ],
)
def test_what_is_no_credential(wrong: dict[str, Any]) -> None:
    report = check(samples.signed() | wrong)
    assert report.state is State.NOT_GENUINE
    assert report.failed is not None
    assert report.failed.says.endswith(".")


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"\x00\xff\xfe",
        b"hello",
        b"{",
        b"[]",
        b'{"a": NaN}',
        b'{"id": 1, "id": 2}',
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"a":' + b"9" * 10_000 + b"}",
        b"eyJ.eyJ.x",
        b"." * 100,
        baking.PNG_SIGNATURE,
        png(),
        SVG.encode(),
        b"<svg",
        b'<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>',
        b"<html/>",
        b"%PDF-1.7\n%%EOF",
        b'{"issuer": "\\ud800"}',
        b'{"a": [{"b\\u0000": 1}]}',
        b" " * (8 * 1024 * 1024 + 1),
    ],
)
def test_what_cannot_be_read(file: bytes) -> None:
    report = check(file)
    assert report.state is State.UNREADABLE
    assert report.failed is not None
    assert report.failed.says.endswith(".")


def test_a_picture_that_unpacks_without_end() -> None:
    bomb = zlib.compress(b"{" + b" " * (64 * 1024 * 1024), 9)
    text = baking.KEYWORD + b"\0\1\0\0\0" + bomb
    chunk = struct.pack(">I", len(text)) + b"iTXt" + text + struct.pack(">I", zlib.crc32(b"iTXt" + text))
    picture = png()
    report = check(picture[:33] + chunk + picture[33:])
    assert report.state is State.UNREADABLE
    assert "larger" in report.checks[-1].says


def test_a_picture_with_two_credentials() -> None:
    text = json.dumps(samples.signed())
    assert check(baking.into_png(baking.into_png(png(), text), text)).state is State.UNREADABLE
    assert check(
        baking.into_svg(baking.into_svg(SVG, text).replace(" xmlns:openbadges", " xmlns:o", 1), text)
    ).state is (State.UNREADABLE)
    both = baking.into_svg(SVG, samples.token()).replace("/>", ">{}</openbadges:credential>", 1)
    assert check(both).state is State.UNREADABLE


def test_a_document_with_two_credentials() -> None:
    one, other = json.dumps(samples.signed()), json.dumps(samples.signed(samples.snapshot(share="93")))

    def pdf(*attached: str) -> bytes:
        writer, out = PdfWriter(), BytesIO()
        writer.add_blank_page(100, 100)
        for text in attached:
            writer.add_attachment("credential.json", text.encode())
        writer.add_attachment("notes.json", b"{}")
        writer.write(out)
        return out.getvalue()

    assert check(pdf(one)).valid
    for file in (pdf(other, one), pdf(one, other)):
        report = check(file)
        assert (report.state, "several" in report.checks[-1].says) == (State.UNREADABLE, True)


def test_text_that_would_end_its_place_in_the_svg() -> None:
    text = json.dumps({"a": "]]><script/>", "b": 'quote"'})
    assert json.loads(baking.from_svg(baking.into_svg(SVG, text).encode())) == json.loads(text)


def test_bits() -> None:
    empty = bytes(bits.SIZE)
    assert len(bits.packed(empty)) < 80
    only = bits.with_bit(empty, 23)
    assert only[2] == 0x01
    assert only == empty[:2] + b"\x01" + empty[3:]
    assert [index for index in range(64) if bits.get(only, index)] == [23]
    assert bits.with_bit(empty, 0)[0] == 0x80
    assert bits.unpacked(bits.packed(only)) == only
    for broken in (
        "",
        "x",
        "u!!",
        bits.packed(only)[:-9],
        bits.packed(bytes(1000)),
        "u" + base64.urlsafe_b64encode(gzip.compress(bytes(8 * 1024 * 1024))).rstrip(b"=").decode(),
    ):
        with pytest.raises(bits.StatusListError):
            bits.unpacked(broken)
    for outside in (-1, bits.LENGTH):
        with pytest.raises(bits.StatusListError):
            bits.get(empty, outside)


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[tuple[Any, ...], Any]]:
    if isinstance(value, dict):
        return [leaf for key, each in value.items() for leaf in _leaves(each, (*path, key))]
    if isinstance(value, list):
        return [leaf for key, each in enumerate(value) for leaf in _leaves(each, (*path, key))]
    return [(path, value)]


def _put(value: Any, path: tuple[Any, ...], new: Any) -> None:
    for key in path[:-1]:
        value = value[key]
    value[path[-1]] = new


def without(*path: str) -> Callable[[dict[str, Any]], None]:
    """A fault: a member is missing."""

    def fault(credential: dict[str, Any]) -> None:
        place = credential
        for name in path[:-1]:
            place = place[name]
        del place[path[-1]]

    return fault


def with_(value: Any, *path: str) -> Callable[[dict[str, Any]], None]:
    """A fault: a member says something else."""

    def fault(credential: dict[str, Any]) -> None:
        place = credential
        for name in path[:-1]:
            place = place[name]
        place[path[-1]] = value

    return fault


OTHER_KEY = multibase.multikey(
    Ed25519PrivateKey.from_private_bytes(bytes(reversed(range(32)))).public_key().public_bytes_raw()
)


@pytest.mark.parametrize(
    ("fault", "fails", "state"),
    [
        (without("@context"), Name.FORM, State.UNSUPPORTED),
        (without("type"), Name.FORM, State.NOT_GENUINE),
        (without("id"), Name.FORM, State.NOT_GENUINE),
        (without("issuer"), Name.FORM, State.NOT_GENUINE),
        (without("issuer", "id"), Name.FORM, State.NOT_GENUINE),
        (without("validFrom"), Name.FORM, State.NOT_GENUINE),
        (with_("soon", "validUntil"), Name.FORM, State.NOT_GENUINE),
        (with_("2026-11-21T09:00:00Z", "validUntil"), Name.DATES, State.EXPIRED),
        (with_("2027-11-21T09:00:00Z", "validFrom"), Name.DATES, State.NOT_YET),
        (without("credentialSubject"), Name.FORM, State.NOT_GENUINE),
        (with_(["Person"], "credentialSubject", "type"), Name.FORM, State.NOT_GENUINE),
        (without("credentialSubject", "achievement"), Name.FORM, State.NOT_GENUINE),
        (without("credentialSubject", "achievement", "id"), Name.FORM, State.NOT_GENUINE),
        (without("credentialSubject", "achievement", "name"), Name.FORM, State.NOT_GENUINE),
        (without("credentialSubject", "achievement", "description"), Name.FORM, State.NOT_GENUINE),
        (without("credentialSubject", "achievement", "criteria"), Name.FORM, State.NOT_GENUINE),
        (with_("1EdTechRevocationList", "credentialStatus", "type"), Name.SIGNATURE, State.NOT_GENUINE),
        (with_("-1", "credentialStatus", "statusListIndex"), Name.STATUS, State.STATUS_UNKNOWN),
        (with_("https://a.example/status", "credentialStatus", "statusListCredential"), Name.STATUS,
         State.STATUS_UNKNOWN),
        (with_("suspension", "credentialStatus", "statusPurpose"), Name.STATUS, State.STATUS_UNKNOWN),
    ],
)  # fmt: skip
def test_one_fault_in_what_was_signed(fault: Callable[[dict[str, Any]], None], fails: Name, state: State) -> None:
    """One fault each, as in the samples of the public validator; signed by the issuer all the same."""
    broken = documents.credential(samples.snapshot())
    fault(broken)
    with suppress(CanonicalError):  # without its contexts nothing can be signed
        broken = integrity.sign(broken, samples.KEY, NOW)
    report = check(broken)
    assert report.failed is not None
    assert (report.failed.name, report.state) == (fails, state)


@pytest.mark.parametrize(
    ("fault", "fails", "code"),
    [
        (without("proof"), Name.SIGNATURE, "unsigned"),
        (without("proof", "proofValue"), Name.SIGNATURE, "signature"),
        (with_("z" + "1" * 87, "proof", "proofValue"), Name.SIGNATURE, "signature"),
        (with_("u" + "A" * 86, "proof", "proofValue"), Name.SIGNATURE, "signature"),
        (with_("authentication", "proof", "proofPurpose"), Name.SIGNATURE, "signature"),
        (with_("2020-01-01T00:00:00Z", "proof", "created"), Name.SIGNATURE, "signature"),
        (with_("yesterday", "proof", "created"), Name.SIGNATURE, "signature"),
        (with_("Ed25519Signature2018", "proof", "type"), Name.SIGNATURE, "signature"),
        (without("proof", "verificationMethod"), Name.ISSUER, "key_of_another"),
        (with_(f"https://a.example/issuer#{OTHER_KEY}", "proof", "verificationMethod"), Name.ISSUER, "key_of_another"),
        (with_(f"{samples.ISSUER.id}#{OTHER_KEY}", "proof", "verificationMethod"), Name.ISSUER, "key_unknown"),
        (with_("Інша назва", "credentialSubject", "achievement", "name"), Name.SIGNATURE, "signature"),
        (with_("https://a.example/issuer", "issuer", "id"), Name.ISSUER, "key_of_another"),
        (with_("Інша установа", "issuer", "name"), Name.SIGNATURE, "signature"),
        (with_("2030-01-01T00:00:00Z", "validUntil"), Name.SIGNATURE, "signature"),
        (without("credentialStatus"), Name.SIGNATURE, "signature"),
    ],
)
def test_one_fault_after_it_was_signed(fault: Callable[[dict[str, Any]], None], fails: Name, code: str) -> None:
    broken = json.loads(json.dumps(samples.signed()))
    fault(broken)
    report = check(broken)
    assert report.state is State.NOT_GENUINE
    assert report.failed is not None
    assert (report.failed.name, report.failed.code) == (fails, code)


def test_a_strangers_graph_is_worked_out_in_a_process_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    file = json.dumps(samples.signed()).encode()
    assert checking.check(file, Known(), NOW, apart.digest).valid
    changed = json.loads(file)
    changed["name"] = "Інша назва"
    assert checking.check(json.dumps(changed).encode(), Known(), NOW, apart.digest).state is State.NOT_GENUINE
    unsigned = json.loads(file)
    unsigned["credentialSubject"]["secret"] = "not covered"
    report = checking.check(json.dumps(unsigned).encode(), Known(), NOW, apart.digest)
    assert report.failed is not None
    assert "do not define 'secret'" in report.failed.says
    assert report.failed.code == "not_covered"
    nested = json.loads(file)
    nested["credentialSubject"]["@context"] = "https://a.example/v1"
    for digested in (None, apart.digest):
        failed = checking.check(json.dumps(nested).encode(), Known(), NOW, digested).failed
        assert failed is not None
        assert (failed.code, "https://a.example/v1" in failed.says) == ("not_covered", True)

    def for_ever(*_arguments: object, **given: float) -> None:
        raise subprocess.TimeoutExpired("graph_child", given["timeout"])

    monkeypatch.setattr(subprocess, "run", for_ever)
    report = checking.check(file, Known(), NOW, apart.digest)
    assert (report.state, report.failed and report.failed.says) == (
        State.NOT_GENUINE,
        "Its graph is made so that checking it would take for ever.",
    )


ENDLESS = """
import itertools
from lms.credentials import graph_child, integrity
graph_child.MOST_SECONDS = 1
integrity.digest = lambda *_: all(number >= 0 for number in itertools.count())
raise SystemExit(graph_child.main())
"""


def test_the_process_apart_is_ended_by_its_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real one, with work that has no end."""
    run = subprocess.run

    def endless(command: list[str], **given: Any) -> Any:
        return run([command[0], "-c", ENDLESS], **given)

    monkeypatch.setattr(subprocess, "run", endless)
    report = checking.check(json.dumps(samples.signed()).encode(), Known(), NOW, apart.digest)
    assert report.failed is not None
    assert "take for ever" in report.failed.says
