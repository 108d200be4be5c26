"""Many certificates as one ZIP, made while it is sent: one document is held at a time, whatever their number."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence

from lms.credentials.bulk import Exported
from lms.files import FileStore
from web.certificate_files import FILES, Given, logo_of

FORMS = ("certificate.pdf", "credential.json")


class _Pipe:
    """What a ZIP is written to when nobody can go back in it."""

    def __init__(self) -> None:
        self.waiting = bytearray()

    def write(self, data: bytes) -> int:
        self.waiting += data
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def take(self) -> bytes:
        """What was written since."""
        taken = bytes(self.waiting)
        self.waiting.clear()
        return taken


def stream(certificates: Sequence[Exported], store: FileStore) -> Iterator[bytes]:
    """The archive, a certificate at a time."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:  # type: ignore[call-overload]
        for each in certificates:
            given = Given(each.snapshot, each.edition, each.credential, each.token, logo_of(each.snapshot, store))
            for name in FORMS:
                stem, _, ending = name.rpartition(".")
                archive.writestr(f"{each.number}/{stem}-{each.number}.{ending}", FILES[name][1](given))
                yield pipe.take()
    yield pipe.take()
