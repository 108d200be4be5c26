"""A real OpenID provider (`oidc-provider` for Node, a certified one), and somebody who signs in on its pages."""

from __future__ import annotations

import html
import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "tests" / "conformance" / "oidc_server.mjs"
MODULES = ROOT / "web" / "client" / "node_modules"
CLIENT, SECRET = "vikno", "a secret: of % the + provider"


@dataclass
class OidcServer:
    """It runs."""

    issuer: str
    process: subprocess.Popen[str]

    def rotate(self) -> None:
        """Sign with another key from now on; what it knew of anybody is forgotten."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("rotate\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line.startswith("rotated"), line


@contextmanager
def oidc_server(folder: Path, redirect_uri: str, accounts: dict[str, dict[str, Any]]) -> Iterator[OidcServer]:
    """One with these accounts, by the name that is typed into its form."""
    given = {
        "client_id": CLIENT,
        "client_secret": SECRET,
        "redirect_uri": redirect_uri,
        "claims": {
            "profile": ["given_name", "family_name", "middle_name", "drfo"],
            "email": ["email", "email_verified"],
        },
        "accounts": accounts,
    }
    file = folder / "oidc.json"
    file.write_text(json.dumps(given), encoding="utf-8")
    command = ["node", str(SCRIPT), str(MODULES), str(file)]
    with (folder / "oidc.log").open("w") as log:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline().split()
        assert line[:1] == ["port"], (folder / "oidc.log").read_text()
        yield OidcServer(f"http://127.0.0.1:{line[1]}", process)
    finally:
        process.terminate()
        process.communicate(timeout=10)


def walk(address: str, name: str, home: str, *, abort: bool = False, browser: httpx.Client | None = None) -> str:
    """Go through the provider's pages as `name`, or turn back; the address at `home` to which it sends the browser."""
    client = browser or httpx.Client(verify=False)  # plain HTTP; to read the authorities takes long
    try:
        answer = client.get(address)
        for _ in range(20):
            if answer.is_redirect:
                address = urljoin(str(answer.url), answer.headers["location"])
                if address.startswith(home):
                    return address
                answer = client.get(address)
                continue
            assert answer.status_code == 200, answer.text
            found = re.search(r'href="([^"]+/abort)"', answer.text) if abort else None
            if found:
                answer = client.get(urljoin(str(answer.url), html.unescape(found.group(1))))
                continue
            action = re.search(r'<form[^>]*action="([^"]+)"', answer.text)
            assert action, answer.text
            fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', answer.text))
            if 'name="login"' in answer.text:
                fields |= {"login": name, "password": "whatever"}
            answer = client.post(urljoin(str(answer.url), html.unescape(action.group(1))), data=fields)
        raise AssertionError("the provider's pages lead nowhere")
    finally:
        if browser is None:
            client.close()
