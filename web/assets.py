"""The built client: which files of `web/static/dist` a page needs, by Vite's manifest."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

MANIFEST = Path(".vite") / "manifest.json"
URL = "/static/"
WORKER = "sw.js"


class ClientNotBuilt(Exception):  # noqa: N818 - says what is the case
    """There is no built client; the text says how to make one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """URLs of one entry of the client, in the order in which the page names them."""

    script: str
    styles: tuple[str, ...]
    preloads: tuple[str, ...]
    """Chunks that the script imports at once."""

    @property
    def tags(self) -> Markup:
        """The elements that load the entry, for a page's head."""
        lines = [Markup('<link rel="stylesheet" href="{}">').format(url) for url in self.styles]
        lines += [Markup('<link rel="modulepreload" href="{}">').format(url) for url in self.preloads]
        lines.append(Markup('<script type="module" src="{}"></script>').format(self.script))
        return Markup("\n  ").join(lines)


class Assets:
    """Finds an entry's files. The manifest is read again when a new build replaces it."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / MANIFEST
        self._made: float | None = None
        self._manifest: dict[str, Any] = {}

    def entry(self, source: str) -> Entry:
        """The files of `src/…/main.ts`. Raises `ClientNotBuilt`."""
        manifest = self._read()
        if source not in manifest:
            raise ClientNotBuilt(f"The built client has no {source}. Build it anew: npm run build, in web/client.")
        chunks = self._chunks(manifest, source)
        return Entry(
            script=URL + manifest[source]["file"],
            styles=tuple(dict.fromkeys(URL + name for chunk in chunks for name in manifest[chunk].get("css", ()))),
            preloads=tuple(URL + manifest[chunk]["file"] for chunk in chunks if chunk != source),
        )

    def worker(self) -> bytes:
        """The service worker's script. Raises `ClientNotBuilt`."""
        self._read()
        try:
            return (self._file.parents[1] / WORKER).read_bytes()
        except FileNotFoundError:
            raise ClientNotBuilt(f"The built client has no {WORKER}. Build it anew: npm run build.") from None

    def digest(self) -> bytes:
        """Tells one build from another. Raises `ClientNotBuilt`."""
        return hashlib.sha256(json.dumps(self._read(), sort_keys=True).encode()).digest()

    def _chunks(self, manifest: dict[str, Any], source: str) -> list[str]:
        """The entry and everything it imports, imports first, each once."""
        found: dict[str, None] = {}

        def visit(name: str) -> None:
            if name in found:
                return
            for imported in manifest[name].get("imports", ()):
                visit(imported)
            found[name] = None

        visit(source)
        return list(found)

    def _read(self) -> dict[str, Any]:
        try:
            made = self._file.stat().st_mtime
            if made != self._made:
                self._manifest = json.loads(self._file.read_text(encoding="utf-8"))
                self._made = made
        except FileNotFoundError:
            raise ClientNotBuilt(
                "The browser client is not built. Build it: npm ci && npm run build, in web/client."
            ) from None
        return self._manifest


class BuiltFiles(StaticFiles):
    """The client's files. Their names bear a digest of their content, so a browser may keep them for ever."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, with how long it stays good."""
        response = await super().get_response(path, scope)
        if response.status_code == 200 and path.startswith("assets/"):
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response
