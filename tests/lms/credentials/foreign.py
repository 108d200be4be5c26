"""Digital Bazaar's verifier, run by Node."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
SCRIPT = ROOT / "tests" / "conformance" / "credentials.mjs"
MODULES = ROOT / "web" / "client" / "node_modules"


def check(credentials: Sequence[dict[str, Any]], documents: dict[str, Any], now: str) -> list[dict[str, Any]]:
    """What it finds of each. `documents` is all that it can look up: issuer, keys, status lists."""
    done = subprocess.run(
        [
            "node",
            str(ROOT / "tests" / "conformance" / "credentials.mjs"),
            str(ROOT / "web" / "client" / "node_modules"),
        ],
        input=json.dumps({"credentials": credentials, "documents": documents, "now": now}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found
