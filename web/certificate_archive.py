"""Many certificates as one ZIP, made while it is sent: one document is held at a time, whatever their number."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping, Sequence

from lms.credentials.bulk import Exported
from lms.files import FileStore
from web.certificate_files import FILES, Given, kept_document, logo_of

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


def stream(certificates: Sequence[Exported], store: FileStore, sealed: Mapping[str, str]) -> Iterator[bytes]:
    """The archive, a certificate at a time. `sealed`: digests of sealed documents by number."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:  # type: ignore[call-overload]
        for each in certificates:
            logo, document = logo_of(each.snapshot, store), kept_document(sealed.get(each.number, ""), store)
            given = Given(each.snapshot, each.edition, each.credential, each.token, logo, document)
            for name in FORMS:
                stem, _, ending = name.rpartition(".")
                archive.writestr(f"{each.number}/{stem}-{each.number}.{ending}", FILES[name][1](given))
                yield pipe.take()
    yield pipe.take()
