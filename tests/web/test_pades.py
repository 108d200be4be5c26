"""The seal by a key of our own: read by poppler, which is not ours, and found out when anything was changed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import NoEncryption, pkcs12
from pypdf import PdfReader, PdfWriter

from lms.credentials import checking, seal_reports, seals
from lms.credentials.seal_reports import Sealing, SealReport
from lms.credentials.seals import NoRecords, SealRefused
from lms.credentials.verdicts import Name, State
from tests.lms.credentials import samples
from tests.lms.credentials.samples import Known
from tests.support import sealing
from tests.web.test_certificate_documents import figures_of, structure_of, text_of
from web import certificate_documents
from web.pades import Pkcs12Sealer

SNAPSHOT = samples.snapshot()
TODAY = datetime.now(UTC)
APART = seal_reports.read_apart


@cache
def document() -> bytes:
    """A certificate's document as it is given to be sealed."""
    return certificate_documents.pdf(SNAPSHOT, json.dumps(samples.signed(SNAPSHOT)), 1, sealed=True)


@pytest.fixture(autouse=True, scope="module")
def read_here() -> Iterator[None]:
    """Seals are looked at in this process: starting one takes longer than everything else in these tests.

    Hostile files, the worker's and the pages' tests are looked at as outside of tests.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seal_reports, "read_apart", sealing.read_here)
        yield


def sealer(folder: Path, kind: str = "ec", time_server: str = "", **changes: Any) -> Pkcs12Sealer:
    files = sealing.files(folder, kind, **changes)
    return Pkcs12Sealer(files.key, files.password, time_server)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A sealed document."""
    return seals.sealed(sealer(tmp_path_factory.mktemp("seal")), document())[0]


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_poppler_finds_the_seal_whole_and_the_document_is_what_it_was(tmp_path: Path, kind: str) -> None:
    made, _seal = seals.sealed(sealer(tmp_path, kind), document())
    said = sealing.told_by_poppler(made)
    for words in ("Signature is Valid.", "Total document signed", "ETSI.CAdES.detached", sealing.SIGNER, "SHA-256"):
        assert words in said, said
    before: Any = PdfReader(BytesIO(document()))
    after: Any = PdfReader(BytesIO(made))
    assert text_of(after) == text_of(before)
    assert "Скріплено електронною печаткою / Sealed electronically." in text_of(after)
    trees = [each.trailer["/Root"]["/StructTreeRoot"] for each in (before, after)]
    assert structure_of(trees[0]) == structure_of(trees[1]) >= {"/H1", "/P", "/Figure", "/Link"}
    assert figures_of(trees[0]) == figures_of(trees[1])
    root = after.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"].value
    assert "<pdfuaid:part>1<" in root["/Metadata"].get_data().decode()
    (field,) = (each.get_object() for each in root["/AcroForm"]["/Fields"])
    assert field["/TU"] == "Електронна печатка / Electronic seal", "a screen reader names it"
    assert all(float(each) < 0 for each in field["/Rect"]), "outside of the page: it needs no tag (ISO 14289-1, 7.18.1)"
    pages = pypdfium2.PdfDocument(made)
    assert len(pages) == 1
    (code,) = zxingcpp.read_barcodes(pages[0].render(scale=2).to_pil())
    assert code.text == f"{SNAPSHOT.id}?e=1"


def test_who_sealed_it_is_trusted_by_the_authorities_that_are_set(sealed: bytes) -> None:
    strange = seal_reports.look(sealed, [], TODAY)
    assert strange.sealing is Sealing.UNKNOWN
    known = seal_reports.look(sealed, [sealing.authority_pem()], TODAY)
    (seal,) = known.seals
    assert known.sealing is Sealing.TRUSTED
    assert (seal.signer, seal.stamped_at) == (f"{sealing.SIGNER}, Асоціація «Приклад»", None)
    assert seal.authority.startswith("Надавач довірчих послуг")


def test_a_time_stamp_of_a_server_that_is_not_ours(tmp_path: Path, sealed: bytes) -> None:
    with sealing.time_server() as url:
        made, seal = seals.sealed(sealer(tmp_path, "rsa", url), document())
    assert seal.stamped_at is not None
    (known,) = seal_reports.look(made, [sealing.authority_pem()], TODAY).seals
    assert known.trusted
    assert known.stamp_trusted
    assert "Signature is Valid." in sealing.told_by_poppler(made)
    later, authorities = TODAY + timedelta(days=60), [sealing.authority_pem()]
    assert seal_reports.look(made, authorities, later).sealing is Sealing.TRUSTED, "it was made within its term"
    assert seal_reports.look(sealed, authorities, later).sealing is Sealing.UNKNOWN, "nobody attests when"


def changed(made: bytes) -> dict[str, bytes]:
    """What somebody may do to a sealed document."""
    place = made.index(b"/Title")
    letter = re.search(rb"stream\r?\n(.{40})", made, re.DOTALL)
    assert letter is not None
    at = letter.end() - 5
    update = BytesIO(made)
    writer = PdfWriter(update, incremental=True)
    page = writer.pages[0]
    page.merge_transformed_page(writer.pages[0], (1, 0, 0, 1, 20, 20))
    added = BytesIO()
    writer.write(added)
    described = PdfWriter(BytesIO(made), incremental=True)
    described.add_metadata({"/Subject": "інше"})
    metadata = BytesIO()
    described.write(metadata)
    hidden = PdfWriter(BytesIO(made), incremental=True)
    del hidden.root_object["/AcroForm"]
    taken_off = BytesIO()
    hidden.write(taken_off)
    return {
        "a letter": made[:at] + bytes([made[at] ^ 1]) + made[at + 1 :],
        "the title": made[: place + 9] + b"\x01" + made[place + 10 :],
        "added": added.getvalue(),
        "metadata": metadata.getvalue(),
        "taken off": taken_off.getvalue(),
        "cut": made[:-200],
    }


@pytest.mark.parametrize("how", ["a letter", "the title", "added", "taken off", "cut"])
def test_whatever_is_changed_is_found_out(sealed: bytes, how: str) -> None:
    file = changed(sealed)[how]
    report = seal_reports.look(file, [sealing.authority_pem()], TODAY)
    assert report.sealing is Sealing.BROKEN
    if how == "a letter":
        assert "Digest Mismatch" in sealing.told_by_poppler(file)


def test_a_broken_seal_makes_the_file_not_genuine_though_its_credential_is(sealed: bytes) -> None:
    look = seals.looker(NoRecords(), [sealing.authority_pem()], TODAY)
    whole = checking.check(sealed, Known(), samples.NOW, None, look)
    assert (whole.state, whole.checks[-1].name, whole.checks[-1].ok) == (State.VALID, Name.SEAL, True)
    bare = checking.check(document(), Known(), samples.NOW, None, look)
    assert (bare.state, bare.failed) == (State.VALID, None)
    assert bare.sealing is not None
    assert bare.sealing.sealing is Sealing.NONE
    strange = checking.check(sealed, Known(), samples.NOW, None, seals.looker(NoRecords(), [], TODAY))
    assert (strange.state, strange.checks[-1].ok, strange.failed) == (State.VALID, None, None)
    ours = seals.looker(Everything(), [], TODAY)
    assert checking.check(sealed, Known(), samples.NOW, None, ours).checks[-1].code == "seal_ours"
    more = changed(sealed)["metadata"]
    assert look(more).sealing is Sealing.TRUSTED, "a seal may allow new metadata (ISO 32000-2 section 12.8.2.2)"
    assert ours(more).sealing is Sealing.BROKEN, "to what is sealed here nothing is added"
    broken = checking.check(changed(sealed)["added"], Known(), samples.NOW, None, look)
    assert (broken.state, broken.genuine) == (State.NOT_GENUINE, False)
    assert broken.failed is not None
    assert broken.failed.code == "seal_broken"


class Everything:
    """Records of whoever sealed, and gave out, all that there is."""

    def is_ours(self, fingerprint: str) -> bool:
        """Yes."""
        return True

    def is_kept(self, digest: str) -> bool:
        """Yes."""
        return True


def test_of_a_kind_that_cannot_be_computed_here_nothing_is_claimed(sealed: bytes) -> None:
    """As DSTU 4145 is to the library: algorithms that have numbers and no names."""
    strange = sealed
    for known, unknown in (
        (b"608648016503040201", b"60864801650304027E"),
        (b"2A8648CE3D040302", b"2A8648CE3D04037E"),
        (b"2A8648CE3D0201", b"2A8648CE3D027E"),
    ):
        assert known in strange
        strange = strange.replace(known, unknown)
    look = seals.looker(NoRecords(), [sealing.authority_pem()], TODAY)
    report = checking.check(strange, Known(), samples.NOW, None, look)
    assert (report.state, report.checks[-1].ok, report.checks[-1].code) == (State.VALID, None, "seal_kind")
    assert sealing.SIGNER in report.checks[-1].says
    given_out = checking.check(strange, Known(), samples.NOW, None, seals.looker(Everything(), [], TODAY))
    assert given_out.checks[-1].code == "seal_ours", "the whole file is one that was given out"


def refused(what: Pkcs12Sealer) -> SealRefused:
    with pytest.raises(SealRefused) as found:
        seals.sealed(what, document())
    assert sealing.PASSWORD not in str(found.value)
    return found.value


def test_what_cannot_be_sealed_says_why(tmp_path: Path) -> None:
    assert refused(sealer(tmp_path / "1", password="інший")).code == "seal_password"
    expired = refused(sealer(tmp_path / "2", days=-1))
    assert expired.code == "seal_expired"
    assert "is in force from" in expired.says
    assert refused(Pkcs12Sealer(tmp_path / "none.p12", None)).code == "seal_key_unreadable"
    (tmp_path / "no.p12").write_bytes(b"no key at all")
    assert refused(Pkcs12Sealer(tmp_path / "no.p12", None)).code == "seal_password"
    other = pkcs12.serialize_key_and_certificates(
        b"x", ed25519.Ed25519PrivateKey.generate(), None, None, NoEncryption()
    )
    (tmp_path / "other.p12").write_bytes(other)
    assert refused(Pkcs12Sealer(tmp_path / "other.p12", None)).code == "seal_key_kind"


def test_a_time_server_that_is_away_or_says_nonsense(tmp_path: Path) -> None:
    away = refused(sealer(tmp_path, time_server="http://127.0.0.1:9/tsp"))
    assert away.code == "seal_time_server"
    assert "http://127.0.0.1:9/tsp" in away.says


class Careless:
    """Adapters as they must not be."""

    def __init__(self, how: str) -> None:
        self._how = how

    def seal(self, document: bytes) -> bytes:
        """Another document, or no seal."""
        return b"%PDF-1.7\n" + document if self._how == "rewrites" else document

    def look(self, document: bytes) -> SealReport:
        """As it is."""
        return seal_reports.look(document, [], TODAY)


@pytest.mark.parametrize(("how", "code"), [("rewrites", "seal_rewrote"), ("forgets", "seal_broken")])
def test_no_adapter_gets_through_with_half_a_seal(how: str, code: str) -> None:
    with pytest.raises(SealRefused) as found:
        seals.sealed(Careless(how), document())
    assert found.value.code == code


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (b"%PDF-1.7\nnothing", Sealing.NONE),
        (b"%PDF-1.7\n/ByteRange [0 1 2 3]", Sealing.BROKEN),
        (b"%PDF-1.7\n1 0 obj\n/ByteRange " + b"[" * 200_000, Sealing.BROKEN),
    ],
)
def test_hostile_files_are_answered(monkeypatch: pytest.MonkeyPatch, file: bytes, expected: Sealing) -> None:
    monkeypatch.setattr(seal_reports, "read_apart", APART)
    assert seal_reports.look(file, [], TODAY).sealing is expected


def test_so_many_signatures_that_looking_would_take_long_are_not_looked_at(
    tmp_path: Path, sealed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lms.credentials import seal_child

    monkeypatch.setattr(seal_child, "MOST_SEALS", 0)
    with pytest.raises(ValueError, match="more signatures"):
        seal_child.seals(sealed, [], TODAY)
