"""A seal by a key of our own: PAdES baseline B-B, or B-T where a time-stamp server is set (ETSI EN 319 142-1).

RSA and elliptic curves. What Ukraine's qualified seals are made with (DSTU 4145) no library at hand can do: a national
provider's service goes behind `lms.credentials.seals.DocumentSealer` instead of this module.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import InvisSigSettings, MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.timestamps import TimeStamper

from lms.credentials import seal_reports
from lms.credentials.seal_reports import SealReport
from lms.credentials.seals import SealRefused

FIELD = "Seal"
FIELD_NAME = "Електронна печатка / Electronic seal"
_PATIENCE_S = 10.0
_MOST_ANSWER_BYTES = 64 * 1024
"""Of a time-stamp server; a real one is 2 to 8 KB with its certificates."""
_MOST_KEY_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class SealKey:
    """A key in a PKCS#12 file, opened."""

    content: bytes = field(repr=False)
    password: bytes = field(repr=False)
    certificate: x509.Certificate

    @property
    def name(self) -> str:
        """Whose seal it is, as the certificate says."""
        return self.certificate.subject.rfc4514_string()


def open_key(path: Path, password_file: Path | None) -> SealKey:
    """Open the file with the key. Raises `SealRefused` (seal_key_unreadable, seal_password, seal_key_kind)."""
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_KEY_BYTES)
        password = password_file.read_bytes()[:4096].split(b"\n")[0].rstrip(b"\r") if password_file else b""
    except OSError as error:
        says = f"{error.filename} cannot be read: {error.strerror}."
        raise SealRefused("seal_key_unreadable", says) from None
    try:
        key, certificate, _others = pkcs12.load_key_and_certificates(content, password or None)
    except (ValueError, TypeError):
        says = f"{path} is no PKCS#12 file, or the password in {password_file or 'VIKNO_SEAL_PASSWORD_FILE'} is wrong."
        raise SealRefused("seal_password", says) from None
    except Exception as error:  # kinds of keys and ciphers that the library does not know, DSTU 4145 among them
        raise SealRefused("seal_key_kind", f"{path} holds a key of a kind that cannot be used here: {error}") from None
    if certificate is None or not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        says = f"{path} holds no certificate with an RSA or elliptic-curve key."
        raise SealRefused("seal_key_kind", says)
    return SealKey(content, password, certificate)


def check_term(key: SealKey, now: datetime) -> None:
    """Raises `SealRefused` (seal_expired) for a certificate whose time has passed or not come."""
    begins, ends = key.certificate.not_valid_before_utc, key.certificate.not_valid_after_utc
    if not begins <= now < ends:
        term = f"{begins:%Y-%m-%d %H:%M} to {ends:%Y-%m-%d %H:%M} UTC"
        raise SealRefused("seal_expired", f"The certificate that seals ({key.name}) is in force from {term} only.")


class Pkcs12Sealer:
    """Seals with the key in a file, which is read anew each time: whoever renews it need not start anything again."""

    def __init__(
        self,
        path: Path,
        password_file: Path | None,
        time_server: str = "",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._path, self._password_file, self._time_server = path, password_file, time_server
        self._clock = clock

    def seal(self, document: bytes) -> bytes:
        """The sealed document. Raises `SealRefused`."""
        key = open_key(self._path, self._password_file)
        check_term(key, self._clock())
        stamper = HttpTimeStamper(self._time_server) if self._time_server else None
        try:
            signer = signers.SimpleSigner.load_pkcs12_data(key.content, [], key.password or None)
            return _signed(document, signer, stamper)
        except SealRefused:
            raise
        except Exception as error:
            says = f"The document could not be sealed: {type(error).__name__}: {error}"
            raise SealRefused("seal_failed", says) from error

    def look(self, document: bytes) -> SealReport:
        """What is on it."""
        return seal_reports.look(document, (), self._clock())


class HttpTimeStamper(TimeStamper):
    """A time-stamp server by HTTP (RFC 3161 section 3.4)."""

    def __init__(self, url: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._url = url

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """Ask the server. Raises `SealRefused` (seal_time_server)."""
        kind = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
        answer = bytearray()
        try:
            async with (
                httpx.AsyncClient(timeout=_PATIENCE_S) as client,
                client.stream("POST", self._url, content=req.dump(), headers=kind) as response,
            ):
                response.raise_for_status()
                async for part in response.aiter_bytes():
                    answer += part
                    if len(answer) > _MOST_ANSWER_BYTES:
                        raise _no_stamp(self._url, "its answer is too long")
        except httpx.HTTPError as error:
            raise _no_stamp(self._url, str(error) or type(error).__name__) from error
        return tsp.TimeStampResp.load(bytes(answer))

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> Any:
        """A token for a digest. Raises `SealRefused` (seal_time_server)."""
        try:
            return await super().async_timestamp(message_digest, md_algorithm)
        except SealRefused:
            raise
        except Exception as error:  # an answer that is none: no ASN.1, another nonce, a refusal
            raise _no_stamp(self._url, f"{type(error).__name__}: {error}") from error


def _no_stamp(url: str, why: str) -> SealRefused:
    return SealRefused("seal_time_server", f"The time-stamp server {url} gave no time stamp: {why}.")


class _Update(IncrementalPdfFileWriter):
    """An update that leaves the metadata (XMP) as it is.

    The library would write it anew, naming itself and in another form of RDF than the marks of PDF/UA and PDF/A are
    looked for in.
    """

    def _update_meta(self) -> None:
        """Nothing about the document has changed."""


def _signed(document: bytes, signer: signers.SimpleSigner, stamper: TimeStamper | None) -> bytes:
    """An incremental update with a certifying signature that allows no changes.

    Its field is of no size, outside of the page and named: so it need not be tagged (ISO 14289-1 section 7.18.1), and
    PDF/A-3 allows it (ISO 19005-3 section 6.3).
    """
    what = signers.PdfSignatureMetadata(
        field_name=FIELD,
        subfilter=SigSeedSubFilter.PADES,
        md_algorithm="sha256",
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
    )
    where = SigFieldSpec(
        FIELD, readable_field_name=FIELD_NAME, invis_sig_settings=InvisSigSettings(box_out_of_bounds=True)
    )
    sealing = signers.PdfSigner(what, signer=signer, timestamper=stamper, new_field_spec=where)
    made: BytesIO = sealing.sign_pdf(_Update(BytesIO(document)))
    return made.getvalue()
