"""Whether documents of certificates can be sealed."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta

from cryptography import x509

from lms.credentials.seals import SealRefused
from web.main.doctor.finding import Finding, broken, doubtful, good
from web.main.settings import Settings

_SOON = timedelta(days=30)


def findings(settings: Settings) -> list[Finding]:
    """The key and its certificate; the time-stamp server, which is asked for one time stamp."""
    if settings.seal_key is None:
        return []
    from web.pades import SealKey, check_term, open_key

    now = datetime.now(UTC)
    try:
        key: SealKey = open_key(settings.seal_key, settings.seal_password_file)
        check_term(key, now)
    except SealRefused as refused:
        return [broken(f"Certificates go out without a seal: {refused.says}", _REMEDIES[refused.code])]
    found = [*_usage(key.certificate)]
    ends = key.certificate.not_valid_after_utc
    if ends - now < _SOON:
        what = f"The certificate that seals ({key.name}) ends on {ends:%Y-%m-%d}."
        found.append(doubtful(what, "Have it renewed, and put the new file in its place; nothing needs a restart."))
    else:
        found.append(good(f"Documents can be sealed by {key.name}, until {ends:%Y-%m-%d}."))
    return found + _time_server(settings.seal_time_server)


_REMEDIES = {
    "seal_key_unreadable": "Check VIKNO_SEAL_KEY and VIKNO_SEAL_PASSWORD_FILE, and whether Vikno may read the files.",
    "seal_password": "Check VIKNO_SEAL_KEY and what stands in the first line of VIKNO_SEAL_PASSWORD_FILE.",
    "seal_key_kind": "Take a key of RSA or of an elliptic curve (P-256, P-384); DSTU 4145 needs a provider's service.",
    "seal_expired": "Have the certificate renewed, and put the new file in its place. Documents are sealed afterwards.",
}


def _usage(certificate: x509.Certificate) -> list[Finding]:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return []
    if usage.digital_signature or usage.content_commitment:
        return []
    what = "The certificate that seals is not meant for signatures (key usage): readers will not accept the seal."
    return [broken(what, "Ask the authority for one with digitalSignature or nonRepudiation.")]


def _time_server(url: str) -> list[Finding]:
    if not url:
        return []
    from web.pades import HttpTimeStamper

    try:
        asyncio.run(HttpTimeStamper(url).async_timestamp(hashlib.sha256(b"doctor").digest(), "sha256"))
    except SealRefused as refused:
        what = f"Certificates go out without a seal: {refused.says}"
        return [broken(what, "Start it, or correct or empty VIKNO_SEAL_TIME_SERVER. Documents are sealed afterwards.")]
    return [good(f"The time-stamp server {url} answers.")]
