"""A real reverse proxy before Vikno: nginx, set up as the README says."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.waiting import wait_for

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@contextmanager
def reverse_proxy(folder: Path, port: int, behind: int, *, from_address: str = "127.0.0.1") -> Iterator[str]:
    """Its address. It asks `behind` (a port of 127.0.0.1), and does so from `from_address`."""
    if NGINX is None:
        raise RuntimeError("nginx is missing: .ci/install-test-programs installs it.")
    folder.mkdir()
    (folder / "nginx.conf").write_text(_configuration(folder, port, behind, from_address))
    errors = folder / "error.log"
    command = [NGINX, "-p", str(folder), "-e", str(errors), "-c", str(folder / "nginx.conf")]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)

    def takes_connections() -> bool:
        assert process.poll() is None, errors.read_text()
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            return False
        return True

    try:
        wait_for(takes_connections)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def _configuration(folder: Path, port: int, behind: int, from_address: str) -> str:
    kept = "\n".join(
        f"    {what}_temp_path {folder / what};" for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return f"""
daemon off;
worker_processes 1;
pid {folder / "nginx.pid"};
events {{ worker_connections 128; }}
http {{
    access_log off;
{kept}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://127.0.0.1:{behind};
            proxy_bind {from_address};
            proxy_http_version 1.1;
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
        }}
    }}
}}
"""
