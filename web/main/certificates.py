"""A self-signed certificate for a trial in a local network: browsers give cameras to secure pages only."""

from __future__ import annotations

import ipaddress
import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sfu.addresses import local_addresses
from web.main.settings import Settings

CERT_NAME = "self-signed.pem"
KEY_NAME = "self-signed.key"
_LIFETIME = timedelta(days=397)
"""Browsers refuse certificates that live longer (CA/Browser Forum ballot SC-31)."""
_RENEW_BEFORE = timedelta(days=30)


def with_self_signed(settings: Settings) -> Settings:
    """The settings with TLS by `data/self-signed.pem`, made anew when it is missing, old, or lacks an address."""
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    cert, key = settings.data / CERT_NAME, settings.data / KEY_NAME
    names = host_names(settings)
    if not (key.exists() and _still_good(cert, names)):
        _make(cert, key, names)
    return settings.model_copy(update={"tls_cert": cert, "tls_key": key})


def host_names(settings: Settings) -> list[str]:
    """Every name and address under which this machine may be opened in a browser."""
    names = ["localhost", socket.gethostname(), urlsplit(settings.site_url).hostname or "localhost"]
    addresses = ["127.0.0.1", "::1", *settings.media_addresses, *local_addresses()]
    return list(dict.fromkeys(names + addresses))


def subject_names(certificate: x509.Certificate) -> set[str]:
    """DNS names and IP addresses of the subjectAltName extension (RFC 5280 section 4.2.1.6)."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    addresses = {str(address) for address in extension.get_values_for_type(x509.IPAddress)}
    return addresses | set(extension.get_values_for_type(x509.DNSName))


def _still_good(path: Path, names: list[str]) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        return False
    lasts = certificate.not_valid_after_utc - datetime.now(UTC) > _RENEW_BEFORE
    return lasts and set(names) <= subject_names(certificate)


def _make(cert: Path, key_path: Path, names: list[str]) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Vikno trial")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.SubjectAlternativeName([_general_name(each) for each in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    key_path.unlink(missing_ok=True)
    with os.fdopen(os.open(key_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    cert.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
