"""The data folder, its key, the database, the browser client, TLS."""

from __future__ import annotations

import os
import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from sqlalchemy.exc import SQLAlchemyError

from lms.database import Database
from web.assets import MANIFEST
from web.config import STATIC
from web.main.certificates import subject_names
from web.main.doctor.finding import Finding, broken, doubtful, good
from web.main.probes import LEAST_FREE_BYTES, free_bytes
from web.main.secrets import SecretError, master_key
from web.main.settings import Settings

_COMFORTABLE_FREE_BYTES = 5 * 2**30
_RENEW_BEFORE = timedelta(days=14)


def findings(settings: Settings) -> list[Finding]:
    """Everything that belongs to this installation rather than to the machine."""
    return [*_data(settings.data), _database(settings), _client(STATIC), *_tls(settings)]


def _data(folder: Path) -> list[Finding]:
    where = folder.absolute()
    if not folder.exists():
        return [good(f"The data folder {where} will be made at the first start.")]
    if not os.access(folder, os.W_OK | os.X_OK):
        return [
            broken(f"The data folder {where} may not be written to.", f"chown it to the user that runs Vikno: {where}")
        ]
    found = []
    if stat.S_IMODE(folder.stat().st_mode) & 0o007:
        found.append(doubtful(f"Everybody on this machine may look into {where}.", f"chmod 700 {where}"))
    try:
        master_key(folder)
        found.append(good("The key file is there and private."))
    except SecretError as error:
        found.append(broken("The key file cannot be used.", str(error)))
    free = free_bytes(folder)
    left = f"{free / 2**30:.1f} GiB are free where {where} lies"
    if free < LEAST_FREE_BYTES:
        found.append(broken(f"{left}: too little to go on.", "Free space on that disk, or move the data folder."))
    elif free < _COMFORTABLE_FREE_BYTES:
        found.append(doubtful(f"{left}.", "Recordings need about 1 GiB per hour; free some space soon."))
    else:
        found.append(good(f"{left}."))
    return found


def _database(settings: Settings) -> Finding:
    kind = "PostgreSQL" if settings.sqlalchemy_url.startswith("postgresql") else "SQLite"
    if kind == "SQLite" and not Path(settings.sqlalchemy_url.removeprefix("sqlite:///")).exists():
        return good("The SQLite database will be made at the first start.")
    database = Database(settings.sqlalchemy_url)
    try:
        database.check()
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        return broken(f"The {kind} database does not answer: {reason}", "Start it, and check VIKNO_DATABASE_URL.")
    finally:
        database.close()
    return good(f"The {kind} database answers.")


def _client(static: Path) -> Finding:
    if (static / MANIFEST).exists():
        return good("The browser client is built.")
    return broken("The browser client is not built.", "make client")


def _tls(settings: Settings) -> list[Finding]:
    parts = urlsplit(settings.site_url)
    host = parts.hostname or ""
    if settings.tls_cert is None or settings.tls_key is None:
        if parts.scheme == "https":
            return [good(f"TLS is expected from a reverse proxy in front, as {settings.site_url} says.")]
        if host in ("localhost", "127.0.0.1", "::1"):
            return [good("No TLS: browsers on this very machine work with http://localhost, others will not.")]
        remedy = "Give a certificate (VIKNO_TLS_CERT, VIKNO_TLS_KEY), put a proxy in front, or try --self-signed."
        return [broken("People reach Vikno without TLS; browsers then refuse camera and microphone.", remedy)]
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(settings.tls_cert, settings.tls_key)
        certificate = x509.load_pem_x509_certificate(settings.tls_cert.read_bytes())
    except (ssl.SSLError, ValueError, OSError) as error:
        remedy = "The files must be PEM; the key must belong to the certificate and bear no password."
        return [broken(f"The TLS certificate and key cannot be used: {error}.", remedy)]
    return [_validity(certificate), _names(certificate, host)]


def _validity(certificate: x509.Certificate) -> Finding:
    now = datetime.now(UTC)
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now < begins:
        return broken(f"The TLS certificate is valid only from {begins:%d.%m.%Y}.", "Check this machine's clock.")
    if now > ends:
        return broken(f"The TLS certificate ended on {ends:%d.%m.%Y}.", "Renew it and restart Vikno.")
    if ends - now < _RENEW_BEFORE:
        return doubtful(f"The TLS certificate ends on {ends:%d.%m.%Y}.", "Renew it and restart Vikno.")
    if certificate.issuer == certificate.subject:
        return doubtful(
            "The TLS certificate is self-signed; every browser warns of it.",
            "Good for a trial. For people, get one from a certificate authority (docs/administration.md).",
        )
    return good(f"The TLS certificate is valid until {ends:%d.%m.%Y}.")


def _names(certificate: x509.Certificate, host: str) -> Finding:
    names = subject_names(certificate)
    if host in names or f"*.{host.partition('.')[2]}" in names:
        return good(f"The TLS certificate names {host}.")
    listed = ", ".join(sorted(names)) or "nobody"
    return broken(
        f"The TLS certificate does not name {host}, under which people come; it names {listed}.",
        "Get a certificate for that name, or set VIKNO_PUBLIC_URL to a name that it has.",
    )
