"""A real RTMP server (nginx with libnginx-mod-rtmp) that keeps what it gets, with TLS before it for RTMPS."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import parse_qs

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.waiting import wait_for

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
MODULES = Path("/usr/lib/nginx/modules")
KEY = "live-key-1"
"""What the server takes; every other key is refused."""


@dataclass
class RtmpServer:
    """A server that runs, and what it was sent."""

    folder: Path
    port: int
    tls_port: int
    ca: Path
    """Of the certificate authority that vouches for the server."""
    keys: set[str] = field(default_factory=lambda: {KEY})
    asked: list[str] = field(default_factory=list)
    """Keys that publishers came with."""
    judge: int = 0
    """Port of who says whether a key is good."""
    starts: int = 0
    process: subprocess.Popen[bytes] | None = None

    def address(self, key: str = KEY, *, tls: bool = False, host: str = "localhost") -> str:
        """Where to publish."""
        return f"rtmps://{host}:{self.tls_port}/live/{key}" if tls else f"rtmp://{host}:{self.port}/live/{key}"

    def recorded(self, key: str = KEY) -> list[Path]:
        """Files of what was published, oldest first."""
        return sorted((self.folder / "recorded").glob(f"*/{key}-*.flv"), key=lambda path: path.stat().st_mtime_ns)

    def start(self) -> None:
        """Run, until it takes connections."""
        assert NGINX is not None
        self.starts += 1  # files are named by the second: a folder for each start keeps them apart
        records = self.folder / "recorded" / str(self.starts)
        records.mkdir(parents=True)
        (self.folder / "nginx.conf").write_text(_configuration(self, records))
        errors = self.folder / "error.log"
        command = [NGINX, "-p", str(self.folder), "-e", str(errors), "-c", str(self.folder / "nginx.conf")]
        process = self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL)

        def takes_connections() -> bool:
            assert process.poll() is None, errors.read_text()
            try:
                for port in (self.port, self.tls_port):
                    socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                return False
            return True

        wait_for(takes_connections)

    def stop(self) -> None:
        """As a server that is gone: connections are reset."""
        process, self.process = self.process, None
        if process is not None:
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()

    def freeze(self) -> None:
        """From now on it keeps its connections and does nothing."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)


@contextmanager
def rtmp_server(folder: Path) -> Iterator[RtmpServer]:
    """Runs on free ports of 127.0.0.1."""
    if NGINX is None or not (MODULES / "ngx_rtmp_module.so").exists():
        raise RuntimeError("nginx or its RTMP module is missing: .ci/install-test-programs installs them.")
    ports = _free_ports(2)
    certificate_authority(folder, "localhost", "live.example.org", "127.0.0.1")
    server = RtmpServer(folder, ports[0], ports[1], folder / "ca.pem")
    judge = _judge(server)
    server.judge = judge.server_address[1]
    thread = threading.Thread(target=judge.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        server.start()
        yield server
    finally:
        server.stop()
        judge.shutdown()
        thread.join()
        judge.server_close()


def _configuration(server: RtmpServer, records: Path) -> str:
    return f"""
load_module {MODULES}/ngx_rtmp_module.so;
load_module {MODULES}/ngx_stream_module.so;
daemon off;
master_process off;
{"user root;" if os.getuid() == 0 else ""}
pid {server.folder}/nginx.pid;
error_log {server.folder}/error.log info;
events {{ worker_connections 256; }}
rtmp {{
    server {{
        listen 127.0.0.1:{server.port};
        timeout 60s;
        application live {{
            live on;
            on_publish http://127.0.0.1:{server.judge}/publish;
            record all;
            record_path {records};
            record_unique on;
        }}
    }}
}}
stream {{
    server {{
        listen 127.0.0.1:{server.tls_port} ssl;
        ssl_certificate {server.folder}/server.pem;
        ssl_certificate_key {server.folder}/server.key;
        proxy_pass 127.0.0.1:{server.port};
    }}
}}
"""


def _judge(server: RtmpServer) -> ThreadingHTTPServer:
    """Says whether a key is good, as the services of the world do."""

    class Judge(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers.get("content-length") or 0)).decode())
            key = form.get("name", [""])[0]
            server.asked.append(key)
            self.send_response(200 if key in server.keys else 403)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    return ThreadingHTTPServer(("127.0.0.1", 0), Judge)


def certificate_authority(folder: Path, *names: str) -> None:
    """`ca.pem`, and a certificate for `names` that it vouches for: `server.pem`, `server.key`."""
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Vikno test authority")])
    root = _signed(authority, authority, authority_key.public_key(), authority_key, authority=True)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    leaf = _signed(subject, authority, key.public_key(), authority_key, names=names)
    (folder / "ca.pem").write_bytes(root.public_bytes(serialization.Encoding.PEM))
    (folder / "server.pem").write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
    pkcs8 = serialization.PrivateFormat.PKCS8
    (folder / "server.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, pkcs8, serialization.NoEncryption())
    )


def _signed(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    by: ec.EllipticCurvePrivateKey,
    *,
    authority: bool = False,
    names: tuple[str, ...] = (),
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if names:
        general = [x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name) for name in names]
        builder = builder.add_extension(x509.SubjectAlternativeName(general), critical=False)
    return builder.sign(by, hashes.SHA256())


def _free_ports(count: int) -> list[int]:
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in taken]
    for one in taken:
        one.close()
    return ports
