"""Keys that seal, made for a test, and a time-stamp server that is not ours: `openssl ts`."""

from __future__ import annotations

import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lms.credentials import seal_child
from lms.credentials.seal_reports import Seal, seal_of

PASSWORD = "пароль печатки"
SIGNER = "Печатка мережі"
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@cache
def key(kind: str) -> Key:
    """One key of each kind for the whole run."""
    return ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else rsa.generate_private_key(65537, 2048)


def _name(common: str) -> x509.Name:
    organisation = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Асоціація «Приклад»")
    return x509.Name([organisation, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


@cache
def authority() -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """Who gives certificates to seals."""
    own = ec.generate_private_key(ec.SECP256R1())
    now, name = datetime.now(UTC), _name("Надавач довірчих послуг (тест)")
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=900))
        .not_valid_after(now + timedelta(days=900))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(own, hashes.SHA256())
    )
    return own, made


def authority_pem() -> str:
    """Its certificate."""
    return _pem(authority()[1])


def certified(own: Key, common: str, *, days: int = 30, stamps: bool = False) -> x509.Certificate:
    """A certificate of the authority that ends in so many days; began 400 days ago."""
    signer, issuer = authority()
    now = datetime.now(UTC)
    usage = x509.KeyUsage(not stamps, True, False, False, False, False, False, False, False)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(common))
        .issuer_name(issuer.subject)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(usage, critical=True)
    )
    if stamps:
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(purpose, critical=True)
    return builder.sign(signer, hashes.SHA256())


@dataclass(frozen=True, slots=True)
class SealFiles:
    """What the settings name."""

    key: Path
    password: Path


def files(folder: Path, kind: str = "ec", *, days: int = 30, password: str = PASSWORD) -> SealFiles:
    """A PKCS#12 file and the file with its password, which may be wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    made = SealFiles(folder / "seal.p12", folder / "seal.password")
    lock = serialization.BestAvailableEncryption(PASSWORD.encode())
    own = key(kind)
    content = pkcs12.serialize_key_and_certificates(
        b"seal", own, certified(own, SIGNER, days=days), [authority()[1]], lock
    )
    made.key.write_bytes(content)
    made.password.touch(mode=0o600)
    made.password.write_text(password + "\n")
    return made


@contextmanager
def time_server() -> Iterator[str]:
    """The address of an RFC 3161 server on loopback that answers with what `openssl ts` says."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        own = rsa.generate_private_key(65537, 2048)
        secret = own.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (home / "key.pem").write_bytes(secret)
        (home / "cert.pem").write_text(_pem(certified(own, "Позначки часу (тест)", days=800, stamps=True)))
        (home / "chain.pem").write_text(authority_pem())
        (home / "ts.cnf").write_text(
            f"[tsa]\ndefault_tsa=t\n[t]\nserial={home}/serial\nsigner_cert={home}/cert.pem\ncerts={home}/chain.pem\n"
            f"signer_key={home}/key.pem\nsigner_digest=sha256\ndefault_policy=1.2.3.4\ndigests=sha256\n"
        )

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                (home / "query").write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
                made = ["openssl", "ts", "-reply", "-config", home / "ts.cnf", "-queryfile", home / "query"]
                answer = subprocess.run(made, capture_output=True, check=True).stdout
                self.send_response(200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_told: object) -> None:
                """Quiet."""

        with HTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.05,))
            thread.start()
            try:
                yield f"http://127.0.0.1:{server.server_port}/tsp"
            finally:
                server.shutdown()
                thread.join()


def read_here(data: bytes, authorities: Sequence[str], now: datetime) -> tuple[Seal, ...]:
    """As `seal_reports.read_apart`, without a process."""
    try:
        return tuple(seal_of(told) for told in seal_child.seals(data, authorities, now))
    except Exception:
        return ()


def told_by_poppler(document: bytes) -> str:
    """What `pdfsig`, an implementation that is not ours, says of a document's signatures."""
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        file.write(document)
        file.flush()
        done = subprocess.run(["pdfsig", "-nocert", file.name], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr
